"""Commands that protect the branch, and the hooks of a server."""
