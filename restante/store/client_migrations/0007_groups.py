"""Groups: their membership logs, who is in them, and what waits for an entry that isn't here."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE group_states (
        group_id BLOB NOT NULL, state TEXT NOT NULL, adder BLOB, name TEXT NOT NULL,
        description TEXT NOT NULL, is_space INTEGER NOT NULL, parent BLOB, timer_s INTEGER NOT NULL,
        may_post INTEGER NOT NULL, may_mention_all INTEGER NOT NULL, own_role INTEGER NOT NULL,
        heads BLOB NOT NULL, begun_at_ms INTEGER NOT NULL, PRIMARY KEY (group_id)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE group_entries (
        number INTEGER NOT NULL PRIMARY KEY, hash BLOB NOT NULL, group_id BLOB NOT NULL,
        manifest_hash BLOB NOT NULL, signature BLOB NOT NULL, body BLOB NOT NULL, UNIQUE (hash)
    )
    """,
    "CREATE INDEX group_entries_by_group ON group_entries (group_id, number)",
    """
    CREATE TABLE group_manifests (
        hash BLOB NOT NULL, manifest BLOB NOT NULL, PRIMARY KEY (hash)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE group_members (
        group_id BLOB NOT NULL, account_id BLOB NOT NULL, role INTEGER NOT NULL,
        since_counter INTEGER NOT NULL, PRIMARY KEY (group_id, account_id)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX group_members_by_account ON group_members (account_id)",
    """
    CREATE TABLE group_waiting (
        number INTEGER NOT NULL PRIMARY KEY, group_id BLOB NOT NULL, account_id BLOB NOT NULL,
        device_id BLOB NOT NULL, arrived_ms INTEGER NOT NULL, packed BLOB NOT NULL
    )
    """,
    "CREATE INDEX group_waiting_by_group ON group_waiting (group_id)",
    """
    CREATE TABLE group_receipts (
        message_id BLOB NOT NULL, account_id BLOB NOT NULL, state TEXT NOT NULL,
        PRIMARY KEY (message_id, account_id)
    ) WITHOUT ROWID
    """,
    """
    CREATE TRIGGER group_receipts_go AFTER DELETE ON messages BEGIN
        DELETE FROM group_receipts WHERE message_id = OLD.id;
    END
    """,
)


def upgrade() -> None:
    """Make version 7 out of version 6."""
    for statement in TABLES:
        op.execute(statement)
