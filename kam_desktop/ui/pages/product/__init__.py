"""Products: the catalogue with its prices and costs, price lists and what stands in them."""
