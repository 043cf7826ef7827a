"""What the client asks of its database, as Core expressions over its tables: the source of its SQL.

Rule: imported where SQL is written, never where it is run: `client_sql.py` holds what the
expressions of this package say, compiled, and a command that sends one line starts without
SQLAlchemy. A test compares the two; after a change: python -m tests.store.test_client_sql.
Spec: docs/client-store.md, section 1.
"""
