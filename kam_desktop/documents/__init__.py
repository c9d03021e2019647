"""Papers for customers: their figures gathered from the store, set by typst from templates."""
