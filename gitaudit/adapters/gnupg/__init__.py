"""The user's gpg: keys, signatures, and a second opinion on those of others."""
