"""What is to be sent: durable before the first attempt, until a relay has answered for it.

Rule: an entry is sealed once; its envelope id and payload stay the same through every retry, so
that a relay stores it once and no key seals two texts. Entries go out in the order they came.
States are the engine's words. Spec: docs/client-store.md, section 6.
"""

from __future__ import annotations

from dataclasses import field

from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One content for one device, or for an account whose devices aren't known yet.

    `payload` is the sealed envelope that goes out under `envelope_id`; both are None until then.
    `message_id` is None for what stands in no history, as receipts. `next_attempt_ms` is None
    while it waits for something else than time. `was_sent`: an attempt may have reached the relay.
    """

    id: bytes
    envelope_id: bytes | None
    message_id: bytes | None
    account_id: bytes
    device_id: bytes | None
    content: bytes = field(repr=False)
    payload: bytes | None = field(repr=False)
    relay: str
    state: str
    attempts: int
    next_attempt_ms: int | None
    created_at_ms: int
    ttl_s: int
    was_sent: bool


_ENTRY = Shape(OutboxRow)
_ENQUEUE = Statement("outbox.ENQUEUE")
_BY_ID = Statement("outbox.BY_ID")
_DUE = Statement("outbox.DUE")
_DUE_AT = Statement("outbox.DUE_AT")
_RELAYS_DUE = Statement("outbox.RELAYS_DUE")
_NEXT_DUE = Statement("outbox.NEXT_DUE")
_SAVE_SEALED = Statement("outbox.SAVE_SEALED")
_SET_CONTENT = Statement("outbox.SET_CONTENT")
_MARK = Statement("outbox.MARK")
_DELETE = Statement("outbox.DELETE")
_COUNT = Statement("outbox.COUNT")
_COUNT_MESSAGES = Statement("outbox.COUNT_MESSAGES")
_BY_MESSAGE = Statement("outbox.BY_MESSAGE")
_BY_ACCOUNT = Statement("outbox.BY_ACCOUNT")
_ALL = Statement("outbox.ALL")
_WAKE = Statement("outbox.WAKE")
_WAKE_ACCOUNT = Statement("outbox.WAKE_ACCOUNT")


def enqueue(rows: Rows, row: OutboxRow) -> None:
    """Add an entry at the end. Raises Conflict if its id is there."""
    rows.run(_ENQUEUE, **_ENTRY.write(row))


def outbox_entry(rows: Rows, id: bytes) -> OutboxRow | None:  # the column's name
    """Return an entry, unless it is done with."""
    found = rows.first(_BY_ID, which=id)
    return None if found is None else _ENTRY.read(found)


def due(rows: Rows, now_ms: int, limit: int, *, relay: str | None = None) -> list[OutboxRow]:
    """Return the entries whose time has come, in the order in which they were added.

    With `relay` only those for one: a slow relay must not crowd the others out.
    """
    if relay is None:
        found = rows.all(_DUE, now_ms=now_ms, limit=limit)
    else:
        found = rows.all(_DUE_AT, now_ms=now_ms, limit=limit, relay=relay)
    return [_ENTRY.read(row) for row in found]


def relays_due(rows: Rows, now_ms: int) -> list[str]:
    """Return the relays for which something is due."""
    return [relay for (relay,) in rows.all(_RELAYS_DUE, now_ms=now_ms)]


def next_due_ms(rows: Rows) -> int | None:
    """Return when the next entry comes due; None if none waits for time."""
    earliest: int | None = rows.value(_NEXT_DUE)
    return earliest


def save_sealed(
    rows: Rows,
    id: bytes,  # the column's name
    *,
    envelope_id: bytes,
    device_id: bytes,
    payload: bytes,
    relay: str,
) -> None:
    """Keep the sealed envelope of an entry; from here on only these bytes are sent."""
    rows.run(
        _SAVE_SEALED,
        which=id,
        envelope_id=envelope_id,
        device_id=device_id,
        payload=payload,
        relay=relay,
    )


def set_content(rows: Rows, id: bytes, content: bytes) -> None:  # the column's name
    """Change what an entry says; only before it is sealed."""
    rows.run(_SET_CONTENT, which=id, content=content)


def mark(
    rows: Rows,
    id: bytes,  # the column's name
    *,
    state: str,
    attempts: int,
    next_attempt_ms: int | None,
    was_sent: bool,
) -> None:
    """Note where an entry stands and when it is tried again."""
    rows.run(
        _MARK,
        which=id,
        state=state,
        attempts=attempts,
        next_attempt_ms=next_attempt_ms,
        was_sent=was_sent,
    )


def wake(rows: Rows, now_ms: int) -> int:
    """Make every entry that waits for a later time due now; return how many."""
    return rows.run(_WAKE, now_ms=now_ms, next_attempt_ms=now_ms)


def wake_account(rows: Rows, account_id: bytes, now_ms: int) -> int:
    """Make due what was tried before for an account and put off; return how many entries."""
    return rows.run(_WAKE_ACCOUNT, which=account_id, now_ms=now_ms, next_attempt_ms=now_ms)


def delete(rows: Rows, id: bytes) -> None:  # the column's name
    """Take an entry out: it is relayed, cancelled or given up."""
    rows.run(_DELETE, which=id)


def count(rows: Rows) -> int:
    """Return how many entries there are."""
    return int(rows.value(_COUNT))


def count_messages(rows: Rows) -> int:
    """Return how many messages are under way, however many devices each goes to."""
    return int(rows.value(_COUNT_MESSAGES))


def outbox_entries(rows: Rows) -> list[OutboxRow]:
    """Return all entries, in the order in which they were added."""
    return [_ENTRY.read(row) for row in rows.all(_ALL)]


def by_message(rows: Rows, message_id: bytes) -> list[OutboxRow]:
    """Return the entries that carry a message, one for each device."""
    return [_ENTRY.read(row) for row in rows.all(_BY_MESSAGE, message_id=message_id)]


def by_account(rows: Rows, account_id: bytes) -> list[OutboxRow]:
    """Return the entries for an account."""
    return [_ENTRY.read(row) for row in rows.all(_BY_ACCOUNT, account_id=account_id)]
