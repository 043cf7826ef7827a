"""The messages of the open conversation: what comes, what changes, what the reader has seen.

Rule: the end stays in sight while the reader is there, and nothing moves while they are elsewhere.
Knows no engine. Spec: docs/tui.md, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msgspec import structs
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message as Posted

from restante.client.interface import Message, MessageState
from restante.client.tui.cursor_view import CursorView
from restante.client.tui.entries import Line, role_at
from restante.client.tui.history import History
from restante.client.tui.history_view import GUTTER, Load
from restante.client.tui.poll_lines import choice_at
from restante.client.tui.roles import Role
from restante.client.tui.stage import Stage

LINES_ABOVE_NEW = 4
"""The unread divider, its space, and a line of what was read before."""


class MessageList(CursorView, can_focus=True):
    """Shows one conversation. Nothing is shown before `open`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "select(-1)", "Up", show=False, id="messages.up"),
        Binding("down,j", "select(1)", "Down", show=False, id="messages.down"),
        Binding("g,home", "oldest", "Oldest", show=False, id="messages.oldest"),
        Binding("G,end", "latest", "Latest", show=False, id="messages.latest"),
        Binding("f3", "screen.next_match(1)", "Next match", show=False, id="messages.next_match"),
        Binding(
            "shift+f3",
            "screen.next_match(-1)",
            "Match before",
            show=False,
            id="messages.previous_match",
        ),
        Binding("i", "screen.write_here", "Write", show=False, id="messages.write"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="messages.page_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="messages.page_down"),
    ]

    @dataclass
    class Seen(Posted):
        """The reader has everything up to this message on screen or above."""

        message: Message

    @dataclass
    class QuoteClicked(Posted):
        """The reader wants to see what this message answers."""

        message: Message

    @dataclass
    class ChoiceClicked(Posted):
        """The reader wants to vote for an answer of this poll, counted from 1."""

        message: Message
        number: int

    @dataclass
    class Below(Posted):
        """How much arrived out of sight below; None: the end is in sight."""

        count: int | None

    class Moved(Posted):
        """Something in sight came, went, or stands elsewhere."""

    class Left(Posted):
        """The reader went down past the last message."""

    @dataclass
    class OpenClicked(Posted):
        """A link of a message was clicked, or the message twice: it is to be opened."""

        message: Message

    @dataclass
    class ThreadClicked(Posted):
        """The reader wants to see the answers to this message."""

        message: Message

    def __init__(self, stage: Stage, *, id: str = "messages") -> None:
        super().__init__(stage, id=id)
        self._arrived_below = 0
        self._is_new_to_show = False
        self._top_to_show: int | None = None
        self.last_seen: Message | None = None
        """The last message that was in sight."""
        self._below: int | None = None

    # ---- what others ask for ------------------------------------------------------------------

    async def open(
        self,
        count: int,
        load: Load,
        *,
        unread_at: int | None,
        new_count: int,
        empty_text: str,
        at: int | None = None,
        top: int | None = None,
        keeps_cursor: bool = False,
    ) -> None:
        """Show a conversation: a message of it, else from the first unread one, else its end.

        `at`: with the cursor on this one; `top`: with this one at the top edge. `keeps_cursor`: of
        the same conversation that was open.
        """
        at, top = (None if each is None or not 0 <= each < count else each for each in (at, top))
        history = History(count, unread_at=unread_at if new_count else None)
        self._history, self._load = history, load
        self._new_count, self._empty_text = new_count, empty_text
        stays = None if self._cursor is None or not count else min(self._cursor, count - 1)
        self._cursor = stays if keeps_cursor else None
        self._cursor_to_show = self.last_seen = None
        self._arrived_below = 0
        goes_to = at if at is not None else top
        self._is_at_end = goes_to is None
        self._is_new_to_show = goes_to is None and history.unread_at is not None
        self._top_to_show = top if at is None else None
        if history.count and self._text_width > 0:
            # Before anything is drawn, so that no empty list flashes by.
            first = history.count - 1 if history.unread_at is None else history.unread_at
            first = first if goes_to is None else goes_to
            await self._fill(history, history.heights.at_position(first)[0])
        if self._history is history:
            if at is not None:
                self.go_to(at)
            self._fit(None)

    def close(self) -> None:
        """Show nothing."""
        self._history = History(0)
        self._load = None
        self._empty_text = ""
        self._cursor = None
        self._fit(None)

    @property
    def count(self) -> int:
        """Messages in the open conversation."""
        return self._history.count

    def add(self, message: Message) -> None:
        """Show a message that appeared."""
        anchor = self._anchor()
        was_at_end = message.position >= self._history.count
        if not self._history.add(message, self._lay_out, self._text_width):
            return
        if self._cursor is not None and message.position <= self._cursor and not was_at_end:
            self._cursor += 1
        if not self._is_at_end and was_at_end and not message.sender.is_me:
            self._arrived_below += 1
        self._fit(anchor)

    def change(self, message: Message) -> None:
        """Show a message as it is now."""
        anchor = self._anchor()
        if self._history.change(message, self._lay_out):
            self._fit(anchor)

    def draw_again(self, message_id: str) -> None:
        """Lay a message out anew, if it is in memory: what isn't in it has changed."""
        message = self._history.known(message_id)
        if message is not None:
            self.change(message)

    def message_at(self, position: int) -> Message | None:
        """Return a message, if it is in memory."""
        return self._history.message_at(position)

    def change_same(self, message: Message) -> None:
        """Show a message as it is now, in the place where it stands here."""
        known = self._history.known(message.id)
        if known is not None:
            kept = {"position": known.position, "answers": known.answers, "quote": known.quote}
            self.change(structs.replace(message, **kept))

    def forget_new(self) -> None:
        """Take the unread divider away: the reader has answered."""
        position, self._history.unread_at = self._history.unread_at, None
        if position is not None and (message := self._history.message_at(position)):
            self.change(message)

    def last_of_mine(self) -> Message | None:
        """Return the last text of one's own among the messages that were read last, if any."""
        for position in range(self._history.count - 1, max(-1, self._history.count - 65), -1):
            message = self._history.message_at(position)
            if message is None:
                return None
            is_text = message.sender.is_me and message.kind == "text"
            if is_text and message.state not in {MessageState.FAILED, MessageState.EXPIRED}:
                return message
        return None

    def in_sight(self) -> list[tuple[int, int]]:
        """Return the rows on screen where messages begin, and their positions."""
        return [(row, at) for row, at in self._first_rows() if 0 <= row < self._view_rows]

    def go_to(self, position: int) -> None:
        """Put the cursor on a message and bring it into sight, not the unread divider."""
        if 0 <= position < self._history.count:
            self._is_new_to_show = False
            super().go_to(position)

    @property
    def held(self) -> Message | None:
        """The message at the top edge, while the reader is elsewhere than at the end."""
        if self._is_at_end or not self._history.count:
            return None
        return self._history.message_at(self._visible()[0])

    def grow_older(self) -> None:
        """Tell the ages of what is in sight anew."""
        if not self._history.count:
            return
        first, last = self._visible()
        for position in range(first, last + 1):
            message = self._history.message_at(position)
            if message is not None and (message.location is not None or message.poll is not None):
                self.change(message)

    def scroll_to_latest(self) -> None:
        """Go to the end, and stay there."""
        self._is_at_end = True
        self._arrived_below = 0
        self._fit(None)

    # ---- the end, and the mouse --------------------------------------------------------------

    def action_latest(self) -> None:
        """Go to the last message."""
        self.scroll_to_latest()
        if self._history.count:
            self._select(self._history.count - 1)

    def on_click(self, event: events.Click) -> None:
        """Select what was clicked."""
        self.click(event.y, event.x, is_double=event.chain == 2)

    def click(self, row: int, column: int = 0, *, is_double: bool = False) -> None:
        """Select what stands in a row of the list; a link, or a second click, opens it."""
        place = self._history.at_row(row - self._blank_rows + self.scroll_offset.y)
        if place is not None:
            self._select(place.position)
            message = self._history.message_at(place.position)
            if message is None:
                return
            if message.quote is not None and self._is_quote(place.line):
                self.post_message(self.QuoteClicked(message))
            elif (number := choice_at(message, place.line)) is not None:
                self.post_message(self.ChoiceClicked(message, number))
            elif any(role is Role.THREAD for _, role in place.line):
                self.post_message(self.ThreadClicked(message))
            elif is_double or role_at(place.line, column - GUTTER) is Role.LINK:
                self.post_message(self.OpenClicked(message))

    def _leave(self) -> None:
        self.post_message(self.Left())

    def _is_quote(self, line: Line) -> bool:
        mark = self._stage.glyphs.quote + " "
        return any(role is Role.QUOTE and text.startswith(mark) for text, role in line)

    # ---- what came of it ----------------------------------------------------------------------

    def _settled(self) -> None:
        if self._is_at_end:
            self._arrived_below = 0
        self._show_new()
        self._show_top()
        self._show_cursor()
        if self._stage.graphics is not None:
            self.post_message(self.Moved())
        below = None if self._is_at_end else self._arrived_below
        if below != self._below:
            self._below = below
            self.post_message(self.Below(below))
        if self._history.count:
            message, seen = self._history.message_at(self._last_visible()), self.last_seen
            if message is not None and (seen is None or message.id != seen.id):
                self.last_seen = message
                self.post_message(self.Seen(message))

    def _show_top(self) -> None:
        """Scroll to the message that is to stand at the top edge, once its chunk has come."""
        position = self._top_to_show
        if position is None or position >= self._history.count or not self._view_rows:
            return
        rows = self._history.rows_of(position)
        number, _ = self._history.heights.at_position(position)
        if rows is not None:
            self._top_to_show = None
        y = self._history.heights.top(number) if rows is None else rows[0]
        self.scroll_to(y=y, animate=False, force=True)

    def _show_new(self) -> None:
        """Scroll to the unread divider, once its chunk has come, unless all of it is in sight."""
        history = self._history
        if not self._is_new_to_show or history.unread_at is None or not self._view_rows:
            return
        rows = history.rows_of(history.unread_at)
        if rows is None:
            number, _ = history.heights.at_position(history.unread_at)
            top = history.heights.top(number)
        else:
            self._is_new_to_show = False
            top = max(0, rows[0] - LINES_ABOVE_NEW)
        end = max(0, history.rows - self._view_rows)
        self._is_at_end = top >= end
        self.scroll_to(y=min(top, end), animate=False, force=True)
