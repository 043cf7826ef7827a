"""The list of conversations: two lines each, drawn line by line.

Rule: the cursor stays on its conversation when the order changes. Knows no engine.
Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message as Posted
from textual.scroll_view import ScrollView
from textual.strip import Strip

from restante.client.interface import Conversation
from restante.client.tui import words
from restante.client.tui.chat_rows import STYLES, preview_line, title_line
from restante.client.tui.chats import Chats
from restante.client.tui.stage import Stage

ROWS = 2
"""Lines of a conversation."""


class ChatList(ScrollView, can_focus=True):
    """All conversations; one is open, one is under the cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"chat--{name}" for name in STYLES),
        "chat--open",
        "chat--cursor",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="chats.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="chats.down"),
        Binding("home,g", "move(-1000000)", "First", show=False, id="chats.first"),
        Binding("end,G", "move(1000000)", "Last", show=False, id="chats.last"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="chats.page_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="chats.page_down"),
        Binding("enter,right,l", "choose", "Open", key_display="Enter", id="chats.open"),
        Binding("p", "screen.pin_chat", "Keep at top", show=False, id="chats.pin"),
        Binding("m", "screen.mute", "Mute", id="chats.mute"),
        Binding("u", "screen.mark_unread", "Unread", show=False, id="chats.unread"),
        Binding("x", "screen.archive", "Archive", id="chats.archive"),
    ]

    @dataclass
    class Chosen(Posted):
        """The user wants this conversation."""

        key: str

    def __init__(self, stage: Stage, chats: Chats) -> None:
        super().__init__(id="chat-list")
        self._stage = stage
        self._chats = chats
        self._open: str | None = None
        self._cursor: str | None = None
        self._styles: dict[str, Style] | None = None
        self._grounds: dict[bool, Style] = {}

    def show(self, *, open_key: str | None) -> None:
        """Draw the list as it is now."""
        if open_key is not None and open_key != self._open:
            self._cursor = open_key
        self._open = open_key
        rows = len(self._chats.shown()) * ROWS
        if self.virtual_size.height != rows:
            self.virtual_size = Size(0, rows)
        self.refresh()

    # ---- keys and mouse -----------------------------------------------------------------------

    def action_move(self, step: int) -> None:
        """Move the cursor by conversations."""
        ordered = self._chats.shown()
        if ordered:
            at = min(max(0, self._cursor_index() + step), len(ordered) - 1)
            self._cursor = ordered[at].key
            self._show_cursor(at)

    def action_page(self, pages: int) -> None:
        """Move by a screen."""
        self.action_move(pages * max(1, self.size.height // ROWS))

    def in_sight(self) -> list[tuple[int, str]]:
        """Return the rows on screen where conversations stand, and their keys."""
        rows = [
            (at * ROWS - self.scroll_offset.y, each.key)
            for at, each in enumerate(self._chats.shown())
        ]
        return [(row, key) for row, key in rows if 0 <= row < self.size.height]

    def action_choose(self) -> None:
        """Open what is under the cursor."""
        ordered = self._chats.shown()
        if ordered:
            self.post_message(self.Chosen(ordered[self._cursor_index()].key))

    def on_click(self, event: events.Click) -> None:
        """Open what was clicked."""
        at = (event.y + self.scroll_offset.y) // ROWS
        ordered = self._chats.shown()
        if at < len(ordered):
            self._cursor = ordered[at].key
            self.post_message(self.Chosen(ordered[at].key))

    @property
    def under_cursor(self) -> Conversation | None:
        """The conversation that keys act on while the list has the focus."""
        shown = self._chats.shown()
        return shown[self._cursor_index()] if shown else None

    def _cursor_index(self) -> int:
        return self._chats.place_of(self._cursor)

    def _show_cursor(self, at: int) -> None:
        top, height = self.scroll_offset.y, self.size.height
        if at * ROWS < top:
            self.scroll_to(y=at * ROWS, animate=False)
        elif (at + 1) * ROWS > top + height:
            self.scroll_to(y=(at + 1) * ROWS - height, animate=False)
        self.refresh()

    # ---- drawing ------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        """Read the theme's styles again."""
        super().notify_style_update()
        self._styles = None

    def render_line(self, y: int) -> Strip:
        """Draw one row of the screen."""
        width = self.scrollable_content_region.width
        styles = self._styles or self._read_styles()
        ordered = self._chats.shown()
        if not ordered:
            return self._empty_line(y, width)
        at, line = divmod(y + self.scroll_offset.y, ROWS)
        if at >= len(ordered):
            return Strip.blank(width, self.rich_style)
        return self._draw(ordered[at], at, line, styles)

    def _draw(
        self, conversation: Conversation, at: int, line: int, styles: dict[str, Style]
    ) -> Strip:
        stage, width = self._stage, self.scrollable_content_region.width
        is_open = conversation.key == self._open
        is_cursor = self.has_focus and at == self._cursor_index()
        is_muted = self._chats.is_muted(conversation)
        draft = None if is_open else self._chats.drafts.get(conversation.key)
        page = stage.page(width - 2)
        parts = (
            title_line(conversation, page, is_muted=is_muted)
            if line == 0
            else preview_line(
                conversation,
                page,
                draft,
                is_muted=is_muted,
                is_typing=conversation.key in self._chats.typing,
            )
        )
        ground = self._grounds[is_cursor] if is_open or is_cursor else Style()
        mark = stage.glyphs.cursor if is_open else " "
        segments = [Segment(mark, styles["mark"] + ground)]
        segments += [Segment(text, styles[name] + ground) for text, name in parts]
        return Strip(segments).adjust_cell_length(width, self.rich_style + ground)

    def _empty_line(self, y: int, width: int) -> Strip:
        lines = {1: words.NO_CHATS, 2: words.invite_hint(self._stage.key_of("new_chat", "^n"))}
        if len(self._chats):
            lines = {1: words.NO_ARCHIVED if self._chats.shows_archived else words.ALL_ARCHIVED}
        text = lines.get(y, "")
        styles = self._styles or self._read_styles()
        return Strip([Segment(f" {text}", styles["faint"])]).adjust_cell_length(
            width, self.rich_style
        )

    def _read_styles(self) -> dict[str, Style]:
        self._styles = {name: self.get_component_rich_style(f"chat--{name}") for name in STYLES}
        self._grounds = {
            is_cursor: Style(bgcolor=self.get_component_rich_style(f"chat--{name}").bgcolor)
            for is_cursor, name in ((False, "open"), (True, "cursor"))
        }
        return self._styles
