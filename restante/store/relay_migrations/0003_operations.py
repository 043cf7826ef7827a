"""What operators need: quotas of an account's own, blocked and inactive accounts, a restored relay.

Frozen, as every migration.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE accounts ADD COLUMN quota_bytes INTEGER",
    "ALTER TABLE accounts ADD COLUMN is_blocked INTEGER DEFAULT 0 NOT NULL",
    "ALTER TABLE accounts ADD COLUMN is_awaited INTEGER DEFAULT 0 NOT NULL",
    "ALTER TABLE accounts ADD COLUMN seen_day INTEGER",
    "ALTER TABLE invites ADD COLUMN quota_bytes INTEGER",
)


def upgrade() -> None:
    """Add what operators need."""
    for statement in STATEMENTS:
        op.execute(statement)
