"""Today: what is overdue, due and to be followed up, in one order."""
