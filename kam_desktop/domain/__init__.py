"""The business itself: records, rules and formulas, with nothing but the standard library."""
