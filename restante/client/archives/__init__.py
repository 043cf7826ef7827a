"""Histories that come from files, and go to files that people read."""
