"""Blobs from files to the relay and back: part by part, resumed where they were."""
