"""The cursor of a view of a history: where it stands, what moves it, and how it comes into sight.

Rule: it stands on a message, also on one that isn't in memory yet: that one is shown once it is.
Knows no engine. Spec: docs/tui.md, section 3.
"""

from __future__ import annotations

from restante.client.interface import Message
from restante.client.tui.history_view import HistoryView
from restante.client.tui.stage import Stage


class CursorView(HistoryView):
    """Moves the cursor. MessageList gives it keys."""

    def __init__(self, stage: Stage, *, id: str) -> None:  # Textual's name for it
        super().__init__(stage, id=id)
        self._cursor_to_show: int | None = None
        self._is_jump = False
        """The cursor's message is to be shown with what stands around it."""

    def _leave(self) -> None:
        """Go on below the last message: for whoever inherits."""

    @property
    def selected(self) -> Message | None:
        """The message under the cursor, if it is in memory."""
        return None if self._cursor is None else self._history.message_at(self._cursor)

    def go_to(self, position: int) -> None:
        """Put the cursor on a message and bring it into sight."""
        if 0 <= position < self._history.count:
            self._is_at_end = False
            self._is_jump = True
            self._select(position)

    def go_to_message(self, message_id: str) -> bool:
        """Go to a message by its id; False if it isn't in memory."""
        known = self._history.known(message_id)
        if known is not None:
            self.go_to(known.position)
        return known is not None

    # ---- keys -------------------------------------------------------------------------------

    def action_select(self, step: int) -> None:
        """Move the cursor by a message."""
        last = self._history.count - 1
        if last < 0:
            self._leave()
            return
        if self._cursor is None:
            self._select(self._last_visible())
        elif self._cursor + step > last:
            self._leave()
        else:
            self._select(max(0, self._cursor + step))

    def action_oldest(self) -> None:
        """Go to the first message."""
        if self._history.count:
            self._select(0)

    def action_page(self, pages: int) -> None:
        """Move by a screen."""
        self.scroll_to(y=self.scroll_offset.y + pages * (self._view_rows - 1), animate=False)
        self.call_next(self._select_visible)

    def on_focus(self) -> None:
        """Put the cursor on what is on screen."""
        if self._history.count:
            position = self._cursor
            first, last = self._visible()
            if position is None or not first <= position <= last:
                self._cursor = self._last_visible()
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.refresh()

    # ---- moving it -------------------------------------------------------------------------

    def _select(self, position: int) -> None:
        self._cursor = position
        self._cursor_to_show = position
        self.screen.refresh_bindings()  # what the keys do depends on the message
        self._show_cursor()
        self.refresh()

    def _select_visible(self) -> None:
        if self._cursor is None:
            return
        first, last = self._visible()
        self._cursor = min(max(self._cursor, first), last)
        self.refresh()

    def _show_cursor(self) -> None:
        """Scroll until the cursor's message is in sight; again when its chunk has come."""
        position = self._cursor_to_show
        if position is None or position >= self._history.count:
            return
        rows = self._history.rows_of(position)
        if rows is None:
            number, _ = self._history.heights.at_position(position)
            self.scroll_to(y=self._history.heights.top(number), animate=False, force=True)
            self._fetch()
            return
        self._cursor_to_show = None
        first, end = rows if position else (0, rows[1])
        top = self.scroll_offset.y
        is_jump, self._is_jump = self._is_jump, False
        if is_jump and not top <= first < end <= top + self._view_rows:
            around = max(0, first - (self._view_rows - (end - first)) // 3)
            self.scroll_to(y=min(around, first), animate=False, force=True)
        elif first < top:
            self.scroll_to(y=first, animate=False, force=True)
        elif end > top + self._view_rows:
            self.scroll_to(y=min(first, end - self._view_rows), animate=False, force=True)
