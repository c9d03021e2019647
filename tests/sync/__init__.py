"""Sync from both sides: real laptops' stores and engines against the real core of the server."""
