"""The tables of a profile's database: every column, its type and its index. No statement.

Ids and keys are BLOBs, flags 0 or 1, times integers with their unit in the name. Rule: this is the
schema as it stands after the last migration, triggers excepted: those, and the search index, are
written in the migrations, and a test compares all of it with a committed snapshot.
Spec: docs/client-store.md.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

client_metadata: Final = MetaData()

UNREAD: Final = "messages.received_at_ms IS NOT NULL AND messages.state = 'delivered'"
"""Which messages are unread; the triggers that count them say the same."""

IS_SETTING: Final = "messages.kind = 'setting'"
"""Which messages say how a conversation is kept."""


def _blob(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[Any]:
    return Column(name, LargeBinary, nullable=nullable, primary_key=primary_key)


def _number(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[Any]:
    return Column(name, Integer, nullable=nullable, primary_key=primary_key, autoincrement=False)


def _text(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[Any]:
    return Column(name, Text, nullable=nullable, primary_key=primary_key)


def _rowid(name: str) -> Column[Any]:
    """Name SQLite's own row number: rows in the order in which they came."""
    return Column(name, Integer, primary_key=True, nullable=False)


# ---- this account ---------------------------------------------------------------------------

account: Final = Table(
    "account",
    client_metadata,
    _number("number", primary_key=True),  # always 1: a profile has one account
    _text("address"),
    _blob("root_secret", nullable=True),  # gone once the recovery kit is confirmed
    _blob("account_secret", nullable=True),  # on the first device alone
    _blob("device_secret"),
    _blob("identity_secret"),
    _number("generation"),
    _number("created_at_s"),
)

settings: Final = Table(
    "settings",
    client_metadata,
    _text("key", primary_key=True),
    _blob("value"),
    sqlite_with_rowid=False,
)

prekeys: Final = Table(
    "prekeys",
    client_metadata,
    _number("kind", primary_key=True),
    _number("id", primary_key=True),
    _blob("secret"),
    _number("expires_at_s"),
    _number("created_at_s"),
    sqlite_with_rowid=False,
)

prekey_ids: Final = Table(
    "prekey_ids",
    client_metadata,
    _number("kind", primary_key=True),
    _number("next_id"),
)
"""The next id of each kind: ids of erased prekeys are never given again."""

hello_hashes: Final = Table(
    "hello_hashes",
    client_metadata,
    _blob("hash", primary_key=True),
    _number("prekey_id"),
    Index("hello_hashes_by_prekey", "prekey_id"),
    sqlite_with_rowid=False,
)

tokens: Final = Table(
    "tokens",
    client_metadata,
    _blob("token", primary_key=True),
    _number("bucket"),
    _number("is_live"),
    sqlite_with_rowid=False,
)

codes: Final = Table(
    "codes",
    client_metadata,
    _rowid("number"),
    _blob("secret"),
    _blob("lookup_id"),
    _number("bucket"),
    _number("is_published"),
    _number("created_at_s"),
)

# ---- other people ---------------------------------------------------------------------------

contacts: Final = Table(
    "contacts",
    client_metadata,
    _blob("account_id", primary_key=True),
    _text("address"),
    _blob("root_key"),
    _text("petname", nullable=True),
    _text("petname_folded", nullable=True),
    _text("state"),
    _text("trust"),
    _blob("token", nullable=True),
    _number("token_given", nullable=True),
    _blob("manifest_hash", nullable=True),
    _number("manifest_sequence"),
    _number("generation"),
    _number("is_stale"),
    _number("created_at_s"),
    _blob("manifest", nullable=True),  # up to 8 KB, last: the others are read without it
    Index("contacts_by_address", "address"),
)

sessions: Final = Table(
    "sessions",
    client_metadata,
    _blob("session_id", primary_key=True),
    _blob("account_id"),
    _blob("device_id"),
    _number("is_confirmed"),
    _number("initiated_by_us"),
    _number("last_used_ms"),
    _blob("state"),
    Index("sessions_by_device", "device_id"),
)

session_tags: Final = Table(
    "session_tags",
    client_metadata,
    _blob("tag", primary_key=True),
    Column(
        "session_id",
        LargeBinary,
        ForeignKey("sessions.session_id", ondelete="CASCADE"),
        nullable=False,
    ),
    Index("session_tags_by_session", "session_id"),
    sqlite_with_rowid=False,
)

aside: Final = Table(
    "aside",
    client_metadata,
    _rowid("number"),
    _blob("envelope_id"),
    _blob("tag"),
    _number("lane"),
    _number("arrived_ms"),
    _blob("payload"),
    UniqueConstraint("envelope_id"),
    Index("aside_by_tag", "tag"),
)

# ---- history --------------------------------------------------------------------------------

conversations: Final = Table(
    "conversations",
    client_metadata,
    _rowid("number"),
    _blob("key"),  # the other account's id, or a group's
    _number("message_count"),
    _number("unread_count"),
    _number("own_counter"),
    _number("clock"),
    UniqueConstraint("key"),
)
"""`message_count` and `unread_count` are kept by triggers on `messages`."""

chunks: Final = Table(
    "chunks",
    client_metadata,
    _number("conversation", primary_key=True),
    _blob("first_key", primary_key=True),
    _number("size"),
    sqlite_with_rowid=False,
)
"""How many messages lie from `first_key` to the next chunk's: what positions are summed from.
Kept by triggers on `messages`; the first chunk of a conversation begins at the empty key."""

# The message id is the end of its order key: a wrong key would file it in a wrong place for good.
_KEY_ENDS_WITH_ID: Final = "length(order_key) = 24 AND substr(order_key, 9) = id"

messages: Final = Table(
    "messages",
    client_metadata,
    _rowid("number"),
    _blob("id"),
    Column("conversation", Integer, ForeignKey("conversations.number"), nullable=False),
    _blob("order_key"),
    _blob("author"),
    _blob("device_id"),
    _number("counter"),
    _number("rank"),
    _number("sent_at_ms"),
    _number("received_at_ms", nullable=True),
    _text("kind"),
    _text("state"),
    _text("error", nullable=True),
    _blob("quote_id", nullable=True),
    _text("quote_excerpt", nullable=True),
    _number("expires_at_ms", nullable=True),
    _number("timer_s"),
    _number("gone_at_ms", nullable=True),
    _text("text"),
    _blob("body"),
    UniqueConstraint("id"),
    CheckConstraint(_KEY_ENDS_WITH_ID),
    Index("messages_by_order", "conversation", "order_key", unique=True),
    Index(
        "messages_by_counter",
        "conversation",
        "device_id",
        "counter",
        sqlite_where=text("counter > 0"),
    ),
    Index(
        "messages_unread",
        "conversation",
        "order_key",
        sqlite_where=text(UNREAD.replace("messages.", "")),
    ),
    Index("messages_expiring", "expires_at_ms", sqlite_where=text("expires_at_ms IS NOT NULL")),
    Index("messages_gone", "gone_at_ms", sqlite_where=text("gone_at_ms IS NOT NULL")),
    Index("messages_quoting", "quote_id", sqlite_where=text("quote_id IS NOT NULL")),
    Index(
        "messages_settings",
        "conversation",
        "order_key",
        sqlite_where=text(IS_SETTING.replace("messages.", "")),
    ),
)

marks: Final = Table(
    "marks",
    client_metadata,
    _rowid("number"),
    _blob("id"),
    Column("conversation", Integer, ForeignKey("conversations.number"), nullable=False),
    _blob("target"),
    _number("kind"),
    _blob("author"),
    _blob("device_id"),
    _number("counter"),
    _number("rank"),
    _number("at_ms"),
    _number("gone_at_ms", nullable=True),
    Column("is_stray", Integer, nullable=False, server_default=text("0")),
    _text("value"),
    _blob("body"),
    UniqueConstraint("id"),
    Index("marks_by_target", "target", "kind"),
    Index("marks_by_kind", "conversation", "kind"),
    Index("marks_stray", "author", sqlite_where=text("is_stray = 1")),
    Index(
        "marks_by_counter",
        "conversation",
        "device_id",
        "counter",
        sqlite_where=text("counter > 0"),
    ),
    Index("marks_gone", "gone_at_ms", sqlite_where=text("gone_at_ms IS NOT NULL")),
)
"""What changes a message: edits, deletions, reactions, pins, and what its readers said of it. One
may come before its message; triggers note that, and take a message's marks along when it goes."""

records: Final = Table(
    "records",
    client_metadata,
    _number("kind", primary_key=True),
    _blob("key", primary_key=True),
    _number("rank"),
    _blob("device_id"),
    _blob("value", nullable=True),
    sqlite_with_rowid=False,
)
"""What all devices of the account agree on: of each record the greatest (rank, device id)."""

touched: Final = Table(
    "touched",
    client_metadata,
    _number("kind", primary_key=True),
    _blob("key", primary_key=True),
    sqlite_with_rowid=False,
)
"""What was changed here and may have to be said in a record; noted by triggers."""

sync_log: Final = Table(
    "sync_log",
    client_metadata,
    _number("counter", primary_key=True),
    _number("at_ms"),
    _blob("items"),
)
"""What each counted SYNC content of this device was about, so that it can be said again."""

trace: Final = Table(
    "trace",
    client_metadata,
    _rowid("number"),
    _blob("message_id"),
    _blob("device_id", nullable=True),
    _text("event"),
    _number("at_ms"),
    _text("detail", nullable=True),
    Index("trace_by_message", "message_id"),
)
"""What became of a message, device by device; it goes with its message."""

counters: Final = Table(
    "counters",
    client_metadata,
    _number("conversation", primary_key=True),
    _blob("device_id", primary_key=True),
    _number("highest"),
    sqlite_with_rowid=False,
)

gaps: Final = Table(
    "gaps",
    client_metadata,
    _number("conversation", primary_key=True),
    _blob("device_id", primary_key=True),
    _number("counter", primary_key=True),
    sqlite_with_rowid=False,
)

# ---- under way ------------------------------------------------------------------------------

outbox: Final = Table(
    "outbox",
    client_metadata,
    _rowid("number"),
    _blob("id"),
    _blob("envelope_id", nullable=True),
    _blob("message_id", nullable=True),
    _blob("account_id"),
    _blob("device_id", nullable=True),
    _text("relay"),
    _text("state"),
    _number("attempts"),
    _number("next_attempt_ms", nullable=True),  # null: waits for something else than time
    _number("created_at_ms"),
    _number("ttl_s"),
    _number("was_sent"),
    _blob("content"),
    _blob("payload", nullable=True),
    UniqueConstraint("id"),
    Index(
        "outbox_by_time",
        "next_attempt_ms",
        "relay",
        sqlite_where=text("next_attempt_ms IS NOT NULL"),
    ),
    Index("outbox_by_message", "message_id", sqlite_where=text("message_id IS NOT NULL")),
    Index("outbox_by_envelope", "envelope_id", sqlite_where=text("envelope_id IS NOT NULL")),
    Index("outbox_by_account", "account_id"),
)

processed: Final = Table(
    "processed",
    client_metadata,
    _blob("envelope_id", primary_key=True),
    _number("processed_at_s"),
    Index("processed_by_time", "processed_at_s"),
    sqlite_with_rowid=False,
)

receipts: Final = Table(
    "receipts",
    client_metadata,
    _blob("account_id", primary_key=True),
    _blob("message_id", primary_key=True),
    _number("state"),
    sqlite_with_rowid=False,
)

feed: Final = Table(
    "feed",
    client_metadata,
    _rowid("cursor"),
    _text("type"),
    Column("message", Integer, ForeignKey("messages.number", ondelete="CASCADE"), nullable=False),
    _number("at_ms"),
    _text("detail", nullable=True),
    Index("feed_by_message", "message"),
    sqlite_autoincrement=True,  # a cursor that a consumer has seen is never given again
)

consumers: Final = Table(
    "consumers",
    client_metadata,
    _text("name", primary_key=True),
    _number("cursor"),
    sqlite_with_rowid=False,
)

# ---- a history on its way between devices ---------------------------------------------------

transfers: Final = Table(
    "transfers",
    client_metadata,
    _blob("id", primary_key=True),
    _text("direction"),
    _blob("device_id"),  # the other device
    _text("state"),
    _number("stage"),
    _number("next_number"),
    _number("message_number"),
    _number("mark_number"),
    _number("messages_so_far"),
    _number("messages_in_all"),
    _number("bytes_so_far"),
    _number("begun_at_ms"),
    _blob("cursor"),
    sqlite_with_rowid=False,
)

transfer_parts: Final = Table(
    "transfer_parts",
    client_metadata,
    _blob("transfer", primary_key=True),
    _number("number", primary_key=True),
    _text("state"),
    _number("size_bytes"),
    _number("attempts"),
    _blob("capability"),
    _blob("key"),
    sqlite_with_rowid=False,
)

transfer_walk: Final = Table(
    "transfer_walk",
    client_metadata,
    _blob("transfer", primary_key=True),
    _number("position", primary_key=True),
    _blob("conversation"),
    _blob("before_key"),
    sqlite_with_rowid=False,
)
"""How far the history of each conversation has been given out, the newest conversation first."""
