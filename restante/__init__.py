"""Restante: an end-to-end encrypted messenger for the terminal, with a blind relay."""

__version__ = "0.1.0"
