"""Importing: files read, looked through and taken over as one step."""
