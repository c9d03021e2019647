"""Pure formulas over small rows of facts; each is the definition of its figure."""
