"""Independent readers and calculators, written from the rules alone, that the program is compared with."""
