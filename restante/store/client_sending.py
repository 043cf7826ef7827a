"""What is to be sent at a time, and under which keys scripts have sent already.

Rule: a key names one message for good, for as long as it is kept; a scheduled text is neither a
message nor in the outbox before its time. Spec: docs/client-store.md.
"""

from __future__ import annotations

from dataclasses import field
from typing import Final

from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledRow:
    """A text that waits for its time."""

    id: bytes
    """Of the message that it will be."""
    account_id: bytes
    text: str = field(repr=False)
    quoted: bytes | None
    due_ms: int
    error: str | None
    """Why it was not sent when it was due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingKeyRow:
    """A key that was used: for which message, and what that was."""

    hash: bytes
    message_id: bytes
    digest: bytes
    used_at_ms: int


SCHEDULED: Final = Shape(ScheduledRow)
SENDING_KEY: Final = Shape(SendingKeyRow)
_SCHEDULE = Statement("sending.SCHEDULE")
_ALL = Statement("sending.ALL")
_ONE = Statement("sending.ONE")
_NEXT = Statement("sending.NEXT")
_REFUSED = Statement("sending.REFUSED")
_UNSCHEDULE = Statement("sending.UNSCHEDULE")
_KEY = Statement("sending.KEY")
_ADD_KEY = Statement("sending.ADD_KEY")
_FORGET = Statement("sending.FORGET")


def schedule(rows: Rows, row: ScheduledRow) -> None:
    """Keep a text for its time."""
    rows.run(_SCHEDULE, **SCHEDULED.write(row))


def scheduled_texts(rows: Rows) -> list[ScheduledRow]:
    """Return all that wait, the next one first."""
    return [SCHEDULED.read(found) for found in rows.all(_ALL)]


def scheduled_text(rows: Rows, message_id: bytes) -> ScheduledRow | None:
    """Return one that waits."""
    found = rows.first(_ONE, id=message_id)
    return None if found is None else SCHEDULED.read(found)


def next_due_ms(rows: Rows) -> int | None:
    """Return when the next one is due, of those that nothing stands in the way of."""
    found: int | None = rows.value(_NEXT)
    return found


def refuse_scheduled(rows: Rows, message_id: bytes, because: str | None) -> None:
    """Note why one isn't sent although it is due; None: it is to be tried again."""
    rows.run(_REFUSED, which=message_id, because=because)


def unschedule(rows: Rows, message_id: bytes) -> bool:
    """Take one away; False if it isn't there."""
    return bool(rows.run(_UNSCHEDULE, id=message_id))


def sending_key(rows: Rows, key_hash: bytes) -> SendingKeyRow | None:
    """Return what a key was used for."""
    found = rows.first(_KEY, hash=key_hash)
    return None if found is None else SENDING_KEY.read(found)


def add_sending_key(rows: Rows, row: SendingKeyRow) -> None:
    """Note what a key is used for."""
    rows.run(_ADD_KEY, **SENDING_KEY.write(row))


def forget_sending_keys(rows: Rows, *, before_ms: int) -> None:
    """Forget keys that were used before a time."""
    rows.run(_FORGET, before_ms=before_ms)
