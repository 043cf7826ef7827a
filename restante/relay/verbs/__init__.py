"""The relay's commands as click has them, each imported when it is asked for.

Rule: parses and hands on. The common options are the command line's, which adds them: nothing here
knows the client. Spec: docs/cli.md, section "relay".
"""
