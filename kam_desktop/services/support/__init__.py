"""What helps when something went wrong: log, stacks of crashes, the bundle for support, notices of licences."""
