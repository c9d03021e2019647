"""Tests of the shared server: its core on real databases."""
