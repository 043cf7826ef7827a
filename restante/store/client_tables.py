"""The tables of a profile's database: every column, its type and its index. The public face.

Rule: this is the schema as it stands after the last migration, triggers excepted: those, and the
search index, are written in the migrations, and a test compares all of it with a committed
snapshot. Spec: docs/client-store.md.
"""

from __future__ import annotations

from restante.store.client_columns import client_metadata
from restante.store.client_history_tables import (
    CALLS,
    CALLS_UNREAD,
    IS_FILE,
    IS_SETTING,
    UNREAD,
    chunks,
    conversations,
    counters,
    gaps,
    marks,
    messages,
    records,
    sync_log,
    touched,
    trace,
)
from restante.store.client_people_tables import (
    account,
    aside,
    codes,
    contacts,
    hello_hashes,
    prekey_ids,
    prekeys,
    session_tags,
    sessions,
    settings,
    tokens,
)
from restante.store.client_way_tables import (
    consumers,
    feed,
    outbox,
    processed,
    receipts,
    transfer_parts,
    transfer_walk,
    transfers,
)

__all__ = [
    "CALLS",
    "CALLS_UNREAD",
    "IS_FILE",
    "IS_SETTING",
    "UNREAD",
    "account",
    "aside",
    "chunks",
    "client_metadata",
    "codes",
    "consumers",
    "contacts",
    "conversations",
    "counters",
    "feed",
    "gaps",
    "hello_hashes",
    "marks",
    "messages",
    "outbox",
    "prekey_ids",
    "prekeys",
    "processed",
    "receipts",
    "records",
    "session_tags",
    "sessions",
    "settings",
    "sync_log",
    "tokens",
    "touched",
    "trace",
    "transfer_parts",
    "transfer_walk",
    "transfers",
]
