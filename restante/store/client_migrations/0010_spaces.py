"""The channels of spaces."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE space_channels (
        space_id BLOB NOT NULL, group_id BLOB NOT NULL, category TEXT NOT NULL,
        position INTEGER NOT NULL, PRIMARY KEY (space_id, group_id)
    ) WITHOUT ROWID
    """,
)


def upgrade() -> None:
    """Make version 10 out of version 9."""
    for statement in TABLES:
        op.execute(statement)
