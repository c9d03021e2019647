"""Exchange of changes with the shared server; comes with a later version, the outbox is kept for it now."""
