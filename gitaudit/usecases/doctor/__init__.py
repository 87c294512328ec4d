"""What `gitaudit doctor` thinks of what it sees: facts in, checks out, each with the commands that mend it."""
