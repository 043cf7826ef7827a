"""Everything that is kept on a disk, and all SQL: the relay's tables and the client's.

Rule: who calls sees values and `StoreError`, never a row, a driver or an event loop.
"""
