"""Sending for scripts: a message under a key is sent once, and one at a time when it is due."""
