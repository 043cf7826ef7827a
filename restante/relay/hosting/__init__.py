"""A relay as a service of a Debian machine: put there, and taken away again.

Rule: a person asks for it once; nothing here runs while a relay serves. Spec: docs/self-hosting.md.
"""
