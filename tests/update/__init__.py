"""Updates attacked and killed: sweeps longer than the suite allows, and the stage for both."""
