"""The customers: their list with figures, one customer with contacts and interactions."""
