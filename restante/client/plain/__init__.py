"""The chat as lines, for screen readers and for terminals that can do no more."""
