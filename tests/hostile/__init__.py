"""Hostile files through every door of the program: time, memory, files opened, sockets.

In full: `python -m tests.hostile` (the corpus) and `python -m tests.hostile.mutations --count 5000` (mutations).
"""
