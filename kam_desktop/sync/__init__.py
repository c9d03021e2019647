"""Exchange of changes with the shared server: a later version; its outbox is kept from now on."""
