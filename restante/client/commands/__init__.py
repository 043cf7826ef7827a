"""What the commands of the command line do; one module a command, imported when it runs.

Rule: nothing is imported here. They know `Caller`, `Output` and JSON values, never click.
"""
