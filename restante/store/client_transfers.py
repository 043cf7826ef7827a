"""How far a history has come on its way from one own device to another, on either side.

Rule: what is noted here is durable before anything outside depends on it, so that a transfer goes
on where it was, whenever it was killed. Knows no blob and no part's format.
Spec: docs/client-store.md, section 6.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Final

from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass

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


_TRANSFER = Shape(TransferRow)
_PART = Shape(PartRow)
_WALK = Shape(WalkRow)
_SAVE_TRANSFER = Statement("transfers.SAVE_TRANSFER")
_ONE = Statement("transfers.ONE")
_ALL = Statement("transfers.ALL")
_FORGET = Statement("transfers.FORGET")
_FORGET_PARTS = Statement("transfers.FORGET_PARTS")
_FORGET_WALK = Statement("transfers.FORGET_WALK")
_SAVE_PART = Statement("transfers.SAVE_PART")
_PARTS = Statement("transfers.PARTS")
_DELETE_PART = Statement("transfers.DELETE_PART")
_SAVE_WALK = Statement("transfers.SAVE_WALK")
_WALK_OF = Statement("transfers.WALK_OF")


def save_transfer(rows: Rows, row: TransferRow) -> None:
    """Keep a transfer, in place of what was kept of it."""
    rows.run(_SAVE_TRANSFER, **_TRANSFER.write(row))


def transfer(rows: Rows, id: bytes) -> TransferRow | None:  # the column's name
    """Return a transfer."""
    found = rows.first(_ONE, id=id)
    return None if found is None else _TRANSFER.read(found)


def transfers(rows: Rows, direction: str) -> list[TransferRow]:
    """Return all transfers of a direction, the oldest first."""
    return [_TRANSFER.read(found) for found in rows.all(_ALL, direction=direction)]


def forget_transfer(rows: Rows, id: bytes) -> None:  # the column's name
    """Forget a transfer, its parts and its walk."""
    for statement in (_FORGET, _FORGET_PARTS, _FORGET_WALK):
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
