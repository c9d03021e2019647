"""The command line: every main job without a screen."""
