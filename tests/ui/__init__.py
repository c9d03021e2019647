"""Tests of windows, under Xvfb."""
