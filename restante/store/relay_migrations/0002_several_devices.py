"""Several devices: slots, blobs, where an account moved to, and names that are gone.

Frozen, as every migration.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE accounts ADD COLUMN moved BLOB",
    """
    CREATE TABLE gone_names (
        hash BLOB NOT NULL,
        PRIMARY KEY (hash)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE slots (
        slot BLOB NOT NULL,
        expires_minute INTEGER NOT NULL,
        sealed BLOB NOT NULL,
        PRIMARY KEY (slot)
    )
    """,
    "CREATE INDEX slots_by_expiry ON slots (expires_minute)",
    """
    CREATE TABLE blobs (
        id BLOB NOT NULL,
        account INTEGER NOT NULL,
        size_bytes INTEGER NOT NULL,
        received_bytes INTEGER NOT NULL,
        expires_hour INTEGER NOT NULL,
        PRIMARY KEY (id),
        FOREIGN KEY(account) REFERENCES accounts (number) ON DELETE CASCADE
    ) WITHOUT ROWID
    """,
    "CREATE INDEX blobs_by_account ON blobs (account)",
    "CREATE INDEX blobs_by_expiry ON blobs (expires_hour)",
)


def upgrade() -> None:
    """Add what several devices need."""
    for statement in STATEMENTS:
        op.execute(statement)
