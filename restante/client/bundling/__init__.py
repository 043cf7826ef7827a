"""Bundles: what is sealed and waits, as a file for where there is no network."""
