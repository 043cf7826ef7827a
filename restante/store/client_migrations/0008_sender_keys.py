"""Sender keys of large groups: chains, the tags of their messages, and who was given which."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE group_chains (
        chain BLOB NOT NULL, group_id BLOB NOT NULL, account_id BLOB NOT NULL,
        device_id BLOB NOT NULL, is_own INTEGER NOT NULL, number INTEGER NOT NULL,
        made_at_ms INTEGER NOT NULL, secret BLOB NOT NULL, PRIMARY KEY (chain)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX group_chains_by_device ON group_chains (group_id, device_id)",
    """
    CREATE TABLE group_chain_tags (
        tag BLOB NOT NULL, chain BLOB NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (tag)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX group_chain_tags_by_chain ON group_chain_tags (chain)",
    """
    CREATE TABLE group_chain_holders (
        chain BLOB NOT NULL, device_id BLOB NOT NULL, PRIMARY KEY (chain, device_id)
    ) WITHOUT ROWID
    """,
)


def upgrade() -> None:
    """Make version 8 out of version 7."""
    for statement in TABLES:
        op.execute(statement)
