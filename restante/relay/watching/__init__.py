"""Watching a relay: what it counts, how Prometheus reads it, and whether it is well.

Rule: counts, durations and sizes alone; nothing that says who. Spec: docs/watching.md.
"""
