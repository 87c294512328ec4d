"""Commands that write records."""
