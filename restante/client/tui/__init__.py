"""The terminal interface: Textual inside the one trio loop.

Rule: it knows `restante.client.interface` and nothing behind it; all it does goes through the
engine's methods, all it shows comes from its views. Spec: docs/tui.md.
"""
