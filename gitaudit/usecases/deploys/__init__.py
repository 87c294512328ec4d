"""Deployments: what a record says of one, and where things stand."""
