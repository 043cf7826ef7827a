"""The tables of a relay: every column, and nothing that names a sender, a group or a contact.

Times are coarse on purpose: an expiry or an arrival is kept by the hour (a slot's, by the minute).
Rule: the two tables that
every envelope passes (`waiting`, `id_log`) are appended to; what must be found is found by an
index that grows at its end. The same tables serve PostgreSQL, but for what
`relay_postgres_schema` says. Spec: docs/relay.md, section 2.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

metadata: Final = MetaData()

_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")


def _number(name: str, *rest: Any, key: bool = False, nullable: bool = False) -> Column[Any]:
    return Column(
        name, _NUMBER, *rest, primary_key=key, nullable=nullable and not key, autoincrement=key
    )


def _flag(name: str) -> Column[Any]:
    return Column(name, _NUMBER, nullable=False, server_default=text("0"))


def _blob(name: str, *, key: bool = False, nullable: bool = False) -> Column[Any]:
    return Column(name, LargeBinary, primary_key=key, nullable=nullable and not key)


def _owner(*, key: bool = False) -> Column[Any]:
    """Which account a row is of; it goes when the account goes."""
    return Column(
        "account",
        _NUMBER,
        ForeignKey("accounts.number", ondelete="CASCADE"),
        primary_key=key,
        nullable=False,
        autoincrement=False,
    )


relay_state = Table(
    "relay_state",
    metadata,
    Column("key", Text, primary_key=True, nullable=False),
    _number("value"),
)

relay_secrets = Table(
    "relay_secrets",
    metadata,
    Column("name", Text, primary_key=True, nullable=False),
    _blob("secret"),
)

accounts = Table(
    "accounts",
    metadata,
    _number("number", key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("authority", Text, nullable=False),
    _blob("account_id"),
    _number("generation"),
    _number("sequence"),
    _blob("head"),
    _blob("heartbeat", nullable=True),
    _blob("moved", nullable=True),
    _number("quota_bytes", nullable=True),
    _flag("is_blocked"),
    _flag("is_awaited"),
    _number("seen_day", nullable=True),
    sqlite_autoincrement=True,  # what refers to one that is gone must never mean another
)

manifests = Table(
    "manifests",
    metadata,
    _owner(key=True),
    Column("sequence", _NUMBER, primary_key=True, nullable=False, autoincrement=False),
    _blob("manifest"),
)

devices = Table(
    "devices",
    metadata,
    _number("number", key=True),
    _owner(),
    Column("signing_key", LargeBinary, nullable=False, unique=True),
    Column("device_id", LargeBinary, nullable=False, unique=True),
    Column("mailbox", LargeBinary, nullable=True, unique=True),
    Index("devices_by_account", "account"),
    sqlite_autoincrement=True,  # the same
)

wakes = Table(
    "wakes",
    metadata,
    Column(
        "device",
        _NUMBER,
        ForeignKey("devices.number", ondelete="CASCADE"),
        primary_key=True,
        nullable=False,
        autoincrement=False,
    ),
    Column("endpoint", Text, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    _owner(key=True),
    _blob("hash", key=True),
    _number("is_live"),
    sqlite_with_rowid=False,
)

prekeys = Table(
    "prekeys",
    metadata,
    Column(
        "device",
        _NUMBER,
        ForeignKey("devices.number", ondelete="CASCADE"),
        primary_key=True,
        nullable=False,
        autoincrement=False,
    ),
    Column("kind", _NUMBER, primary_key=True, nullable=False, autoincrement=False),
    Column("id", _NUMBER, primary_key=True, nullable=False, autoincrement=False),
    _number("expires_at_s"),
    _blob("prekey"),
)

codes = Table(
    "codes",
    metadata,
    _number("number", key=True),
    _owner(),
    Column("lookup_id", LargeBinary, nullable=False, unique=True),
    _blob("sealed"),
    Index("codes_by_account", "account"),
)

invites = Table(
    "invites",
    metadata,
    _blob("hash", key=True),
    _number("uses_left"),
    _number("expires_at_s"),
    _number("quota_bytes", nullable=True),
    sqlite_with_rowid=False,
)

gone_names = Table("gone_names", metadata, _blob("hash", key=True), sqlite_with_rowid=False)

slots = Table(
    "slots",
    metadata,
    _blob("slot", key=True),
    _number("expires_minute"),
    _blob("sealed"),
    Index("slots_by_expiry", "expires_minute"),
)

blobs = Table(
    "blobs",
    metadata,
    _blob("id", key=True),
    _owner(),
    _number("size_bytes"),
    _number("received_bytes"),
    _number("expires_hour"),
    Index("blobs_by_account", "account"),
    Index("blobs_by_expiry", "expires_hour"),
    sqlite_with_rowid=False,
)

waiting = Table(
    "waiting",
    metadata,
    _number("seq", key=True),
    _number("device"),
    _number("size_bytes"),
    _number("expires_hour"),
    _number("lane"),
    _blob("id"),
    _number("shared", nullable=True),
    _blob("payload", nullable=True),
    Index("waiting_by_device", "device"),
    Index("waiting_by_expiry", "expires_hour"),
)
Index("waiting_by_shared", waiting.c.shared, sqlite_where=waiting.c.shared.is_not(None))

payloads = Table("payloads", metadata, _number("number", key=True), _blob("payload"))

id_log = Table("id_log", metadata, _number("number", key=True), _number("hour"), _blob("packed"))

id_segments = Table("id_segments", metadata, _number("number", key=True), _number("hour"))

deposit_ids = Table(
    "deposit_ids",
    metadata,
    Column("segment", _NUMBER, primary_key=True, nullable=False, autoincrement=False),
    _blob("key", key=True),
    sqlite_with_rowid=False,
)
