"""The words between programs: records and changes as they travel and as they are kept."""
