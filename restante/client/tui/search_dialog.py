"""Finding in all conversations: what was found, the newest first, each with its match.

Rule: it shows and asks; what is chosen is shown in its place by the screen below. Every question
takes the place of the one before. Spec: docs/tui.md, section 9.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets.option_list import Option

from restante.client.interface import Message
from restante.client.language import _
from restante.client.tui import search_words
from restante.client.tui.asked import Asked, read_asked
from restante.client.tui.chats import Chats
from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import Field
from restante.client.tui.found_dialog import PAGE, FoundDialog
from restante.client.tui.found_lines import found_lines, found_width
from restante.client.tui.stage import Stage
from restante.errors import RestanteError

Search = Callable[[Asked, str | None, int], Awaitable[list[Message]]]
"""Reads what is asked, past a message (None: from the newest), at most so many."""


class SearchDialog(FoundDialog[tuple[Message, str]]):
    """Returns the message that was chosen, and the words that it was found by."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+j", "step(1)", "Down", show=False, id="search.down"),
        Binding("up,ctrl+k", "step(-1)", "Up", show=False, id="search.up"),
        Binding("pagedown", "step(8)", "Page down", show=False, id="search.page_down"),
        Binding("pageup", "step(-8)", "Page up", show=False, id="search.page_up"),
    ]
    title_text = search_words.TITLE
    hints = (("Enter", _("Go there"), "screen.take"), ("Esc", _("Close"), "screen.leave"))

    def __init__(self, stage: Stage, chats: Chats, search: Search, *, value: str = "") -> None:
        super().__init__(stage, chats, says=search_words.BEGIN)
        self._search = search
        self._input = Field(search_words.PLACEHOLDER, value=value)
        self._asked = Asked(words="")

    def body(self) -> list[Widget]:
        """The line, what it finds, and how much that is."""
        return [self._input, self._options, self._says]

    def on_mount(self) -> None:
        """Ready to type."""
        self._say(search_words.BEGIN)
        self._input.focus()
        self._input.action_end()

    def on_resize(self) -> None:
        """Cut the texts anew."""
        self._draw(self._found.values())

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        now, zone = self._stage.now(), self._stage.zone
        self._asked = read_asked(event.value, self._chats.every(), now=now, zone=zone)
        if self._asked.fault is not None:
            self._take([], self._asked.fault)
        elif self._asked.is_nothing:
            self._take([], search_words.BEGIN)
        else:
            self.run_worker(self._read(self._asked), group="search", exclusive=True)

    async def _read(self, asked: Asked) -> None:
        try:
            found = await self._search(asked, None, PAGE)
        except RestanteError as error:
            self._take([], clean_line(str(error)))
            return
        self._is_more = len(found) == PAGE
        typed = clean_line(self._input.value.strip())
        self._take(found, "" if found else search_words.none_at_all(typed))

    def _begin_reading_on(self) -> None:
        self.run_worker(self._read_page(self._asked), group="search")

    def _returned(self, message: Message) -> tuple[Message, str]:
        return message, self._asked.words

    async def _read_page(self, asked: Asked) -> None:
        past = next(reversed(self._found), None)
        try:
            found = await self._search(asked, past, PAGE)
        except RestanteError:
            found = []
        if asked is self._asked:
            self._is_more = len(found) == PAGE
            self._found |= {each.id: each for each in found}
            self._options.add_options([self._option(each) for each in found])
            self._say_count()
        self._is_reading = False

    def _take(self, found: list[Message], sentence: str) -> None:
        self._found = {each.id: each for each in found}
        self._is_reading = False
        self._draw(found)
        if found:
            self._options.highlighted = 0
            self._say_count()
        else:
            self._is_more = False
            self._say(sentence)

    def _draw(self, found: Iterable[Message]) -> None:
        at = self._options.highlighted
        self._options.clear_options()
        self._options.add_options([self._option(each) for each in found])
        self._options.display = bool(self._found)
        self._options.highlighted = at if self._found else None

    def _say_count(self) -> None:
        self._say(search_words.found(len(self._found), is_more=self._is_more))

    def _say(self, sentence: str) -> None:
        self._says.set_class(not self._found, "-alone")
        self._says.update(Content.styled(sentence, "$faint"))

    def _option(self, message: Message) -> Option:
        """Two lines: where, who and when; and the words around the match."""
        width = found_width(self.size.width)
        lines = found_lines(
            self._stage, self._chats, message, width, words_wanted=self._asked.words
        )
        return Option(lines, id=message.id)

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_take()
