"""How far a history has come on its way from one own device to another, on either side.

Rule: what is noted here is durable before anything outside depends on it, so that a transfer goes
on where it was, whenever it was killed. Knows no blob and no part's format.
Spec: docs/client-store.md, section 6.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_rows import Rows, Shape, Statement

OUT: Final = "out"
IN: Final = "in"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRow:
    """One transfer: `direction` OUT or IN, `device_id` of the other device.

    Going out: `stage` and `cursor` say where in the history it is, `next_number` which part is made
    next, `message_number` and `mark_number` what there was when it began, or what has come late and
    was given out. Coming in: `next_number` is how many parts there are, 0 until that is known.
    """

    id: bytes
    direction: str
    device_id: bytes
    state: str
    stage: int = 0
    next_number: int = 0
    message_number: int = 0
    mark_number: int = 0
    messages_so_far: int = 0
    messages_in_all: int = 0
    bytes_so_far: int = 0
    begun_at_ms: int
    cursor: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRow:
    """A part of a transfer, and the blob that holds it: `size_bytes`, capability and key."""

    transfer: bytes
    number: int
    state: str
    size_bytes: int
    attempts: int = 0
    capability: bytes = field(repr=False)
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkRow:
    """A conversation that is given out: of its messages, those before `before_key` are left."""

    transfer: bytes
    position: int
    conversation: bytes
    before_key: bytes


_transfers = tables.transfers
_parts = tables.transfer_parts
_walk = tables.transfer_walk
_TRANSFER = Shape(TransferRow, _transfers)
_PART = Shape(PartRow, _parts)
_WALK = Shape(WalkRow, _walk)

_new_transfer = upsert(_transfers)
_SAVE_TRANSFER = Statement(
    _new_transfer.on_conflict_do_update(
        index_elements=[_transfers.c.id],
        set_={name: _new_transfer.excluded[name] for name in _TRANSFER.names},
    ),
    *_TRANSFER.names,
)
_ONE = Statement(select(*_TRANSFER.columns).where(_transfers.c.id == bindparam("id")))
_ALL = Statement(
    select(*_TRANSFER.columns)
    .where(_transfers.c.direction == bindparam("direction"))
    .order_by(_transfers.c.begun_at_ms, _transfers.c.id)
)
_FORGET = tuple(
    Statement(table.delete().where(column == bindparam("which")))
    for table, column in (
        (_transfers, _transfers.c.id),
        (_parts, _parts.c.transfer),
        (_walk, _walk.c.transfer),
    )
)
_new_part = upsert(_parts)
_SAVE_PART = Statement(
    _new_part.on_conflict_do_update(
        index_elements=[_parts.c.transfer, _parts.c.number],
        set_={name: _new_part.excluded[name] for name in _PART.names},
    ),
    *_PART.names,
)
_PARTS = Statement(
    select(*_PART.columns)
    .where(_parts.c.transfer == bindparam("transfer"))
    .order_by(_parts.c.number)
)
_DELETE_PART = Statement(
    _parts.delete().where(
        _parts.c.transfer == bindparam("of_transfer"), _parts.c.number == bindparam("at_number")
    )
)
_new_step = upsert(_walk)
_SAVE_WALK = Statement(
    _new_step.on_conflict_do_update(
        index_elements=[_walk.c.transfer, _walk.c.position],
        set_={"before_key": _new_step.excluded.before_key},
    ),
    *_WALK.names,
)
_WALK_OF = Statement(
    select(*_WALK.columns)
    .where(_walk.c.transfer == bindparam("transfer"))
    .order_by(_walk.c.position)
)


def save_transfer(rows: Rows, row: TransferRow) -> None:
    """Keep a transfer, in place of what was kept of it."""
    rows.run(_SAVE_TRANSFER, **_TRANSFER.write(row))


def transfer(rows: Rows, id: bytes) -> TransferRow | None:  # noqa: A002  # the column's name
    """Return a transfer."""
    found = rows.first(_ONE, id=id)
    return None if found is None else _TRANSFER.read(found)


def transfers(rows: Rows, direction: str) -> list[TransferRow]:
    """Return all transfers of a direction, the oldest first."""
    return [_TRANSFER.read(found) for found in rows.all(_ALL, direction=direction)]


def forget_transfer(rows: Rows, id: bytes) -> None:  # noqa: A002  # the column's name
    """Forget a transfer, its parts and its walk."""
    for statement in _FORGET:
        rows.run(statement, which=id)


def save_part(rows: Rows, row: PartRow) -> None:
    """Keep a part, in place of what was kept of it."""
    rows.run(_SAVE_PART, **_PART.write(row))


def parts(rows: Rows, transfer: bytes) -> list[PartRow]:
    """Return the parts of a transfer, by number."""
    return [_PART.read(found) for found in rows.all(_PARTS, transfer=transfer)]


def delete_part(rows: Rows, transfer: bytes, number: int) -> None:
    """Forget a part."""
    rows.run(_DELETE_PART, of_transfer=transfer, at_number=number)


def save_walk(rows: Rows, steps: Iterable[WalkRow]) -> None:
    """Keep how far conversations have been given out."""
    rows.run_many(_SAVE_WALK, map(_WALK.write, steps))


def walk(rows: Rows, transfer: bytes) -> list[WalkRow]:
    """Return the conversations of a transfer, in the order in which they are given out."""
    return [_WALK.read(found) for found in rows.all(_WALK_OF, transfer=transfer)]
