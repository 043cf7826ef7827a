"""The tables of what is under way: outbox, inbox, feed, a history between devices. No statement.

Rule: the schema as it stands after the last migration. Spec: docs/client-store.md.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, UniqueConstraint
from sqlalchemy import text as sql

from restante.store.client_columns import blob, client_metadata, number, rowid, text

outbox: Final = Table(
    "outbox",
    client_metadata,
    rowid("number"),
    blob("id"),
    blob("envelope_id", nullable=True),
    blob("message_id", nullable=True),
    blob("account_id"),
    blob("device_id", nullable=True),
    text("relay"),
    text("state"),
    number("attempts"),
    number("next_attempt_ms", nullable=True),  # null: waits for something else than time
    number("created_at_ms"),
    number("ttl_s"),
    number("was_sent"),
    blob("content"),
    blob("payload", nullable=True),
    UniqueConstraint("id"),
    Index(
        "outbox_by_time",
        "next_attempt_ms",
        "relay",
        sqlite_where=sql("next_attempt_ms IS NOT NULL"),
    ),
    Index("outbox_by_message", "message_id", sqlite_where=sql("message_id IS NOT NULL")),
    Index("outbox_by_envelope", "envelope_id", sqlite_where=sql("envelope_id IS NOT NULL")),
    Index("outbox_by_account", "account_id"),
)

processed: Final = Table(
    "processed",
    client_metadata,
    blob("envelope_id", primary_key=True),
    number("processed_at_s"),
    Index("processed_by_time", "processed_at_s"),
    sqlite_with_rowid=False,
)

receipts: Final = Table(
    "receipts",
    client_metadata,
    blob("account_id", primary_key=True),
    blob("message_id", primary_key=True),
    number("state"),
    sqlite_with_rowid=False,
)

feed: Final = Table(
    "feed",
    client_metadata,
    rowid("cursor"),
    text("type"),
    Column("message", Integer, ForeignKey("messages.number", ondelete="CASCADE"), nullable=False),
    number("at_ms"),
    text("detail", nullable=True),
    Index("feed_by_message", "message"),
    sqlite_autoincrement=True,  # a cursor that a consumer has seen is never given again
)

consumers: Final = Table(
    "consumers",
    client_metadata,
    text("name", primary_key=True),
    number("cursor"),
    sqlite_with_rowid=False,
)

# ---- a history on its way between devices ---------------------------------------------------

transfers: Final = Table(
    "transfers",
    client_metadata,
    blob("id", primary_key=True),
    text("direction"),
    blob("device_id"),  # the other device
    text("state"),
    number("stage"),
    number("next_number"),
    number("message_number"),
    number("mark_number"),
    number("messages_so_far"),
    number("messages_in_all"),
    number("bytes_so_far"),
    number("begun_at_ms"),
    blob("cursor"),
    sqlite_with_rowid=False,
)

transfer_parts: Final = Table(
    "transfer_parts",
    client_metadata,
    blob("transfer", primary_key=True),
    number("number", primary_key=True),
    text("state"),
    number("size_bytes"),
    number("attempts"),
    blob("capability"),
    blob("key"),
    sqlite_with_rowid=False,
)

transfer_walk: Final = Table(
    "transfer_walk",
    client_metadata,
    blob("transfer", primary_key=True),
    number("position", primary_key=True),
    blob("conversation"),
    blob("before_key"),
    sqlite_with_rowid=False,
)
"""How far the history of each conversation has been given out, the newest conversation first."""
