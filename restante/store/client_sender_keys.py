"""Sender keys of groups: one's own chains and others', and by which tag an envelope finds its one.

Rule: what opens a message goes in the transaction that opened it. Chains are opaque and secret.
Spec: docs/client-store.md, section 4; docs/cryptography.md, section 16.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, bindparam, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store.client_rows import Rows, Shape, Statement
from restante.store.client_tables import client_metadata

KEPT: Final = 4
"""Chains of one device in a group: the one in use, and those of messages that are late."""


def _blob(name: str, **more: Any) -> Column[Any]:
    return Column(name, LargeBinary, **{"nullable": False, **more})


group_chains: Final = Table(
    "group_chains",
    client_metadata,
    _blob("chain", primary_key=True),
    _blob("group_id"),
    _blob("account_id"),
    _blob("device_id"),
    Column("is_own", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("made_at_ms", Integer, nullable=False),
    _blob("secret"),
    Index("group_chains_by_device", "group_id", "device_id"),
    sqlite_with_rowid=False,
)

group_chain_tags: Final = Table(
    "group_chain_tags",
    client_metadata,
    _blob("tag", primary_key=True),
    _blob("chain"),
    Column("number", Integer, nullable=False),
    Index("group_chain_tags_by_chain", "chain"),
    sqlite_with_rowid=False,
)

group_chain_holders: Final = Table(
    "group_chain_holders",
    client_metadata,
    _blob("chain", primary_key=True),
    _blob("device_id", primary_key=True),
    sqlite_with_rowid=False,
)


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


_CHAIN = Shape(ChainRow, group_chains)
_put = upsert(group_chains)
_PUT = Statement(
    _put.on_conflict_do_update(
        index_elements=[group_chains.c.chain],
        set_={"number": _put.excluded.number, "secret": _put.excluded.secret},
    ),
    *_CHAIN.names,
)
_ONE = Statement(select(*_CHAIN.columns).where(group_chains.c.chain == bindparam("chain")))
_OF = Statement(
    select(*_CHAIN.columns)
    .where(
        group_chains.c.group_id == bindparam("group_id"),
        group_chains.c.device_id == bindparam("device_id"),
    )
    .order_by(group_chains.c.made_at_ms.desc(), group_chains.c.chain)
)
_COUNT = Statement(
    select(func.count())
    .select_from(group_chains)
    .where(group_chains.c.account_id == bindparam("account_id"))
)
_DROP = Statement(group_chains.delete().where(group_chains.c.chain == bindparam("which")))
_DROP_TAGS = Statement(
    group_chain_tags.delete().where(group_chain_tags.c.chain == bindparam("which"))
)
_DROP_HOLDERS = Statement(
    group_chain_holders.delete().where(group_chain_holders.c.chain == bindparam("which"))
)
_ADD_TAG = Statement(upsert(group_chain_tags).on_conflict_do_nothing(), "tag", "chain", "number")
_BY_TAG = Statement(
    select(group_chain_tags.c.chain, group_chain_tags.c.number).where(
        group_chain_tags.c.tag == bindparam("tag")
    )
)
_USE_TAG = Statement(group_chain_tags.delete().where(group_chain_tags.c.tag == bindparam("which")))
_HOLD = Statement(upsert(group_chain_holders).on_conflict_do_nothing(), "chain", "device_id")
_HOLDERS = Statement(
    select(group_chain_holders.c.device_id).where(group_chain_holders.c.chain == bindparam("chain"))
)


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
