"""The outside world behind the ports: one module a foreign library."""
