"""What Ansible loads, not this program."""
