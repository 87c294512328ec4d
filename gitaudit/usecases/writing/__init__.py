"""Writing: from a draft to a signed commit that the remote has."""
