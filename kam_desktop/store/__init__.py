"""The laptop's own encrypted file: everything that is saved, and the only door to it."""
