"""What gitaudit does, one module a use case: the only callers of the ports."""
