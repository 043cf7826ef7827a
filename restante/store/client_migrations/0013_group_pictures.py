"""What a group looks like."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make version 13 out of version 12."""
    op.execute("ALTER TABLE group_states ADD COLUMN picture BLOB DEFAULT x'' NOT NULL")
