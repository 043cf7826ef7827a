"""For whom a part of a group's log is that goes to many at once."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make version 11 out of version 10."""
    op.execute(
        """
        CREATE TABLE fan_out_readers (
            entry_id BLOB NOT NULL, devices BLOB NOT NULL, PRIMARY KEY (entry_id)
        ) WITHOUT ROWID
        """
    )
