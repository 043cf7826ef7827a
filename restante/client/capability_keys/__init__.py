"""Capability keys: made and listed on the first device, obeyed by every reader, used by scripts."""
