"""Running the commands that a user wraps: processes with the user's terminal, and the signals meant for them."""
