"""The page of sync: what waits, what needs you, what was sent."""
