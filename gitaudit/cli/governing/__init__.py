"""Commands that start a log and say who may write to it."""
