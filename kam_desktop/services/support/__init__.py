"""What helps when something went wrong: log, stacks of crashes, support bundle, licences."""
