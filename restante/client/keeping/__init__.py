"""How a profile's key is kept: a file, a passphrase, the system's keyring; locking and wiping."""
