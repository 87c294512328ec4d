"""Measurements behind the claims of README and CHANGELOG; see bench/README.md."""
