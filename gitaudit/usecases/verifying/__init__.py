"""Verifying: every rule of the format, from a trusted point of the log to its head."""
