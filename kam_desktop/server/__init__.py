"""The shared server: what several laptops of one firm write to; serving comes with a later version."""
