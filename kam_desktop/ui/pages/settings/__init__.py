"""Settings: our firm, language and look, keys, backups, history, about."""
