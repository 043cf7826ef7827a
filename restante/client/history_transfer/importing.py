"""A history taken in: rows filed in the past of a device that is in use meanwhile.

Rule: filing what is there already changes nothing, so that an interrupted part is simply taken in
again; what came by itself meanwhile is kept, and the further of two states counts. Nobody gets a
receipt, a line of the feed or a notice for what was old news to the account.
Inside the caller's transaction. Spec: docs/protocol/history.md, section 3.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field, replace
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from restante.client.grammar.folding import GONE_MARK, READ_MARK
from restante.client.grammar.marking import is_hidden, settle, without_excerpt
from restante.client.grammar.naming import calls_of
from restante.client.grammar.timers import start_clock
from restante.client.history_transfer.items import mark_row, message_row
from restante.client.interface import MessageState
from restante.client.states import moved
from restante.errors import RemoteProtocolError
from restante.protocol.history_part import (
    HistoryConversation,
    HistoryMark,
    HistoryMessage,
    HistoryRecord,
    Item,
)
from restante.protocol.order import advance
from restante.store.client_conversations import clock, set_clock
from restante.store.client_marks import (
    MarkRow,
    add_mark,
    delete_mark,
    has_marks,
    mark_by_counter,
    marks_of,
)
from restante.store.client_marks import mark as mark_here
from restante.store.client_messages import (
    MessageRow,
    delete_message,
    insert_messages,
    message,
    message_by_counter,
    update_state,
)
from restante.store.client_rewrites import set_gone
from restante.store.client_transfer_rows import ids_here, merge_counters
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.store.client_rows import Rows

PutRecord = Callable[["Rows", "Changes", HistoryRecord], None]
"""Keeps a record as one that another own device sent, and does what follows from it."""

BATCH_ITEMS: Final = 512
BATCH_BYTES: Final = 1024 * 1024
"""Of one transaction: the database is another's again within a few tenths of a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """What taking a history in needs besides the transaction."""

    own_account: bytes
    own_device: bytes
    put_record: PutRecord
    now_ms: int

    def take_in(self, rows: Rows, changes: Changes, items: Iterable[Item]) -> None:
        """File a batch of items."""
        batch = _Batch()
        for item in items:
            if isinstance(item, HistoryRecord):
                self.put_record(rows, changes, item)
            elif isinstance(item, HistoryConversation):
                self._file(rows, changes, batch)  # what is here isn't missing
                batch = _Batch()
                self._merge(rows, item)
            elif isinstance(item, HistoryMessage):
                batch.messages.append(message_row(item, own_account=self.own_account))
            elif isinstance(item, HistoryMark):
                batch.marks.append(mark_row(item))
        self._file(rows, changes, batch)

    def _merge(self, rows: Rows, item: HistoryConversation) -> None:
        """Take over what the other device knows of a conversation's clock and counters."""
        key = item.conversation
        set_clock(rows, key, advance(clock(rows, key), item.clock, self.now_ms))
        for each in item.highest:
            if each.device != self.own_device:
                merge_counters(rows, key, each.device, highest=each.counter, missing=())
        lacking = [
            each
            for each in item.missing
            if message_by_counter(rows, key, each.device, each.counter) is None
            and mark_by_counter(rows, key, each.device, each.counter) is None
        ]
        for device, missing in groupby(lacking, attrgetter("device")):
            if device != self.own_device:
                counters = [each.counter for each in missing]
                merge_counters(rows, key, device, highest=0, missing=counters)

    def _file(self, rows: Rows, changes: Changes, batch: _Batch) -> None:
        here = ids_here(rows, [row.id for row in batch.messages])
        here -= self._clear_places(rows, [row for row in batch.messages if row.id in here])
        said = self._said(rows, [row for row in batch.messages if row.id not in here])
        added = [
            row
            for row in batch.messages
            if row.id not in here and not self._is_over(rows, row, said[row.id])
        ]
        by_conversation = attrgetter("conversation")
        # In the order of the conversation: that costs the fewest moves of its positions.
        in_order = sorted(added, key=lambda row: (row.conversation, row.order_key))
        for conversation, rows_of in groupby(in_order, by_conversation):
            insert_messages(rows, conversation, (_as_filed(rows, each) for each in rows_of))
            changes.conversations[conversation] = None
        changed = {row.id for row in added if said[row.id]}
        for row in added:
            self._start_clock(rows, row, said[row.id])
        for row in batch.messages:
            if row.id in here:
                self._advance(rows, row)
        for mark in batch.marks:
            if add_mark(rows, mark) or self._replaces(rows, mark):
                changed.add(mark.target)
        for target in changed:
            settle(rows, changes, target)
        changes.is_resync = changes.is_resync or bool(batch.messages or batch.marks)

    def _said(self, rows: Rows, fresh: list[MessageRow]) -> dict[bytes, list[MarkRow]]:
        """Return what is known here already of messages that come only now."""
        if not has_marks(rows):  # as in a new database, as long as messages come first
            return {row.id: [] for row in fresh}
        return {row.id: marks_of(rows, row.id) for row in fresh}

    def _clear_places(self, rows: Rows, found: Iterable[MessageRow]) -> set[bytes]:
        """Erase what somebody else has sent under ids of messages of this account; return those.

        Whoever has our old messages knows their ids, and hears of a new device before its history
        is there.
        """
        taken = set()
        for row in found:
            known = message(rows, row.id)
            if known is not None and known.author != row.author == self.own_account:
                delete_message(rows, row.id)
                taken.add(row.id)
        return taken

    def _replaces(self, rows: Rows, mark: MarkRow) -> bool:
        """Put a change of this account's in the place of what somebody else sent under its id."""
        known = mark_here(rows, mark.id)
        if known is None or not known.author != mark.author == self.own_account:
            return False
        delete_mark(rows, mark.id)
        return add_mark(rows, mark)

    def _is_over(self, rows: Rows, row: MessageRow, said: list[MarkRow]) -> bool:
        """Whether a message was deleted here, or its time is over."""
        if row.gone_at_ms is not None and row.gone_at_ms <= self.now_ms:
            return True
        return any(mark.kind == GONE_MARK for mark in said) or is_hidden(rows, row.id)

    def _start_clock(self, rows: Rows, row: MessageRow, said: list[MarkRow]) -> None:
        """Count that another own device has read a message before it came here."""
        for mark in said:
            if mark.kind == READ_MARK and row.received_at_ms is not None:
                update_state(rows, row.id, MessageState.READ.value, None)
                start_clock(rows, row.id, at_ms=mark.at_ms, now_ms=self.now_ms)

    def _advance(self, rows: Rows, row: MessageRow) -> None:
        """Let one that is here take the further state, and the earlier end."""
        known = message(rows, row.id)
        if known is None or (known.conversation, known.author) != (row.conversation, row.author):
            return
        to = moved(MessageState(known.state), MessageState(row.state))
        if to in {MessageState.RELAYED, MessageState.DELIVERED, MessageState.READ}:
            update_state(rows, row.id, to.value, None)
        ends = known.gone_at_ms
        if row.gone_at_ms is not None and (ends is None or row.gone_at_ms < ends):
            set_gone(rows, row.id, row.gone_at_ms)


@dataclass(slots=True)
class _Batch:
    messages: list[MessageRow] = field(default_factory=list)
    marks: list[MarkRow] = field(default_factory=list)


def batches(
    items: Iterable[Item],
    *,
    most: int = BATCH_ITEMS,
    most_bytes: int = BATCH_BYTES,
    size_of: Callable[[Item], int] | None = None,
) -> Iterator[list[Item]]:
    """Cut items into lots for one transaction each. `size_of`: bytes of an item, about."""
    batch: list[Item] = []
    size_bytes = 0
    for item in items:
        batch.append(item)
        size_bytes += (size_of or size_bytes_of)(item)
        if len(batch) >= most or size_bytes >= most_bytes:
            yield batch
            batch, size_bytes = [], 0
    if batch:
        yield batch


def size_bytes_of(item: Item) -> int:
    """Return how much of a batch an item takes, about."""
    if isinstance(item, HistoryMessage):
        return len(item.text) + len(item.body)
    if isinstance(item, HistoryMark):
        return len(item.value) + len(item.body)
    return 1024


def _as_filed(rows: Rows, row: MessageRow) -> MessageRow:
    """Return a message with what this device knows of it."""
    with contextlib.suppress(RemoteProtocolError):  # a body that only its own device can read
        if calls := calls_of(rows, row):
            row = replace(row, calls=calls)
    return _quoting_nothing_gone(rows, row)


def _quoting_nothing_gone(rows: Rows, row: MessageRow) -> MessageRow:
    """Return a message without what it repeats of one that was erased here meanwhile."""
    if row.quote_id is None or not row.quote_excerpt:
        return row
    quoted = message(rows, row.quote_id)
    if quoted is None:
        is_erased = any(mark.kind == GONE_MARK for mark in marks_of(rows, row.quote_id))
    else:
        is_erased = quoted.kind == "deleted"
    return replace(row, quote_excerpt="", body=without_excerpt(row.body)) if is_erased else row
