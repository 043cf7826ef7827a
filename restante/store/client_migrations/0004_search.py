"""The search index by time, and with what a message is besides its words.

A row's number in the index begins with the second in which the message came into being, so that
what is found comes newest first, and a stretch of time is a stretch of the index, without reading
a message. Its end is the message's number. The column `facets` has tokens of conversation, author
and kind: FTS5 meets them with the words, so that a rare conversation and a common word cost little.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# A sender may claim any time: what came is no younger than its coming. Second, then 30 bits of the
# message's number.
KEY = """(max(0, min(
            min(ROW.sent_at_ms, coalesce(ROW.received_at_ms, ROW.sent_at_ms)) / 1000, 8589934591
        )) << 30 | ROW.number)"""

FACETS = """'c' || ROW.conversation || ' a' || lower(hex(ROW.author)) || ' k' || ROW.kind
            || CASE WHEN instr(ROW.text, 'http://') OR instr(ROW.text, 'https://')
                THEN ' klink' ELSE '' END"""

IS_SEARCHED = """ROW.kind NOT IN (
            'gap', 'undecryptable', 'unknown', 'notice', 'setting', 'deleted'
        )"""

INDEXED = f"""INSERT INTO message_search (rowid, text, facets)
        SELECT {KEY}, ROW.text,
            {FACETS}
        WHERE {IS_SEARCHED};""".replace("ROW", "NEW")

UNINDEXED = f"""INSERT INTO message_search (message_search, rowid, text, facets)
        SELECT 'delete', {KEY}, ROW.text,
            {FACETS}
        WHERE {IS_SEARCHED};""".replace("ROW", "OLD")

VIEW = """
    CREATE VIEW searchable AS
    SELECT KEY AS number, text,
        FACETS AS facets
    FROM messages WHERE IS_SEARCHED
    """
for _name, _meant in (("KEY", KEY), ("FACETS", FACETS), ("IS_SEARCHED", IS_SEARCHED)):
    VIEW = VIEW.replace(_name, _meant.replace("ROW", "messages"))

STATEMENTS = (
    # The pages of the old index are zeroed, not only given back: deleted words may be in them.
    "PRAGMA secure_delete = ON",
    "DROP TRIGGER message_added",
    "DROP TRIGGER message_erased",
    "DROP TRIGGER message_rewritten",
    "DROP TABLE message_search",
    "DROP VIEW searchable",
    "PRAGMA secure_delete = FAST",
    VIEW,
    """
    CREATE VIRTUAL TABLE message_search USING fts5 (
        text,
        facets,
        content = 'searchable',
        content_rowid = 'number',
        prefix = '3',
        tokenize = 'unicode61 remove_diacritics 2'
    )
    """,
    "INSERT INTO message_search (message_search, rank) VALUES ('secure-delete', 1)",
    # In order: FTS5 begins a new piece of its index at every step back.
    """
    INSERT INTO message_search (rowid, text, facets)
    SELECT number, text, facets FROM searchable ORDER BY number
    """,
    """
    CREATE TRIGGER message_added AFTER INSERT ON messages BEGIN
        UPDATE chunks SET size = size + 1
        WHERE conversation = NEW.conversation AND first_key = (
            SELECT max(first_key) FROM chunks
            WHERE conversation = NEW.conversation AND first_key <= NEW.order_key
        );
        UPDATE conversations SET
            message_count = message_count + 1,
            unread_count = unread_count
                + (NEW.received_at_ms IS NOT NULL AND NEW.state = 'delivered')
        WHERE number = NEW.conversation;
        INDEXED
    END
    """.replace("INDEXED", INDEXED),
    """
    CREATE TRIGGER message_erased AFTER DELETE ON messages BEGIN
        UPDATE chunks SET size = size - 1
        WHERE conversation = OLD.conversation AND first_key = (
            SELECT max(first_key) FROM chunks
            WHERE conversation = OLD.conversation AND first_key <= OLD.order_key
        );
        UPDATE conversations SET
            message_count = message_count - 1,
            unread_count = unread_count
                - (OLD.received_at_ms IS NOT NULL AND OLD.state = 'delivered')
        WHERE number = OLD.conversation;
        UNINDEXED
    END
    """.replace("UNINDEXED", UNINDEXED),
    """
    CREATE TRIGGER message_rewritten
    AFTER UPDATE OF kind, text, author, sent_at_ms, received_at_ms ON messages
    BEGIN
        WITHOUT
        WITH
    END
    """.replace("WITHOUT", UNINDEXED).replace("WITH\n", INDEXED + "\n"),
)


def upgrade() -> None:
    """Make version 4 out of version 3."""
    for statement in STATEMENTS:
        op.execute(statement)
