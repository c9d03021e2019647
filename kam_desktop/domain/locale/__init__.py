"""Rules and customs of one country each; seeds for what the firm keeps as dated records."""
