"""Worked cases of published test suites as tables, for the pure figures, the services and the commands alike."""
