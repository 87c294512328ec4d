"""Git hook stubs, shipped as data: each runs `gitaudit hook NAME` and holds no logic of its own."""
