"""What names one or answers one, in all chats: what is unread first, then the newest.

Rule: it shows; what is chosen is shown in its place by the screen below. Looking at this list
reads nothing. Spec: docs/tui.md, section 14.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets.option_list import Option

from restante.client.interface import Message
from restante.client.language import _
from restante.client.tui import thread_words
from restante.client.tui.chats import Chats
from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import REST_ROWS
from restante.client.tui.found_dialog import PAGE, FoundDialog
from restante.client.tui.found_lines import found_lines, found_width
from restante.client.tui.stage import Stage
from restante.errors import RestanteError

Read = Callable[[bool, str | None, int], Awaitable[list[Message]]]
"""Reads mentions: unread or not, past a message (None: from the newest), at most so many."""


class MentionsDialog(FoundDialog[Message]):
    """Returns the message that was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "step(1)", "Down", show=False, id="mentions.down"),
        Binding("up,k", "step(-1)", "Up", show=False, id="mentions.up"),
        Binding("pagedown", "step(8)", "Page down", show=False, id="mentions.page_down"),
        Binding("pageup", "step(-8)", "Page up", show=False, id="mentions.page_up"),
        Binding("enter", "take", "Go there", show=False, id="mentions.choose"),
    ]
    title_text = thread_words.MENTIONS_TITLE
    hints = (("Enter", _("Go there"), "screen.take"), ("Esc", _("Close"), "screen.leave"))

    def __init__(self, stage: Stage, chats: Chats, read: Read) -> None:
        super().__init__(stage, chats)
        self._read = read
        self._unread: set[str] = set()
        self._is_more_unread = self._is_more = True

    def body(self) -> list[Widget]:
        """The list, and how much it is."""
        return [self._options, self._says]

    def on_mount(self) -> None:
        """Read what is unread, and a page of the rest."""
        self._read_on()

    def on_resize(self, event: events.Resize) -> None:
        """Cut the texts anew, and leave room for the rest of the dialog."""
        self._options.styles.max_height = max(3, event.size.height * 94 // 100 - REST_ROWS)
        at = self._options.highlighted
        self._options.clear_options()
        self._add(self._found.values())
        self._options.highlighted = at

    def _begin_reading_on(self) -> None:
        self.run_worker(self._read_page(), group="mentions")

    def _returned(self, message: Message) -> Message:
        return message

    async def _read_page(self) -> None:
        try:
            while self._is_more:
                unread = self._is_more_unread
                found = await self._read(unread, self._last(unread=unread), PAGE)
                new = [each for each in found if each.id not in self._found]
                self._found |= {each.id: each for each in new}
                if unread:
                    self._unread |= {each.id for each in new}
                    self._is_more_unread = len(found) == PAGE
                else:
                    self._is_more = len(found) == PAGE
                self._add(new)
                if len(found) == PAGE:
                    break
        except RestanteError as error:
            self._is_more = False
            self._says.update(Content.styled(clean_line(str(error)), "$error"))
            return
        finally:
            self._is_reading = False
        self._options.display = bool(self._found)
        if self._found and self._options.highlighted is None:
            self._options.highlighted = 0
        said = thread_words.mentions_found(len(self._unread))
        said = said if self._found else thread_words.NO_MENTIONS
        self._says.update(Content.styled(said, "$faint"))

    def _last(self, *, unread: bool) -> str | None:
        """Return the id of the last message of one kind that was read, if any was."""
        ids = [each for each in self._found if (each in self._unread) is unread]
        return ids[-1] if ids else None

    def _add(self, found: Iterable[Message]) -> None:
        width = found_width(self.size.width)
        for each in found:
            sign = f"{self._stage.glyphs.connected} " if each.id in self._unread else ""
            lines = found_lines(self._stage, self._chats, each, width, sign=sign)
            self._options.add_option(Option(lines, id=each.id))
