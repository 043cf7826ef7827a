"""Figures of Restante, and the program that takes them: `make bench`."""
