"""Which backups this profile has made."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make version 5 out of version 4."""
    op.execute(
        """
        CREATE TABLE backups (
            number INTEGER NOT NULL, id BLOB NOT NULL, path TEXT NOT NULL,
            made_at_ms INTEGER NOT NULL, messages INTEGER NOT NULL, size_bytes INTEGER NOT NULL,
            is_scheduled INTEGER NOT NULL, PRIMARY KEY (number)
        )
        """
    )
