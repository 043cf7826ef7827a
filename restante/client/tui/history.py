"""The part of a conversation that is in memory, and where all of it stands. Pure.

Chunks of messages that were read, their laid-out entries, and the heights of everything. Rule:
inserting, changing and evicting never lose the place of what is on screen: an `Anchor` taken before
a change finds its row after it. Knows no engine and no Textual. Spec: docs/tui.md, section 3.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

from restante.client.interface import Message
from restante.client.tui.chunk import Chunk
from restante.client.tui.entries import Entry, Line
from restante.client.tui.heights import SPLIT_AT, Heights
from restante.values import dataclass

MAX_CHUNKS = 48
"""Chunks kept in memory: about 3,000 messages."""

ESTIMATE_ROWS = 3.0
"""Rows of a message before any was laid out."""

LayOut = Callable[[Message, Message | None, bool], Entry]
"""Message, the one before, whether the unread divider stands above it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A place in the history that survives changes of height: an entry's line, or a chunk's row."""

    chunk: Chunk | None
    number: int
    """The chunk's index when the anchor was taken."""
    message_id: str | None
    row: int
    """Within the message's entry, or within the chunk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What stands at a row."""

    chunk: Chunk
    position: int
    row_in_chunk: int
    line: Line
    is_lead: bool


class History:
    """One open conversation. `width` is that of the layout wanted now."""

    def __init__(self, count: int, *, unread_at: int | None = None) -> None:
        """`unread_at`: position of the message under the unread divider."""
        self.heights = Heights(count, estimate=ESTIMATE_ROWS)
        self.unread_at = unread_at
        self.revision = 0
        """Grows when positions move."""
        self._chunks: list[Chunk | None] = [None] * self.heights.chunk_count
        self._recent: OrderedDict[int, Chunk] = OrderedDict()
        self._by_message: dict[str, Chunk] = {}
        self._is_estimated = False

    # ---- reading ----------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """Messages in the conversation, in memory or not."""
        return self.heights.count

    @property
    def rows(self) -> int:
        """Height of the whole conversation."""
        return self.heights.rows

    def chunk(self, number: int) -> Chunk | None:
        """Return a chunk if it is in memory."""
        return self._chunks[number]

    def number_of(self, chunk: Chunk) -> int | None:
        """Return a chunk's index, or None when it was dropped."""
        try:
            return self._chunks.index(chunk)
        except ValueError:
            return None

    def needs(self, number: int, width: int) -> bool:
        """Whether a chunk must be read or laid out before it can be shown at this width."""
        chunk = self._chunks[number]
        return chunk is None or chunk.is_stale or chunk.width != width

    def at_row(self, row: int) -> Place | None:
        """Return what stands at a row, if it is in memory and laid out at any width."""
        try:
            number, offset = self.heights.at_row(row)
        except IndexError:
            return None
        chunk = self._chunks[number]
        if chunk is None or not chunk.entries or offset >= chunk.tops[-1]:
            return None
        index = chunk.index_at(offset)
        entry = chunk.entries[index]
        line = offset - chunk.tops[index]
        return Place(
            chunk=chunk,
            position=self.heights.first(number) + index,
            row_in_chunk=offset,
            line=entry.lines[line],
            is_lead=line < entry.lead,
        )

    def message_at(self, position: int) -> Message | None:
        """Return a message if it is in memory."""
        try:
            number, index = self.heights.at_position(position)
        except IndexError:
            return None
        chunk = self._chunks[number]
        return chunk.messages[index] if chunk and index < len(chunk.messages) else None

    def known(self, message_id: str) -> Message | None:
        """Return a message by its id, if it is in memory."""
        chunk = self._by_message.get(message_id)
        index = None if chunk is None else chunk.find(message_id)
        return None if chunk is None or index is None else chunk.messages[index]

    def rows_of(self, position: int) -> tuple[int, int] | None:
        """Return the first row of a message (without its lead) and the row after it."""
        number, index = self.heights.at_position(position)
        chunk = self._chunks[number]
        if chunk is None or index >= len(chunk.entries):
            return None
        top = self.heights.top(number)
        return top + chunk.tops[index] + chunk.entries[index].lead, top + chunk.tops[index + 1]

    def lines_of(self, position: int) -> tuple[Line, ...]:
        """Return the lines of a message that `rows_of` has rows for, without its lead."""
        number, index = self.heights.at_position(position)
        chunk = self._chunks[number]
        entry = None if chunk is None else chunk.entries[index]
        return () if entry is None else entry.lines[entry.lead :]

    def forget_layout(self) -> None:
        """Have all that is in memory laid out again; until then it is shown as it was."""
        for chunk in self._recent.values():
            chunk.width = 0

    # ---- anchors ----------------------------------------------------------------------------

    def anchor(self, row: int) -> Anchor | None:
        """Remember what stands at a row."""
        try:
            number, offset = self.heights.at_row(row)
        except IndexError:
            return None
        chunk = self._chunks[number]
        if chunk is None or not chunk.entries or offset >= chunk.tops[-1]:
            return Anchor(chunk=chunk, number=number, message_id=None, row=offset)
        index = chunk.index_at(offset)
        return Anchor(
            chunk=chunk,
            number=number,
            message_id=chunk.messages[index].id,
            row=offset - chunk.tops[index],
        )

    def row_of(self, anchor: Anchor) -> int:
        """Return where an anchor stands now."""
        chunk = anchor.chunk
        if anchor.message_id is not None:
            chunk = self._by_message.get(anchor.message_id, chunk)
        number = self.number_of(chunk) if chunk is not None else None
        if number is None:
            number, chunk = min(anchor.number, self.heights.chunk_count - 1), None
        if number < 0:
            return 0
        top = self.heights.top(number)
        if chunk is None or anchor.message_id is None or not chunk.entries:
            return top + min(anchor.row, max(0, self.heights.height(number) - 1))
        index = chunk.find(anchor.message_id)
        if index is None or index >= len(chunk.entries):
            return top
        return top + chunk.tops[index] + min(anchor.row, max(0, chunk.entries[index].height - 1))

    # ---- filling ----------------------------------------------------------------------------

    def place(
        self,
        number: int,
        messages: Sequence[Message],
        before: Message | None,
        entries: list[Entry],
        width: int,
    ) -> None:
        """Keep what was read for a chunk, laid out; another count corrects its size."""
        old = self._chunks[number]
        if old is not None:
            self._forget(old)
        chunk = Chunk(messages=list(messages), before=before)
        chunk.set_entries(entries, width)
        if len(messages) != self.heights.size(number):
            self.heights.resize(number, len(messages))
        self._adopt(number, chunk)
        if not self._is_estimated and entries:
            self._is_estimated = True
            self.heights.assume(max(1.0, chunk.tops[-1] / len(entries)))

    def lay_out_again(self, number: int, entries: list[Entry], width: int) -> None:
        """Keep a new layout of a chunk that is in memory."""
        chunk = self._chunks[number]
        if chunk is not None:
            chunk.set_entries(entries, width)
            self.heights.measure(number, chunk.tops[-1])
            self.touch(chunk)

    def _adopt(self, number: int, chunk: Chunk) -> None:
        self._chunks[number] = chunk
        self._by_message.update((message.id, chunk) for message in chunk.messages)
        self.heights.measure(number, chunk.tops[-1])
        self.touch(chunk)

    def touch(self, chunk: Chunk) -> None:
        """Mark a chunk as just used."""
        self._recent[id(chunk)] = chunk
        self._recent.move_to_end(id(chunk))

    def forget_strips(self) -> None:
        """Have every row drawn anew."""
        for chunk in self._recent.values():
            chunk.strips.clear()

    def evict(self, *, keep: Iterable[int] = ()) -> None:
        """Drop the chunks used longest ago, past `MAX_CHUNKS`; their heights stay."""
        if len(self._recent) <= MAX_CHUNKS:
            return
        kept = {id(self._chunks[number]) for number in keep}
        for key in list(self._recent):
            if len(self._recent) <= MAX_CHUNKS:
                return
            if key not in kept:
                self._drop(self._recent[key])

    def _drop(self, chunk: Chunk) -> None:
        number = self.number_of(chunk)
        if number is not None:
            self._chunks[number] = None
        self._forget(chunk)

    def _forget(self, chunk: Chunk) -> None:
        self._recent.pop(id(chunk), None)
        for message in chunk.messages:
            if self._by_message.get(message.id) is chunk:
                del self._by_message[message.id]

    # ---- events -----------------------------------------------------------------------------

    def add(self, message: Message, lay_out: LayOut, width: int) -> bool:
        """Insert a message that appeared at its position. Returns False if it was there already.

        At the end, where nearly all appear, the entry is laid out at once. In the middle, what was
        read from there on is marked to be read again, since a read may have overtaken its event.
        """
        position = message.position
        known = self._by_message.get(message.id)
        if known is not None:
            number = self.number_of(known)
            if number is not None:
                index = known.find(message.id)
                if index is not None and self.heights.first(number) + index == position:
                    return False
            self._mark_stale(number or 0)
        while position > self.count:  # events were missed: keep their places free
            self._append(None, lay_out, width)
        if position == self.count:
            self._append(message, lay_out, width)
            return True
        self.revision += 1
        number, index = self.heights.insert(position)
        if self.unread_at is not None and position <= self.unread_at:
            self.unread_at += 1
        chunk = self._chunks[number]
        if chunk is not None and not chunk.is_stale:
            self._put(number, chunk, index, message, lay_out)
        self._mark_stale(number)
        if self.heights.size(number) >= SPLIT_AT:
            self._split(number)
        return True

    def change(self, message: Message, lay_out: LayOut) -> bool:
        """Replace a message that is in memory. Returns whether it was."""
        chunk = self._by_message.get(message.id)
        number = None if chunk is None else self.number_of(chunk)
        if chunk is None or number is None:
            return False
        index = chunk.find(message.id)
        if index is None:
            return False
        chunk.messages[index] = message
        chunk.revision += 1
        self._lay_out_from(number, chunk, index, lay_out)
        return True

    def _append(self, message: Message | None, lay_out: LayOut, width: int) -> None:
        number = self.heights.append()
        if number == len(self._chunks):
            previous = self._chunks[-1] if self._chunks else None
            self._chunks.append(None)
            if message is None or (number and (previous is None or previous.is_stale)):
                return  # read when somebody looks there
            before = previous.messages[-1] if previous is not None else None
            self._adopt(number, Chunk(messages=[], before=before, width=width))
        chunk = self._chunks[number]
        if chunk is None:
            return
        if message is None or chunk.is_stale:
            chunk.is_stale = True
            return
        self._put(number, chunk, len(chunk.messages), message, lay_out)

    def _put(
        self, number: int, chunk: Chunk, index: int, message: Message, lay_out: LayOut
    ) -> None:
        chunk.messages.insert(index, message)
        chunk.entries.insert(index, Entry(lines=(), lead=0))
        chunk.revision += 1
        self._by_message[message.id] = chunk
        self._lay_out_from(number, chunk, index, lay_out)

    def _lay_out_from(self, number: int, chunk: Chunk, index: int, lay_out: LayOut) -> None:
        """Lay out the entry at an index and the one after it, whose heading may depend on it."""
        first = self.heights.first(number)
        entries = list(chunk.entries)
        for at in range(index, min(index + 2, len(chunk.messages))):
            before = chunk.messages[at - 1] if at else chunk.before
            entries[at] = lay_out(chunk.messages[at], before, first + at == self.unread_at)
        chunk.set_entries(entries, chunk.width)
        self.heights.measure(number, chunk.tops[-1])

    def _mark_stale(self, number: int) -> None:
        for chunk in self._chunks[number:]:
            if chunk is not None:
                chunk.is_stale = True

    def _split(self, number: int) -> None:
        chunk = self._chunks[number]
        self.heights.split(number)
        self._chunks[number : number + 1] = [None, None]
        if chunk is None:
            return
        self._forget(chunk)
        half = self.heights.size(number)
        before = chunk.before
        for at, part in ((number, slice(half)), (number + 1, slice(half, None))):
            piece = Chunk(messages=chunk.messages[part], before=before, is_stale=True)
            piece.set_entries(chunk.entries[part], chunk.width)
            self._adopt(at, piece)
            before = piece.messages[-1] if piece.messages else before
