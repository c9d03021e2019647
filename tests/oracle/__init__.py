"""Independent readers and calculators, written from the rules alone, to compare the program with."""
