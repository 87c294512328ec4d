"""Commands that read the log, and how records are shown."""
