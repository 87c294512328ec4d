"""Commands of the hooks of a clone."""
