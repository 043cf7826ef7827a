"""Groups as this device knows them: the entries of their logs, and what these make of each.

Rule: entries are kept as they were signed, in an order in which parents come first; what stands in
`group_states` and `group_members` follows from them and is written anew with them. Knows neither
signatures nor who may do what. Spec: docs/client-store.md; docs/protocol/groups.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store.client_rows import Rows, Shape, Statement
from restante.store.client_tables import client_metadata

GROUP_ID_BYTES: Final = 32
_HASH_BYTES: Final = 32


def _blob(name: str, **more: Any) -> Column[Any]:
    return Column(name, LargeBinary, **{"nullable": False, **more})


def _number(name: str, **more: Any) -> Column[Any]:
    return Column(name, Integer, **{"nullable": False, **more})


group_states: Final = Table(
    "group_states",
    client_metadata,
    _blob("group_id", primary_key=True),
    Column("state", Text, nullable=False),
    _blob("adder", nullable=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    _number("is_space"),
    _blob("parent", nullable=True),
    _number("timer_s"),
    _number("may_post"),
    _number("may_mention_all"),
    _number("own_role"),
    _blob("heads"),
    _number("begun_at_ms"),
    sqlite_with_rowid=False,
)

group_entries: Final = Table(
    "group_entries",
    client_metadata,
    Column("number", Integer, primary_key=True, nullable=False),
    _blob("hash"),
    _blob("group_id"),
    _blob("manifest_hash"),
    _blob("signature"),
    _blob("body"),
    UniqueConstraint("hash"),
    Index("group_entries_by_group", "group_id", "number"),
)

group_manifests: Final = Table(
    "group_manifests",
    client_metadata,
    _blob("hash", primary_key=True),
    _blob("manifest"),
    sqlite_with_rowid=False,
)
"""Those under which entries were signed: an account's newest one may list other devices by now."""

group_members: Final = Table(
    "group_members",
    client_metadata,
    _blob("group_id", primary_key=True),
    _blob("account_id", primary_key=True),
    _number("role", autoincrement=False),
    _number("since_counter", autoincrement=False),
    Index("group_members_by_account", "account_id"),
    sqlite_with_rowid=False,
)
"""`since_counter`: our last counter there when they came. What is older is none of theirs."""

group_waiting: Final = Table(
    "group_waiting",
    client_metadata,
    Column("number", Integer, primary_key=True, nullable=False),
    _blob("group_id"),
    _blob("account_id"),
    _blob("device_id"),
    _number("arrived_ms"),
    _blob("packed"),
    Index("group_waiting_by_group", "group_id"),
)

group_receipts: Final = Table(
    "group_receipts",
    client_metadata,
    _blob("message_id", primary_key=True),
    _blob("account_id", primary_key=True),
    Column("state", Text, nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """A group as it stands. `state`: partial (no member yet), request, joined or left.

    `adder` is the account that let us in. `heads` are hashes, 32 B each, one after the other.
    """

    group_id: bytes
    state: str
    adder: bytes | None
    name: str
    description: str
    is_space: bool
    parent: bytes | None
    timer_s: int
    may_post: int
    may_mention_all: int
    own_role: int
    heads: bytes
    begun_at_ms: int

    @property
    def head_list(self) -> list[bytes]:
        """The heads, each for itself."""
        return [self.heads[at : at + _HASH_BYTES] for at in range(0, len(self.heads), _HASH_BYTES)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """A signed entry of a group's log."""

    hash: bytes
    group_id: bytes
    manifest_hash: bytes
    signature: bytes = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """Somebody in a group."""

    group_id: bytes
    account_id: bytes
    role: int
    since_counter: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """A content of a group that is of an epoch which isn't known here."""

    group_id: bytes
    account_id: bytes
    device_id: bytes
    arrived_ms: int
    packed: bytes = field(repr=False)


_GROUP = Shape(GroupRow, group_states)
_ENTRY = Shape(EntryRow, group_entries)
_MEMBER = Shape(MemberRow, group_members)
_WAITING = Shape(WaitingRow, group_waiting)

_put = upsert(group_states)
_PUT = Statement(
    _put.on_conflict_do_update(
        index_elements=[group_states.c.group_id],
        set_={name: _put.excluded[name] for name in _GROUP.names},
    ),
    *_GROUP.names,
)
_ONE = Statement(select(*_GROUP.columns).where(group_states.c.group_id == bindparam("group_id")))
_ALL = Statement(select(*_GROUP.columns).order_by(group_states.c.begun_at_ms))
_COUNT_STATE = Statement(
    select(func.count()).select_from(group_states).where(group_states.c.state == bindparam("state"))
)
_FORGET_STATE = Statement(
    group_states.delete().where(group_states.c.group_id == bindparam("which"))
)
_FORGET_ENTRIES = Statement(
    group_entries.delete().where(group_entries.c.group_id == bindparam("which"))
)
_FORGET_MEMBERS = Statement(
    group_members.delete().where(group_members.c.group_id == bindparam("which"))
)
_ADD_ENTRY = Statement(upsert(group_entries).on_conflict_do_nothing(), *_ENTRY.names)
_ENTRIES = Statement(
    select(*_ENTRY.columns)
    .where(group_entries.c.group_id == bindparam("group_id"))
    .order_by(group_entries.c.number)
)
_ENTRY_HERE = Statement(
    select(group_entries.c.number).where(
        group_entries.c.hash == bindparam("hash"), group_entries.c.group_id == bindparam("group_id")
    )
)
_COUNT_ENTRIES = Statement(
    select(func.count())
    .select_from(group_entries)
    .where(group_entries.c.group_id == bindparam("group_id"))
)
_ADD_MANIFEST = Statement(upsert(group_manifests).on_conflict_do_nothing(), "hash", "manifest")
_MANIFEST = Statement(
    select(group_manifests.c.manifest).where(group_manifests.c.hash == bindparam("hash"))
)
_is_member = (group_members.c.group_id == bindparam("group")) & (
    group_members.c.account_id == bindparam("account")
)
_new_member = upsert(group_members)
_PUT_MEMBER = Statement(
    _new_member.on_conflict_do_update(
        index_elements=[group_members.c.group_id, group_members.c.account_id],
        set_={"role": _new_member.excluded.role},
    ),
    *_MEMBER.names,
)
_MEMBERS = Statement(
    select(*_MEMBER.columns)
    .where(group_members.c.group_id == bindparam("group_id"))
    .order_by(group_members.c.role.desc(), group_members.c.account_id)
)
_MEMBER_ONE = Statement(select(*_MEMBER.columns).where(_is_member))
_DROP_MEMBER = Statement(group_members.delete().where(_is_member))
_GROUPS_OF = Statement(
    select(group_members.c.group_id)
    .where(group_members.c.account_id == bindparam("account_id"))
    .order_by(group_members.c.group_id)
)
_WAIT = Statement(group_waiting.insert(), *_WAITING.names)
_WAITING_OF = Statement(
    select(*_WAITING.columns)
    .where(group_waiting.c.group_id == bindparam("group_id"))
    .order_by(group_waiting.c.number)
)
_TAKE_WAITING = Statement(
    group_waiting.delete().where(group_waiting.c.group_id == bindparam("which"))
)
_COUNT_WAITING = Statement(
    select(func.count())
    .select_from(group_waiting)
    .where(group_waiting.c.account_id == bindparam("account_id"))
)
_FORGET_WAITING = Statement(
    group_waiting.delete().where(group_waiting.c.arrived_ms < bindparam("before_ms"))
)
_said = upsert(group_receipts)
_NOTE_RECEIPT = Statement(
    _said.on_conflict_do_update(
        index_elements=[group_receipts.c.message_id, group_receipts.c.account_id],
        set_={"state": _said.excluded.state},
        where=group_receipts.c.state != "read",
    ),
    "message_id",
    "account_id",
    "state",
)
_RECEIPTS = Statement(
    select(group_receipts.c.account_id, group_receipts.c.state).where(
        group_receipts.c.message_id == bindparam("message_id")
    )
)


def is_group(conversation: bytes) -> bool:
    """Whether a conversation's key is a group's: those of accounts have 16 bytes."""
    return len(conversation) == GROUP_ID_BYTES


def put_group(rows: Rows, row: GroupRow) -> None:
    """Keep how a group stands."""
    rows.run(_PUT, **_GROUP.write(row))


def group_row(rows: Rows, group_id: bytes) -> GroupRow | None:
    """Return a group."""
    found = rows.first(_ONE, group_id=group_id)
    return None if found is None else _GROUP.read(found)


def groups(rows: Rows) -> list[GroupRow]:
    """Return all groups, the oldest first."""
    return [_GROUP.read(found) for found in rows.all(_ALL)]


def count_groups(rows: Rows, state: str) -> int:
    """Return how many groups are in a state."""
    return int(rows.value(_COUNT_STATE, state=state))


def forget_group(rows: Rows, group_id: bytes) -> None:
    """Forget a group: its log, its members, what waits for it. Its messages stay."""
    for each in (_FORGET_STATE, _FORGET_ENTRIES, _FORGET_MEMBERS, _TAKE_WAITING):
        rows.run(each, which=group_id)


def add_entry(rows: Rows, row: EntryRow, manifest: bytes) -> bool:
    """Keep an entry and the manifest it was signed under; False if it is here."""
    rows.run(_ADD_MANIFEST, hash=row.manifest_hash, manifest=manifest)
    return bool(rows.run(_ADD_ENTRY, **_ENTRY.write(row)))


def entries(rows: Rows, group_id: bytes) -> list[EntryRow]:
    """Return a group's log, parents first."""
    return [_ENTRY.read(found) for found in rows.all(_ENTRIES, group_id=group_id)]


def count_entries(rows: Rows, group_id: bytes) -> int:
    """Return how long a group's log is."""
    return int(rows.value(_COUNT_ENTRIES, group_id=group_id))


def has_entry(rows: Rows, group_id: bytes, entry: bytes) -> bool:
    """Whether an entry of a group's log is here."""
    return rows.first(_ENTRY_HERE, group_id=group_id, hash=entry) is not None


def group_manifest(rows: Rows, manifest_hash: bytes) -> bytes | None:
    """Return a manifest that an entry was signed under."""
    found: bytes | None = rows.value(_MANIFEST, hash=manifest_hash)
    return found


def put_member(rows: Rows, row: MemberRow) -> None:
    """Keep a member; of one who is there, the new role."""
    rows.run(_PUT_MEMBER, **_MEMBER.write(row))


def drop_member(rows: Rows, group_id: bytes, account_id: bytes) -> None:
    """Take a member out."""
    rows.run(_DROP_MEMBER, group=group_id, account=account_id)


def members(rows: Rows, group_id: bytes) -> list[MemberRow]:
    """Return who is in a group, by role."""
    return [_MEMBER.read(found) for found in rows.all(_MEMBERS, group_id=group_id)]


def member(rows: Rows, group_id: bytes, account_id: bytes) -> MemberRow | None:
    """Return a member, if they are one."""
    found = rows.first(_MEMBER_ONE, group=group_id, account=account_id)
    return None if found is None else _MEMBER.read(found)


def groups_of(rows: Rows, account_id: bytes) -> list[bytes]:
    """Return the ids of the groups that somebody is in."""
    return [group_id for (group_id,) in rows.all(_GROUPS_OF, account_id=account_id)]


def wait_for_group(rows: Rows, row: WaitingRow) -> None:
    """Keep a content until the entries that it names are here."""
    rows.run(_WAIT, **_WAITING.write(row))


def take_waiting(rows: Rows, group_id: bytes) -> list[WaitingRow]:
    """Return what waits for entries of a group, in order of arrival, and keep it no longer."""
    found = [_WAITING.read(each) for each in rows.all(_WAITING_OF, group_id=group_id)]
    if found:
        rows.run(_TAKE_WAITING, which=group_id)
    return found


def count_waiting(rows: Rows, account_id: bytes) -> int:
    """Return how many contents of an account wait."""
    return int(rows.value(_COUNT_WAITING, account_id=account_id))


def forget_waiting(rows: Rows, before_ms: int) -> int:
    """Forget what has waited since before a moment."""
    return rows.run(_FORGET_WAITING, before_ms=before_ms)


def note_group_receipt(rows: Rows, message_id: bytes, account_id: bytes, state: str) -> None:
    """Note how far a message of ours has come with one member; "read" stays."""
    rows.run(_NOTE_RECEIPT, message_id=message_id, account_id=account_id, state=state)


def group_receipts_of(rows: Rows, message_id: bytes) -> dict[bytes, str]:
    """Return how far a message of ours has come, by member."""
    return dict(rows.all(_RECEIPTS, message_id=message_id))
