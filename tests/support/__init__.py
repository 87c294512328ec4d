"""What tests share: real git and gpg in throw-away places, and an OpenPGP maker whose every byte is chosen."""
