"""First run: how a new profile begins, and how its data is locked."""
