"""What happens to accounts as wholes: keys that change, recovery, moving, leaving.

Rule: an account is its root key; whatever replaces, moves or ends one is decided by that key or by
the user, never by a relay. Spec: docs/engine.md, section 16.
"""
