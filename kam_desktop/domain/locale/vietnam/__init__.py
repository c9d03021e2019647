"""Vietnam: tax codes and rates of value added tax."""
