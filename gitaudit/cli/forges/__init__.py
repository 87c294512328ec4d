"""`gitaudit protect` for forges: a file a command, and what they share."""
