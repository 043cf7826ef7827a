"""The secret of return tickets.

Frozen, as every migration.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE relay_secrets (
        name TEXT NOT NULL,
        secret BLOB NOT NULL,
        PRIMARY KEY (name)
    )
    """,
)


def upgrade() -> None:
    """Add the relay's secrets."""
    for statement in STATEMENTS:
        op.execute(statement)
