"""The tables of what was said: conversations, messages, what changes them, what is missing of them.

Rule: the schema as it stands after the last migration, triggers and the search index excepted:
those are written in the migrations. No statement. Spec: docs/client-store.md.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, UniqueConstraint
from sqlalchemy import text as sql

from restante.store.client_columns import blob, client_metadata, number, rowid, text

UNREAD: Final = "messages.received_at_ms IS NOT NULL AND messages.state = 'delivered'"
"""Which messages are unread; the triggers that count them say the same."""

CALLS: Final = "messages.calls > 0"
"""Which messages name the user, or answer them."""

CALLS_UNREAD: Final = f"{CALLS} AND {UNREAD}"
"""Which of them are unread."""

IS_SETTING: Final = "messages.kind = 'setting'"
"""Which messages say how a conversation is kept."""

IS_FILE: Final = "messages.kind = 'file'"
"""Which messages carry a file."""


conversations: Final = Table(
    "conversations",
    client_metadata,
    rowid("number"),
    blob("key"),  # the other account's id, or a group's
    number("message_count"),
    number("unread_count"),
    number("own_counter"),
    number("clock"),
    UniqueConstraint("key"),
)
"""`message_count` and `unread_count` are kept by triggers on `messages`."""

chunks: Final = Table(
    "chunks",
    client_metadata,
    number("conversation", primary_key=True),
    blob("first_key", primary_key=True),
    number("size"),
    sqlite_with_rowid=False,
)
"""How many messages lie from `first_key` to the next chunk's: what positions are summed from.
Kept by triggers on `messages`; the first chunk of a conversation begins at the empty key."""

# The message id is the end of its order key: a wrong key would file it in a wrong place for good.
_KEY_ENDS_WITH_ID: Final = "length(order_key) = 24 AND substr(order_key, 9) = id"

messages: Final = Table(
    "messages",
    client_metadata,
    rowid("number"),
    blob("id"),
    Column("conversation", Integer, ForeignKey("conversations.number"), nullable=False),
    blob("order_key"),
    blob("author"),
    blob("device_id"),
    number("counter"),
    number("rank"),
    number("sent_at_ms"),
    number("received_at_ms", nullable=True),
    text("kind"),
    text("state"),
    text("error", nullable=True),
    blob("quote_id", nullable=True),
    text("quote_excerpt", nullable=True),
    number("expires_at_ms", nullable=True),
    number("timer_s"),
    number("gone_at_ms", nullable=True),
    text("text"),
    blob("body"),
    Column("calls", Integer, nullable=False, server_default=sql("0")),
    UniqueConstraint("id"),
    CheckConstraint(_KEY_ENDS_WITH_ID),
    Index("messages_by_order", "conversation", "order_key", unique=True),
    Index(
        "messages_by_counter",
        "conversation",
        "device_id",
        "counter",
        sqlite_where=sql("counter > 0"),
    ),
    Index(
        "messages_unread",
        "conversation",
        "order_key",
        sqlite_where=sql(UNREAD.replace("messages.", "")),
    ),
    Index("messages_expiring", "expires_at_ms", sqlite_where=sql("expires_at_ms IS NOT NULL")),
    Index("messages_gone", "gone_at_ms", sqlite_where=sql("gone_at_ms IS NOT NULL")),
    Index(
        "messages_quoting",
        "quote_id",
        "conversation",
        "order_key",
        sqlite_where=sql("quote_id IS NOT NULL"),
    ),
    Index("messages_calling", "order_key", sqlite_where=sql(CALLS.replace("messages.", ""))),
    Index(
        "messages_calling_unread",
        "order_key",
        sqlite_where=sql(CALLS_UNREAD.replace("messages.", "")),
    ),
    Index(
        "messages_calling_here",
        "conversation",
        sqlite_where=sql(CALLS_UNREAD.replace("messages.", "")),
    ),
    Index(
        "messages_settings",
        "conversation",
        "order_key",
        sqlite_where=sql(IS_SETTING.replace("messages.", "")),
    ),
    Index(
        "messages_with_files",
        "conversation",
        "order_key",
        sqlite_where=sql(IS_FILE.replace("messages.", "")),
    ),
)

marks: Final = Table(
    "marks",
    client_metadata,
    rowid("number"),
    blob("id"),
    Column("conversation", Integer, ForeignKey("conversations.number"), nullable=False),
    blob("target"),
    number("kind"),
    blob("author"),
    blob("device_id"),
    number("counter"),
    number("rank"),
    number("at_ms"),
    number("gone_at_ms", nullable=True),
    Column("is_stray", Integer, nullable=False, server_default=sql("0")),
    text("value"),
    blob("body"),
    UniqueConstraint("id"),
    Index("marks_by_target", "target", "kind"),
    Index("marks_by_kind", "conversation", "kind"),
    Index("marks_stray", "author", sqlite_where=sql("is_stray = 1")),
    Index(
        "marks_by_counter",
        "conversation",
        "device_id",
        "counter",
        sqlite_where=sql("counter > 0"),
    ),
    Index("marks_gone", "gone_at_ms", sqlite_where=sql("gone_at_ms IS NOT NULL")),
)
"""What changes a message: edits, deletions, reactions, pins, and what its readers said of it. One
may come before its message; triggers note that, and take a message's marks along when it goes."""

records: Final = Table(
    "records",
    client_metadata,
    number("kind", primary_key=True),
    blob("key", primary_key=True),
    number("rank"),
    blob("device_id"),
    blob("value", nullable=True),
    sqlite_with_rowid=False,
)
"""What all devices of the account agree on: of each record the greatest (rank, device id)."""

touched: Final = Table(
    "touched",
    client_metadata,
    number("kind", primary_key=True),
    blob("key", primary_key=True),
    sqlite_with_rowid=False,
)
"""What was changed here and may have to be said in a record; noted by triggers."""

sync_log: Final = Table(
    "sync_log",
    client_metadata,
    number("counter", primary_key=True),
    number("at_ms"),
    blob("items"),
)
"""What each counted SYNC content of this device was about, so that it can be said again."""

trace: Final = Table(
    "trace",
    client_metadata,
    rowid("number"),
    blob("message_id"),
    blob("device_id", nullable=True),
    text("event"),
    number("at_ms"),
    text("detail", nullable=True),
    Index("trace_by_message", "message_id"),
)
"""What became of a message, device by device; it goes with its message."""

counters: Final = Table(
    "counters",
    client_metadata,
    number("conversation", primary_key=True),
    blob("device_id", primary_key=True),
    number("highest"),
    sqlite_with_rowid=False,
)

gaps: Final = Table(
    "gaps",
    client_metadata,
    number("conversation", primary_key=True),
    blob("device_id", primary_key=True),
    number("counter", primary_key=True),
    sqlite_with_rowid=False,
)
