"""A scrolling view of a history: reads what it lacks, lays it out, draws it line by line.

A ScrollView that draws lines (Line API) from the chunks in memory and asks for those it lacks.
Rule: no step is longer than a few entries' layout, whatever the length of the history; what is on
screen stays where it is when something above it changes. Knows no engine and no keys: it is given a
`Load`. Spec: docs/tui.md, section 3.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.message import Message as Posted
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from restante.client.interface import Message
from restante.client.tui.bridge import breathe
from restante.client.tui.entries import Entry, Line, lay_out
from restante.client.tui.history import Anchor, History, Place
from restante.client.tui.matches import Matches
from restante.client.tui.painting import style_of
from restante.client.tui.roles import SAID, Paint, Role
from restante.client.tui.stage import Stage
from restante.client.tui.wrap import cells
from restante.errors import RestanteError

Load = Callable[[int, int], Awaitable[list[Message]]]
"""Reads the messages at positions start .. start+count-1 (start, count)."""

STEP_S = 0.001
"""Layout pauses after this long, so that a key never waits for it."""

GUTTER = 2
MARGIN = 1

_ROLES = {
    Role.BODY: "body",
    Role.SENDER: "sender",
    Role.ME: "me",
    Role.FAINT: "faint",
    Role.QUOTE: "quote",
    Role.DIVIDER: "divider",
    Role.NEW: "new",
    Role.TICK: "tick",
    Role.ARRIVED: "arrived",
    Role.PROBLEM: "problem",
    Role.NOTICE: "notice",
    Role.STRONG: "strong",
    Role.EMPHASIS: "emphasis",
    Role.STRUCK: "struck",
    Role.CODE: "code",
    Role.KEYWORD: "keyword",
    Role.LITERAL: "literal",
    Role.COMMENT: "comment",
    Role.LINK: "link",
    Role.MENTION: "mention",
    Role.MENTION_OF_ME: "mention-of-me",
    Role.CHIP: "chip",
    Role.CHOICE: "choice",
    Role.THREAD: "thread",
}


class HistoryView(ScrollView):
    """Shows a history; `_history` and `_load` say which. MessageList gives it keys and events."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"message--{name}" for name in _ROLES.values()),
        "message--selected",
        "message--match",
    }

    # A history grows and shrinks with every chunk that is laid out; the view itself doesn't, so the
    # screen needs no new layout for it: only the scrollbar has to know.
    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False)

    @dataclass
    class Unreadable(Posted):
        """The history could not be read."""

        error: RestanteError

    def __init__(self, stage: Stage, *, id: str) -> None:  # Textual's name for it
        super().__init__(id=id)
        self._stage = stage
        self._history = History(0)
        self._load: Load | None = None
        self._new_count = 0
        self._empty_text = ""
        self._is_at_end = True
        self._is_settling = False
        self._is_filling = False
        self._cursor: int | None = None
        self._styles: dict[Role, Style] | None = None
        self._selected_style = Style()
        self._match_style = Style()
        self._matches: Matches | None = None
        self._base = Style()

    # ---- for whoever inherits -----------------------------------------------------------------

    def _settled(self) -> None:
        """Something moved or came: what is in sight may have changed."""

    # ---- places -------------------------------------------------------------------------------

    @property
    def _view_rows(self) -> int:
        return self.container_size.height

    @property
    def _line_width(self) -> int:
        # Not the region: that is known only after the layout, of which scrolling is a part.
        return self.container_size.width - self.styles.scrollbar_size_vertical

    @property
    def _text_width(self) -> int:
        return self._line_width - GUTTER - MARGIN

    @property
    def _blank_rows(self) -> int:
        """A short conversation stands at the bottom, next to the box."""
        return max(0, self._view_rows - self._history.rows)

    def _visible(self) -> tuple[int, int]:
        """First and last position on screen; needs a message."""
        history, top = self._history, self.scroll_offset.y
        bottom = min(top + self._view_rows, history.rows) - 1
        places = history.at_row(min(top, max(0, bottom))), history.at_row(max(0, bottom))
        first = places[0].position if places[0] else 0
        return first, places[1].position if places[1] else history.count - 1

    def entries_in_sight(self) -> list[tuple[Message, int, tuple[Line, ...]]]:
        """Return the messages on screen, each with its first row there and its lines."""
        return [
            (message, row, self._history.lines_of(position))
            for row, position in self._first_rows()
            if (message := self._history.message_at(position)) is not None
        ]

    def _first_rows(self) -> Iterator[tuple[int, int]]:
        """Yield of each message on screen its first row there, below 0 if that is above, and where
        it stands in the history."""
        if not self._history.count:
            return
        first, last = self._visible()
        for position in range(first, last + 1):
            rows = self._history.rows_of(position)
            if rows is not None:
                yield rows[0] - self.scroll_offset.y + self._blank_rows, position

    def _last_visible(self) -> int:
        return self._visible()[1]

    def _anchor(self) -> Anchor | None:
        return None if self._is_at_end else self._history.anchor(self.scroll_offset.y)

    def _fit(self, anchor: Anchor | None) -> None:
        """Take the history's height, and put the anchor (or the end) where it was on screen."""
        history = self._history
        size = Size(0, history.rows)
        if size != self.virtual_size:
            self.virtual_size = size
        end = max(0, history.rows - self._view_rows)
        target = min(history.row_of(anchor), end) if anchor else self.scroll_offset.y
        target = end if self._is_at_end else target
        self._is_settling = True
        try:
            self.scroll_to(y=target, animate=False, force=True)
        finally:
            self._is_settling = False
        self.refresh()
        self._fetch()
        self._settled()

    def watch_virtual_size(self) -> None:
        """Tell the scrollbar."""
        self.vertical_scrollbar.window_virtual_size = self.virtual_size.height
        self.vertical_scrollbar.window_size = self._view_rows

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Note whether the end is in sight, and ask for what came into sight."""
        super().watch_scroll_y(old_value, new_value)
        if not self._is_settling:
            end = self._history.rows - self._view_rows
            self._is_at_end = round(new_value) >= end
            self._fetch()
            self._settled()

    def on_resize(self) -> None:
        """Lay out for the new width; what was laid out stays on screen until then."""
        self._fit(self._anchor())

    def lay_out_anew(self) -> None:
        """Lay everything out again: what it is laid out for has changed."""
        anchor = self._anchor()
        self._history.forget_layout()
        self._fit(anchor)

    # ---- reading ------------------------------------------------------------------------------

    def _fetch(self) -> None:
        if not self._is_filling and self._load is not None and self._lacking() is not None:
            self._is_filling = True
            self.run_worker(self._fill_all(), group="history")

    def _lacking(self) -> int | None:
        """Return the chunk to read or lay out next: one in sight, else one a screen away."""
        history, rows = self._history, self._view_rows
        if not history.rows or self._text_width <= 0 or not rows:
            return None
        top = self.scroll_offset.y
        for first, last in ((top, top + rows), (top - rows, top + 2 * rows)):
            start, _ = history.heights.at_row(min(max(0, first), history.rows - 1))
            end, _ = history.heights.at_row(min(max(0, last), history.rows - 1))
            for number in range(start, end + 1):
                if history.needs(number, self._text_width):
                    return number
        return None

    async def _fill_all(self) -> None:
        try:
            while (number := self._lacking()) is not None and self._load is not None:
                await self._fill(self._history, number)
        except RestanteError as error:
            self._load = None
            self.post_message(self.Unreadable(error))
        finally:
            self._is_filling = False

    async def _fill(self, history: History, number: int) -> None:
        """Read a chunk if need be, lay it out in small steps, and put it in its place."""
        heights, load, width = history.heights, self._load, self._text_width
        if load is None:
            return
        chunk = history.chunk(number)
        revision = history.revision, heights.size(number), chunk and chunk.revision
        if chunk is None or chunk.is_stale:
            start = heights.first(number)
            ahead = min(start, 1)
            read = await load(start - ahead, heights.size(number) + ahead)
            before, messages = (read[0], read[1:]) if ahead and read else (None, read)
            again = False
        else:
            start, before, messages, again = (
                heights.first(number),
                chunk.before,
                chunk.messages,
                True,
            )
        entries: list[Entry] = []
        unread_at, began = history.unread_at, perf_counter()
        for index, message in enumerate(list(messages)):
            previous = messages[index - 1] if index else before
            is_new = start + index == unread_at
            entries.append(self._lay_out(message, previous, is_new))
            if perf_counter() - began > STEP_S:
                await breathe()
                began = perf_counter()
        now = history.chunk(number) if number < heights.chunk_count else None
        size = heights.size(number) if now is not None or number < heights.chunk_count else -1
        if (history.revision, size, now and now.revision) != revision or width != self._text_width:
            return  # it changed meanwhile: whoever wants it asks again
        anchor = self._anchor() if history is self._history else None
        if again:
            history.lay_out_again(number, entries, width)
        else:
            history.place(number, messages, before, entries, width)
        history.evict(keep=(number,))
        if history is self._history:
            self._fit(anchor)

    def _lay_out(self, message: Message, before: Message | None, is_new: bool) -> Entry:
        page = self._stage.page(max(8, self._text_width))
        return lay_out(message, before, page, new_count=self._new_count if is_new else None)

    # ---- drawing ------------------------------------------------------------------------------

    def mark(self, matches: Matches | None) -> None:
        """Mark the words that were looked for, or none, wherever they are said."""
        if matches is None and self._matches is None:
            return
        self._matches = matches
        self._history.forget_strips()
        self.refresh()

    def notify_style_update(self) -> None:
        """Forget rendered lines when the theme changes."""
        super().notify_style_update()
        self._styles = None

    def render_line(self, y: int) -> Strip:
        """Draw one row of the screen."""
        width = self._line_width
        styles = self._styles or self._read_styles()
        if not self._history.count:
            return self._empty_line(y, width)
        place = self._history.at_row(y - self._blank_rows + self.scroll_offset.y)
        if place is None or y < self._blank_rows:
            return Strip.blank(width, self._base)
        is_selected = place.position == self._cursor and not place.is_lead
        is_selected = is_selected and (self.has_focus or self._matches is not None)
        key = (place.row_in_chunk, is_selected)
        strip = place.chunk.strips.get(key)
        if not isinstance(strip, Strip) or strip.cell_length != width:
            strip = self._draw(place, width, styles, is_selected)
            place.chunk.strips[key] = strip
        return strip

    def _draw(
        self,
        place: Place,
        width: int,
        styles: dict[Role, Style],
        is_selected: bool,
    ) -> Strip:
        base = self._selected_style if is_selected else None
        mark = self._stage.glyphs.cursor if is_selected else " "
        segments = [Segment(mark.ljust(GUTTER), styles[Role.ME] + base)]
        for text, role in place.line:
            if isinstance(role, Paint):
                segments.append(Segment(text, style_of(role)))
                continue
            style, at = styles[role] + base, 0
            spans = self._matches.spans(text) if self._matches and role in SAID else ()
            for start, end in spans:
                segments.append(Segment(text[at:start], style))
                segments.append(Segment(text[start:end], style + self._match_style))
                at = end
            segments.append(Segment(text[at:], style))
        fill = self._base + base if base else self._base
        return Strip(segments).adjust_cell_length(width, fill)

    def _empty_line(self, y: int, width: int) -> Strip:
        if y != self._view_rows // 2 or not self._empty_text:
            return Strip.blank(width, self._base)
        styles = self._styles or self._read_styles()
        indent = " " * max(0, (width - cells(self._empty_text)) // 2)
        return Strip([Segment(indent + self._empty_text, styles[Role.FAINT])]).adjust_cell_length(
            width, self._base
        )

    def _read_styles(self) -> dict[Role, Style]:
        self._base = self.rich_style
        self._styles = {
            role: self.get_component_rich_style(f"message--{name}") for role, name in _ROLES.items()
        }
        selected = self.get_component_rich_style("message--selected")
        self._selected_style = Style(bgcolor=selected.bgcolor)
        match = self.get_component_rich_style("message--match")
        self._match_style = Style(color=match.color, bgcolor=match.bgcolor, bold=True)
        self._history.forget_strips()
        return self._styles
