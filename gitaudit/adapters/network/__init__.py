"""Servers that are asked over HTTP: forges, and issuers of identity tokens."""
