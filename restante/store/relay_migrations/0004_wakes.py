"""Where devices are woken that are away.

Frozen, as every migration.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE wakes (
        device INTEGER NOT NULL,
        endpoint TEXT NOT NULL,
        PRIMARY KEY (device),
        FOREIGN KEY(device) REFERENCES devices (number) ON DELETE CASCADE
    )
    """,
)


def upgrade() -> None:
    """Add the endpoints of devices that want to be woken."""
    for statement in STATEMENTS:
        op.execute(statement)
