"""Sender keys of groups: one's own chains and others', and by which tag an envelope finds its one.

Rule: what opens a message goes in the transaction that opened it. Chains are opaque and secret.
Spec: docs/client-store.md, section 4; docs/cryptography.md, section 17.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Final

from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass

KEPT: Final = 4
"""Chains of one device in a group: the one in use, and those of messages that are late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRow:
    """A chain, from `number` on. `is_own`: this device writes on it."""

    chain: bytes
    group_id: bytes
    account_id: bytes
    device_id: bytes
    is_own: bool
    number: int
    made_at_ms: int
    secret: bytes = field(repr=False)


_CHAIN = Shape(ChainRow)
_PUT = Statement("sender_keys.PUT")
_ONE = Statement("sender_keys.ONE")
_OF = Statement("sender_keys.OF")
_COUNT = Statement("sender_keys.COUNT")
_COUNT_STRAY = Statement("sender_keys.COUNT_STRAY")
_DROP = Statement("sender_keys.DROP")
_DROP_TAGS = Statement("sender_keys.DROP_TAGS")
_DROP_HOLDERS = Statement("sender_keys.DROP_HOLDERS")
_ADD_TAG = Statement("sender_keys.ADD_TAG")
_BY_TAG = Statement("sender_keys.BY_TAG")
_USE_TAG = Statement("sender_keys.USE_TAG")
_HOLD = Statement("sender_keys.HOLD")
_HOLDERS = Statement("sender_keys.HOLDERS")
_LAST_WRITERS = Statement("sender_keys.LAST_WRITERS")
_WRITERS = Statement("sender_keys.WRITERS")


def put_chain(rows: Rows, row: ChainRow, tags: Mapping[bytes, int] | None = None) -> None:
    """Keep a chain as it stands; a new one of somebody's with the tags of all its messages."""
    rows.run(_PUT, **_CHAIN.write(row))
    for tag, number in (tags or {}).items():
        rows.run(_ADD_TAG, tag=tag, chain=row.chain, number=number)
    for older in chains_of(rows, row.group_id, row.device_id)[KEPT:]:
        drop_chain(rows, older.chain)


def chain(rows: Rows, chain_id: bytes) -> ChainRow | None:
    """Return a chain."""
    found = rows.first(_ONE, chain=chain_id)
    return None if found is None else _CHAIN.read(found)


def chains_of(rows: Rows, group_id: bytes, device_id: bytes) -> list[ChainRow]:
    """Return the chains of a device in a group, the newest first."""
    return [_CHAIN.read(each) for each in rows.all(_OF, group_id=group_id, device_id=device_id)]


def count_chains(rows: Rows, account_id: bytes) -> int:
    """Return how many chains of somebody are kept, in all groups together."""
    return int(rows.value(_COUNT, account_id=account_id))


def count_stray_chains(rows: Rows) -> int:
    """Return how many chains are kept of whom no group that was joined has as a member."""
    return int(rows.value(_COUNT_STRAY))


def drop_chain(rows: Rows, chain_id: bytes) -> None:
    """Erase a chain with all that belongs to it."""
    for each in (_DROP, _DROP_TAGS, _DROP_HOLDERS):
        rows.run(each, which=chain_id)


def chain_by_tag(rows: Rows, tag: bytes) -> tuple[ChainRow, int] | None:
    """Return the chain, and which message of it, that an envelope with this tag is of."""
    found = rows.first(_BY_TAG, tag=tag)
    row = None if found is None else chain(rows, found[0])
    return None if found is None or row is None else (row, int(found[1]))


def use_tag(rows: Rows, tag: bytes) -> None:
    """Expect a message no more: it was opened."""
    rows.run(_USE_TAG, which=tag)


def hold(rows: Rows, chain_id: bytes, devices: Iterable[bytes]) -> None:
    """Note which devices have been given a chain of ours."""
    for each in devices:
        rows.run(_HOLD, chain=chain_id, device_id=each)


def holders(rows: Rows, chain_id: bytes) -> set[bytes]:
    """Return the devices that have been given a chain of ours."""
    return {device_id for (device_id,) in rows.all(_HOLDERS, chain=chain_id)}


def last_writers(rows: Rows, most: int) -> list[ChainRow]:
    """Return the newest chains that were given to us, of any group."""
    return [_CHAIN.read(each) for each in rows.all(_LAST_WRITERS, most=most)]


def writers(rows: Rows, group_id: bytes) -> set[bytes]:
    """Return the devices of which a group's chains are here."""
    return {device_id for (device_id,) in rows.all(_WRITERS, group_id=group_id)}
