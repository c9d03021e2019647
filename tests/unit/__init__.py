"""Tests of one piece at a time, without a window."""
