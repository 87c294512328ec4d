"""Commands that check the log and its notes."""
