"""The chance pause before the account's other devices hear of something.

A relay that sees a deposit for somebody, and at the same moment one for another device of ours,
soon knows who wrote to whom; the same with what is read (attack 50). Rule: SYNC for all devices
waits as receipts do, each content for a pause drawn anew; what one device asked for, what was tried
before, and that somebody was blocked, doesn't wait. In memory: after a restart it waits once more.
Spec: docs/engine.md, section 12.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeGuard

from restante.protocol.codec import decode
from restante.protocol.content import Content, Kind
from restante.protocol.sync import RecordKind, Sync, SyncRecord
from restante.store import client_outbox
from restante.store.client_records import record

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.syncing.outgoing import Item
    from restante.store.client_outbox import OutboxRow
    from restante.store.client_rows import Rows

LONGEST_MS: Final = 600_000
"""An entry that is put off for much longer looks as if the clock had been set back."""


class SyncPause:
    """Puts off what must not leave at once."""

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self._waiting: set[bytes] = set()
        self._in_a_hurry = 0

    @property
    def is_on(self) -> bool:
        """Whether anything may be waiting."""
        return bool(self._waiting)

    @contextmanager
    def cut_short(self) -> Iterator[None]:
        """Let nothing wait in the block: the process is about to end."""
        self._in_a_hurry += 1
        try:
            yield
        finally:
            self._in_a_hurry -= 1

    def after(self, rows: Rows, entries: list[OutboxRow]) -> list[OutboxRow]:
        """Return which of these due entries for own devices go now; the others are put off."""
        jitter_ms = self._context.tuning.receipt_jitter_s * 1000
        now_ms = self._context.now_ms()
        going = []
        for each in entries:
            may_wait = jitter_ms and not self._in_a_hurry and each.id not in self._waiting
            if not may_wait or not _waits(rows, each):
                self._waiting.discard(each.id)
                going.append(each)
            elif client_outbox.outbox_entry(rows, each.id) is not None:
                self._waiting.add(each.id)
                pause_ms = min(int(self._context.chance() * jitter_ms), LONGEST_MS)
                _put_off(rows, each, now_ms + pause_ms)
        return going

    def end(self, rows: Rows) -> None:
        """Make due all that waits."""
        for entry_id in self._waiting:
            entry = client_outbox.outbox_entry(rows, entry_id)
            if entry is not None and not entry.attempts:
                _put_off(rows, entry, self._context.now_ms())


def _waits(rows: Rows, entry: OutboxRow) -> bool:
    if entry.device_id is not None or entry.payload is not None or entry.attempts:
        return False
    content = Content.from_bytes(entry.content)
    return content.kind == Kind.SYNC and not _is_a_blocking(rows, decode(content.body, Sync).items)


def _is_a_blocking(rows: Rows, items: list[Item]) -> bool:
    """Whether somebody was blocked, and nothing else is said that would tell what was written."""
    if not all(isinstance(each, SyncRecord) for each in items):
        return False
    states = (record(rows, each.kind, each.key) for each in items if _is_state(each))
    return any(each is not None and each.value == b"blocked" for each in states)


def _is_state(item: Item) -> TypeGuard[SyncRecord]:
    return isinstance(item, SyncRecord) and item.kind == RecordKind.CONTACT_STATE


def _put_off(rows: Rows, entry: OutboxRow, due_ms: int) -> None:
    client_outbox.mark(
        rows,
        entry.id,
        state=entry.state,
        attempts=entry.attempts,
        next_attempt_ms=due_ms,
        was_sent=entry.was_sent,
    )
