"""Which messages name the user or answer them, and what leads to a message by its quotes."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# What this account wrote has no time at which it was received; entries of our own making neither.
STATEMENTS = (
    "ALTER TABLE messages ADD COLUMN calls INTEGER DEFAULT 0 NOT NULL",
    """
    UPDATE messages SET calls = 4
    WHERE quote_id IS NOT NULL AND received_at_ms IS NOT NULL AND EXISTS (
        SELECT 1 FROM messages AS quoted
        WHERE quoted.id = messages.quote_id AND quoted.conversation = messages.conversation
        AND quoted.received_at_ms IS NULL
        AND quoted.kind NOT IN ('gap', 'undecryptable', 'notice')
    )
    """,
    "DROP INDEX messages_quoting",
    """
    CREATE INDEX messages_quoting ON messages (quote_id, conversation, order_key)
    WHERE quote_id IS NOT NULL
    """,
    "CREATE INDEX messages_calling ON messages (order_key) WHERE calls > 0",
    """
    CREATE INDEX messages_calling_unread ON messages (order_key)
    WHERE calls > 0 AND received_at_ms IS NOT NULL AND state = 'delivered'
    """,
    """
    CREATE INDEX messages_calling_here ON messages (conversation)
    WHERE calls > 0 AND received_at_ms IS NOT NULL AND state = 'delivered'
    """,
    # A message and its answer come in any order.
    """
    CREATE TRIGGER message_answers_us AFTER INSERT ON messages
    WHEN NEW.quote_id IS NOT NULL AND NEW.received_at_ms IS NOT NULL AND EXISTS (
        SELECT 1 FROM messages
        WHERE id = NEW.quote_id AND conversation = NEW.conversation AND received_at_ms IS NULL
        AND kind NOT IN ('gap', 'undecryptable', 'notice')
    ) BEGIN
        UPDATE messages SET calls = calls | 4 WHERE number = NEW.number;
    END
    """,
    """
    CREATE TRIGGER message_of_ours_is_answered AFTER INSERT ON messages
    WHEN NEW.received_at_ms IS NULL AND NEW.kind NOT IN ('gap', 'undecryptable', 'notice') BEGIN
        UPDATE messages SET calls = calls | 4
        WHERE quote_id = NEW.id AND conversation = NEW.conversation
        AND received_at_ms IS NOT NULL;
    END
    """,
)


def upgrade() -> None:
    """Make version 12 out of version 11."""
    for statement in STATEMENTS:
        op.execute(statement)
