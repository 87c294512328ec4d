"""Previews and event logs of Pulumi."""
