"""Updates attacked and killed: the sweeps that take longer than the suite allows, and the stage for both."""
