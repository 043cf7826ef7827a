"""What a consumer's program would not take, after all its tries."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make version 3 out of version 2."""
    op.execute(
        """
        CREATE TABLE dead_letters (
            consumer TEXT NOT NULL, cursor INTEGER NOT NULL, error TEXT NOT NULL,
            died_at_ms INTEGER NOT NULL, PRIMARY KEY (consumer, cursor)
        ) WITHOUT ROWID
        """
    )
