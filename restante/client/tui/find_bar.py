"""Finding in the open conversation: a line above the messages, which goes from match to match.

Rule: it asks and shows; the screen searches. What was found stands in its place, with all around
it. Spec: docs/tui.md, section 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message as Posted
from textual.widgets import Input

from restante.client.interface import Message
from restante.client.tui import search_words
from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import Field
from restante.client.tui.stage import Stage
from restante.client.tui.text_line import Line, clickable


class FindBar(Vertical):
    """Closed, it takes no room."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(1)", "Older", id="find.older"),
        Binding("down", "step(-1)", "Newer", id="find.newer"),
        Binding("tab", "everywhere", "All chats", key_display="Tab", id="find.everywhere"),
        Binding("escape", "leave", "Close", key_display="Esc", id="find.leave"),
    ]

    @dataclass
    class Asked(Posted):
        """Something else is looked for; `is_kept`: the place stays where it is."""

        text: str

    @dataclass
    class Reached(Posted):
        """A match is to be shown."""

        message: Message

    class Wider(Posted):
        """The same is looked for in all chats."""

    class Left(Posted):
        """The user has found what they wanted, or given up."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(id="find-bar")
        self._stage = stage
        self._input = Field(search_words.HERE_PLACEHOLDER)
        self._says = Line("", classes="find-says")
        self._sentence = Line("", classes="find-sentence")
        self._found: list[Message] = []
        self._at = 0
        self._is_more = False

    def compose(self) -> ComposeResult:
        """The line, and where one is; a sentence has a line of its own."""
        with Horizontal():
            yield self._input
            yield self._says
        yield self._sentence

    @property
    def text(self) -> str:
        """What is looked for."""
        return self._input.value

    @property
    def is_open(self) -> bool:
        """Whether it is in sight."""
        return self.has_class("-open")

    def on_mount(self) -> None:
        """Say nothing."""
        self.say("")

    def open(self) -> None:
        """Ready to type, with what was looked for before."""
        self.add_class("-open")
        self._input.focus()
        self._input.action_select_all()
        if self._input.value.strip():
            self.post_message(self.Asked(self._input.value))

    def close(self) -> None:
        """Take no room; what was found can still be gone through."""
        self.remove_class("-open")

    def forget(self) -> None:
        """Another conversation is shown."""
        self.close()
        self.say("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_open:
            self.post_message(self.Asked(event.value))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_step(1)

    def show(self, found: list[Message], *, is_more: bool) -> None:
        """Take what was found, the newest first, and go to the first of it."""
        self._found, self._at, self._is_more = found, 0, is_more
        self._go()

    def say(self, sentence: str) -> None:
        """Say something in the place of what was found."""
        self._found = []
        self._says.update("")
        self._tell(Content.styled(sentence, "$faint"))

    def _tell(self, sentence: Content) -> None:
        self._sentence.update(sentence)
        self._sentence.display = bool(sentence.plain)

    def action_step(self, step: int) -> None:
        """Go to the next older match, or back, round and round."""
        if self._found:
            self._at = (self._at + step) % len(self._found)
            self._go()

    def _go(self) -> None:
        if not self._found:
            typed = clean_line(self.text.strip())
            key = self._stage.preferences.keys.get("find.everywhere", "Tab")
            none = search_words.none_here(typed, key)
            self.say("")
            self._tell(clickable(none if typed else "", "app.search_all", "$warning"))
            return
        place = search_words.place_among(self._at + 1, len(self._found), is_more=self._is_more)
        self._says.update(Content.styled(place, "$faint"))
        self._tell(Content(""))
        self.post_message(self.Reached(self._found[self._at]))

    def action_everywhere(self) -> None:
        """Look in all chats."""
        self.post_message(self.Wider())

    def action_leave(self) -> None:
        """Close."""
        self.post_message(self.Left())
