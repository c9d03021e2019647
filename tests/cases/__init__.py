"""Worked cases of published test suites as tables, for figures, services and commands alike."""
