"""Files that messages carry. A file's row comes and goes with its message, whoever did that."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE files (
        message_id BLOB NOT NULL, place BLOB NOT NULL, state TEXT NOT NULL, blob BLOB,
        stored_bytes INTEGER NOT NULL, attempts INTEGER NOT NULL, error TEXT,
        PRIMARY KEY (message_id)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX files_by_state ON files (state)",
    "CREATE INDEX messages_with_files ON messages (conversation, order_key) WHERE kind = 'file'",
    """
    CREATE TRIGGER file_comes AFTER INSERT ON messages WHEN NEW.kind = 'file' BEGIN
        INSERT OR IGNORE INTO files (message_id, place, state, stored_bytes, attempts)
        VALUES (NEW.id, randomblob(16), 'new', 0, 0);
    END
    """,
    # A message that was unknown to the version before, and is read now.
    """
    CREATE TRIGGER file_is_known AFTER UPDATE OF kind ON messages
    WHEN NEW.kind = 'file' AND OLD.kind <> 'file' BEGIN
        INSERT OR IGNORE INTO files (message_id, place, state, stored_bytes, attempts)
        VALUES (NEW.id, randomblob(16), 'new', 0, 0);
    END
    """,
    # What was never sent is of no use to anybody: what of it is at the relay goes, too.
    """
    CREATE TRIGGER file_goes AFTER DELETE ON messages WHEN OLD.kind = 'file' BEGIN
        UPDATE files SET state = iif(OLD.counter = 0, 'erased', 'removed'),
            stored_bytes = 0
        WHERE message_id = OLD.id;
    END
    """,
    """
    CREATE TRIGGER file_is_erased AFTER UPDATE OF kind ON messages
    WHEN OLD.kind = 'file' AND NEW.kind <> 'file' BEGIN
        UPDATE files SET state = 'erased', stored_bytes = 0 WHERE message_id = OLD.id;
    END
    """,
)


def upgrade() -> None:
    """Make version 6 out of version 5."""
    for statement in STATEMENTS:
        op.execute(statement)
