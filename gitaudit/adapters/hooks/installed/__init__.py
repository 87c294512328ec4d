"""The hooks as files: putting them beside those of others, and seeing whether git runs them."""
