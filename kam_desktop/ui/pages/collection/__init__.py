"""Collection: who owes how much since when, and the money that comes in."""
