"""The tables of who one is and whom one knows: account, prekeys, contacts, sessions. No statement.

Rule: the schema as it stands after the last migration. Spec: docs/client-store.md.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, UniqueConstraint

from restante.store.client_columns import blob, client_metadata, number, rowid, text

account: Final = Table(
    "account",
    client_metadata,
    number("number", primary_key=True),  # always 1: a profile has one account
    text("address"),
    blob("root_secret", nullable=True),  # gone once the recovery kit is confirmed
    blob("account_secret", nullable=True),  # on the first device alone
    blob("device_secret"),
    blob("identity_secret"),
    number("generation"),
    number("created_at_s"),
)

settings: Final = Table(
    "settings",
    client_metadata,
    text("key", primary_key=True),
    blob("value"),
    sqlite_with_rowid=False,
)

prekeys: Final = Table(
    "prekeys",
    client_metadata,
    number("kind", primary_key=True),
    number("id", primary_key=True),
    blob("secret"),
    number("expires_at_s"),
    number("created_at_s"),
    sqlite_with_rowid=False,
)

prekey_ids: Final = Table(
    "prekey_ids",
    client_metadata,
    number("kind", primary_key=True),
    number("next_id"),
)
"""The next id of each kind: ids of erased prekeys are never given again."""

hello_hashes: Final = Table(
    "hello_hashes",
    client_metadata,
    blob("hash", primary_key=True),
    number("prekey_id"),
    Index("hello_hashes_by_prekey", "prekey_id"),
    sqlite_with_rowid=False,
)

tokens: Final = Table(
    "tokens",
    client_metadata,
    blob("token", primary_key=True),
    number("bucket"),
    number("is_live"),
    sqlite_with_rowid=False,
)

codes: Final = Table(
    "codes",
    client_metadata,
    rowid("number"),
    blob("secret"),
    blob("lookup_id"),
    number("bucket"),
    number("is_published"),
    number("created_at_s"),
)

# ---- other people ---------------------------------------------------------------------------

contacts: Final = Table(
    "contacts",
    client_metadata,
    blob("account_id", primary_key=True),
    text("address"),
    blob("root_key"),
    text("petname", nullable=True),
    text("petname_folded", nullable=True),
    text("state"),
    text("trust"),
    blob("token", nullable=True),
    number("token_given", nullable=True),
    blob("manifest_hash", nullable=True),
    number("manifest_sequence"),
    number("generation"),
    number("is_stale"),
    number("created_at_s"),
    blob("manifest", nullable=True),  # up to 8 KB, last: the others are read without it
    Index("contacts_by_address", "address"),
)

sessions: Final = Table(
    "sessions",
    client_metadata,
    blob("session_id", primary_key=True),
    blob("account_id"),
    blob("device_id"),
    number("is_confirmed"),
    number("initiated_by_us"),
    number("last_used_ms"),
    blob("state"),
    Index("sessions_by_device", "device_id"),
)

session_tags: Final = Table(
    "session_tags",
    client_metadata,
    blob("tag", primary_key=True),
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
    rowid("number"),
    blob("envelope_id"),
    blob("tag"),
    number("lane"),
    number("arrived_ms"),
    blob("payload"),
    UniqueConstraint("envelope_id"),
    Index("aside_by_tag", "tag"),
)
