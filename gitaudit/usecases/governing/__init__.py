"""Governing: starting a log, and changing who may write what to it."""
