"""Runs and checks of Ansible."""
