"""Messages that wait for their time, and the keys by which a script sends a message once."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE scheduled (
        id BLOB NOT NULL, account_id BLOB NOT NULL, text TEXT NOT NULL, quoted BLOB,
        due_ms INTEGER NOT NULL, error TEXT, PRIMARY KEY (id)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX scheduled_by_time ON scheduled (due_ms)",
    """
    CREATE TABLE sending_keys (
        hash BLOB NOT NULL, message_id BLOB NOT NULL, digest BLOB NOT NULL,
        used_at_ms INTEGER NOT NULL, PRIMARY KEY (hash)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX sending_keys_by_time ON sending_keys (used_at_ms)",
)


def upgrade() -> None:
    """Make version 2 out of version 1."""
    for statement in TABLES:
        op.execute(statement)
