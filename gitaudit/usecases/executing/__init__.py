"""Running a command as a deployment: a record before it, the command untouched, a record after it."""
