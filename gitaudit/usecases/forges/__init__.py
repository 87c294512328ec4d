"""Protecting the log on a forge: what its API is to be told, as Terraform code too, and what its answers mean.

One module a forge. Each builds documents and judges documents; the network is behind the port `ForgeApi`. Applying
only ever adds protection or replaces what is weaker, and can be done again at any time.
"""
