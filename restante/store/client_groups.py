"""Groups as this device knows them: the entries of their logs, and what these make of each.

Rule: entries are kept as they were signed, in an order in which parents come first; what stands in
`group_states` and `group_members` follows from them and is written anew with them. Knows neither
signatures nor who may do what. Spec: docs/client-store.md; docs/protocol/groups.md.
"""

from __future__ import annotations

from dataclasses import field
from typing import Final

from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass

GROUP_ID_BYTES: Final = 32
_HASH_BYTES: Final = 32


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
    picture: bytes = field(default=b"", repr=False)
    """Columns, rows, then three bytes a cell; empty: none."""

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


_GROUP = Shape(GroupRow)
_ENTRY = Shape(EntryRow)
_MEMBER = Shape(MemberRow)
_WAITING = Shape(WaitingRow)
_PUT = Statement("groups.PUT")
_ONE = Statement("groups.ONE")
_ALL = Statement("groups.ALL")
_COUNT_STATE = Statement("groups.COUNT_STATE")
_OLDEST = Statement("groups.OLDEST")
_FORGET_STATE = Statement("groups.FORGET_STATE")
_FORGET_ENTRIES = Statement("groups.FORGET_ENTRIES")
_FORGET_MEMBERS = Statement("groups.FORGET_MEMBERS")
_ADD_ENTRY = Statement("groups.ADD_ENTRY")
_ENTRIES = Statement("groups.ENTRIES")
_HASHES = Statement("groups.HASHES")
_ENTRY_ONE = Statement("groups.ENTRY_ONE")
_ENTRY_HERE = Statement("groups.ENTRY_HERE")
_COUNT_ENTRIES = Statement("groups.COUNT_ENTRIES")
_ENTRY_BYTES = Statement("groups.ENTRY_BYTES")
_ADD_MANIFEST = Statement("groups.ADD_MANIFEST")
_MANIFEST = Statement("groups.MANIFEST")
_PUT_MEMBER = Statement("groups.PUT_MEMBER")
_MEMBERS = Statement("groups.MEMBERS")
_COUNT_MEMBERS = Statement("groups.COUNT_MEMBERS")
_MEMBER_ONE = Statement("groups.MEMBER_ONE")
_DROP_MEMBER = Statement("groups.DROP_MEMBER")
_GROUPS_OF = Statement("groups.GROUPS_OF")
_COUNT_APART = Statement("groups.COUNT_APART")
_COUNT_NAMED = Statement("groups.COUNT_NAMED")
_WAIT = Statement("groups.WAIT")
_WAITING_OF = Statement("groups.WAITING_OF")
_TAKE_WAITING = Statement("groups.TAKE_WAITING")
_COUNT_WAITING = Statement("groups.COUNT_WAITING")
_COUNT_ALL_WAITING = Statement("groups.COUNT_ALL_WAITING")
_FORGET_WAITING = Statement("groups.FORGET_WAITING")
_NOTE_RECEIPT = Statement("groups.NOTE_RECEIPT")
_RECEIPTS = Statement("groups.RECEIPTS")


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


def oldest_group(rows: Rows, state: str, *, before_ms: int) -> bytes | None:
    """Return the oldest group in a state, if it was first known before a moment."""
    found: bytes | None = rows.value(_OLDEST, in_state=state, before_ms=before_ms)
    return found


def forget_group(rows: Rows, group_id: bytes) -> None:
    """Forget a group: its log, its members, what waits for it. Its messages stay."""
    for each in (_FORGET_STATE, _FORGET_ENTRIES, _FORGET_MEMBERS, _TAKE_WAITING):
        rows.run(each, which=group_id)


def add_entry(rows: Rows, row: EntryRow, manifest: bytes) -> bool:
    """Keep an entry and the manifest it was signed under; False if it is here."""
    rows.run(_ADD_MANIFEST, hash=row.manifest_hash, manifest=manifest)
    return bool(rows.run(_ADD_ENTRY, **_ENTRY.write(row)))


def add_manifest(rows: Rows, manifest_hash: bytes, manifest: bytes) -> None:
    """Keep a manifest that entries were signed under."""
    rows.run(_ADD_MANIFEST, hash=manifest_hash, manifest=manifest)


def entries(rows: Rows, group_id: bytes, *, skip: int = 0) -> list[EntryRow]:
    """Return a group's log, parents first, but for so many at its beginning."""
    return [_ENTRY.read(found) for found in rows.all(_ENTRIES, group_id=group_id, skip=skip)]


def entry(rows: Rows, entry_hash: bytes) -> EntryRow | None:
    """Return one entry."""
    found = rows.first(_ENTRY_ONE, hash=entry_hash)
    return None if found is None else _ENTRY.read(found)


def entry_hashes(rows: Rows, group_id: bytes) -> list[bytes]:
    """Return the hashes of a group's log, in the order of `entries`."""
    return [each for (each,) in rows.all(_HASHES, group_id=group_id)]


def count_entries(rows: Rows, group_id: bytes) -> int:
    """Return how long a group's log is."""
    return int(rows.value(_COUNT_ENTRIES, group_id=group_id))


def entry_bytes(rows: Rows, group_id: bytes) -> int:
    """Return how many bytes the entries of a group's log have."""
    return int(rows.value(_ENTRY_BYTES, group_id=group_id))


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


def count_members(rows: Rows, group_id: bytes) -> int:
    """Return how many are in a group."""
    return int(rows.value(_COUNT_MEMBERS, group_id=group_id))


def member(rows: Rows, group_id: bytes, account_id: bytes) -> MemberRow | None:
    """Return a member, if they are one."""
    found = rows.first(_MEMBER_ONE, group=group_id, account=account_id)
    return None if found is None else _MEMBER.read(found)


def groups_of(rows: Rows, account_id: bytes) -> list[bytes]:
    """Return the ids of the groups that somebody is in."""
    return [group_id for (group_id,) in rows.all(_GROUPS_OF, account_id=account_id)]


def count_apart(rows: Rows, state: str, *, after_s: int) -> int:
    """Return how many contacts in a state are in no group that was joined, and were first known
    after a time, in unix seconds."""
    return int(rows.value(_COUNT_APART, in_state=state, after_s=after_s))


def count_named(rows: Rows, state: str) -> int:
    """Return how many contacts in a state are in groups that were never joined, and in no other."""
    return int(rows.value(_COUNT_NAMED, in_state=state))


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


def count_all_waiting(rows: Rows) -> int:
    """Return how many contents wait, whoever they are of."""
    return int(rows.value(_COUNT_ALL_WAITING))


def forget_waiting(rows: Rows, before_ms: int) -> int:
    """Forget what has waited since before a moment."""
    return rows.run(_FORGET_WAITING, before_ms=before_ms)


def note_group_receipt(rows: Rows, message_id: bytes, account_id: bytes, state: str) -> None:
    """Note how far a message of ours has come with one member; "read" stays."""
    rows.run(_NOTE_RECEIPT, message_id=message_id, account_id=account_id, state=state)


def group_receipts_of(rows: Rows, message_id: bytes) -> dict[bytes, str]:
    """Return how far a message of ours has come, by member."""
    return dict(rows.all(_RECEIPTS, message_id=message_id))
