"""Contacts who were away while the account moved are told again, for a year.

The old relay shows the `moved` for thirty days, and a mailbox keeps what it was told for as long.
Whoever is away for longer would come back to an address where nobody is. Rule: only those who have
sent nothing since are told, each by one envelope in twenty days, and no look at a clock ends it.
Spec: docs/engine.md, section 18.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import trio
from msgspec import Struct
from msgspec.structs import replace

from restante.client.acquaintance import is_welcome
from restante.client.backoff import unit_interval
from restante.client.changes import Changes
from restante.client.queueing import control_content, enqueue_content, local_id
from restante.client.syncing.self_contact import is_self
from restante.errors import RemoteProtocolError, StoreError
from restante.protocol.codec import decode, encode
from restante.protocol.content import Kind, Moved
from restante.store.client_account import get_value, set_value
from restante.store.client_contacts import contacts
from restante.store.client_messages import message_count, window
from restante.store.client_outbox import outbox_entry
from restante.store.client_sessions import sessions_with

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.crypto.randomness import Randomness
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

AGAIN_AFTER_MS: Final = 20 * 86_400_000
"""Less than a mailbox keeps an envelope: there is always one there for who comes back."""

ROUNDS: Final = 18
"""A year of them."""

LOOK_EVERY_S: Final = 21_600.0

_LATELY: Final = 256
"""Messages of a conversation among which one of theirs is looked for."""

_KEY: Final = "move_told"
_MAX_BYTES: Final = 4000


class _Told(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The last move, and when contacts were told of it last."""

    statement: bytes
    moved_at_ms: int
    told_at_ms: int
    rounds_left: int


class TellingAgain:
    """The service. `run` looks now and then; for ever."""

    def __init__(self, context: EngineContext, announcer: Announcer) -> None:
        self._context = context
        self._announcer = announcer

    async def run(self) -> None:
        """Tell whoever is due."""
        while True:
            with contextlib.suppress(StoreError):  # the disk is full, say: later is soon enough
                await self._tell()
            await trio.sleep(LOOK_EVERY_S)

    async def _tell(self) -> None:
        context, changes = self._context, Changes()
        await context.write(
            lambda rows: tell_again(
                rows,
                changes,
                jitter_ms=context.tuning.receipt_jitter_s * 1000,
                randomness=context.randomness,
                now_ms=context.now_ms(),
            )
        )
        await self._announcer.tell(changes)


def note_told(rows: Rows, statement: bytes, *, now_ms: int) -> None:
    """Remember a move of which everybody was told just now; one before it is told no more."""
    told = _Told(statement=statement, moved_at_ms=now_ms, told_at_ms=now_ms, rounds_left=ROUNDS)
    set_value(rows, _KEY, encode(told))


def tell_again(
    rows: Rows, changes: Changes, *, jitter_ms: float, randomness: Randomness, now_ms: int
) -> None:
    """Queue the move for those who were silent since, if it is time."""
    told = _told(rows)
    if told is None or abs(now_ms - told.told_at_ms) < AGAIN_AFTER_MS:
        return
    for row in contacts(rows):
        if is_self(row) or not is_welcome(row) or not sessions_with(rows, row.account_id):
            continue
        entry_id = local_id("moved", row.account_id, told.statement, told.rounds_left.to_bytes(1))
        if _has_written(rows, row, since_ms=told.moved_at_ms) or outbox_entry(rows, entry_id):
            continue
        content = control_content(
            Kind.MOVED, Moved(statement=told.statement), now_ms=now_ms, randomness=randomness
        )
        enqueue_content(
            rows,
            changes,
            row,
            content.to_bytes(),
            entry_id=entry_id,
            message_id=None,
            now_ms=now_ms,
            delay_ms=int(unit_interval(randomness.random(7)) * jitter_ms),
        )
    now_told = replace(told, told_at_ms=now_ms, rounds_left=told.rounds_left - 1)
    set_value(rows, _KEY, encode(now_told) if now_told.rounds_left else None)


def _has_written(rows: Rows, row: ContactRow, *, since_ms: int) -> bool:
    """Whether something of theirs came since: then their mailbox was emptied, with the move."""
    start = max(message_count(rows, row.account_id) - _LATELY, 0)
    return any(
        each.received_at_ms is not None and each.received_at_ms > since_ms
        for each in window(rows, row.account_id, start, _LATELY)
    )


def _told(rows: Rows) -> _Told | None:
    packed = get_value(rows, _KEY)
    if packed is None:
        return None
    try:
        return decode(packed, _Told, max_bytes=_MAX_BYTES)
    except RemoteProtocolError as error:
        raise StoreError("The profile's notes on a move are damaged.") from error
