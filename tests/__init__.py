"""Tests of gitaudit; see CONTRIBUTING.md for how they are run."""
