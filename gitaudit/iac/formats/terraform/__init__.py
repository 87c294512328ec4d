"""Plans, results and states of Terraform and OpenTofu."""
