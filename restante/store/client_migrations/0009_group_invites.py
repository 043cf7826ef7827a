"""Invite links to groups, and who waits to be let in by one."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE group_links (
        link_id BLOB NOT NULL, group_id BLOB NOT NULL, maker BLOB NOT NULL,
        expires_at_s INTEGER NOT NULL, uses INTEGER NOT NULL, used INTEGER NOT NULL,
        needs_approval INTEGER NOT NULL, is_live INTEGER NOT NULL, PRIMARY KEY (link_id, group_id)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX group_links_by_group ON group_links (group_id)",
    """
    CREATE TABLE group_joins (
        group_id BLOB NOT NULL, account_id BLOB NOT NULL, link_id BLOB NOT NULL,
        asked_ms INTEGER NOT NULL, due_ms INTEGER, PRIMARY KEY (group_id, account_id)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX group_joins_by_time ON group_joins (due_ms)",
)


def upgrade() -> None:
    """Make version 9 out of version 8."""
    for statement in TABLES:
        op.execute(statement)
