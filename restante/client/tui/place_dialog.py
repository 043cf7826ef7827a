"""A place to send, or to move a live one to.

Rule: what is no place is refused where it was typed. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from restante.client.language import _
from restante.client.tui import chat_words
from restante.client.tui.dialog import Dialog, Field, text
from restante.client.tui.places import TypedPlace, read_place
from restante.values import dataclass

LIVE_S: Final = (0, 900, 3_600, 8 * 3_600)
"""How long a place may move; eight hours is what the engine takes at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenPlace:
    """What was typed (None: nothing), and which of the choices was highlighted."""

    place: TypedPlace | None
    choice: int


class PlaceDialog(Dialog[ChosenPlace]):
    """`may_be_empty` says with which choices no place needs to be typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "step(1)", "Down", show=False, id="place.down"),
        Binding("up", "step(-1)", "Up", show=False, id="place.up"),
    ]
    hints = (("Enter", _("OK"), "screen.take"), ("Esc", _("Cancel"), "screen.leave"))

    def __init__(
        self,
        title: str,
        sentence: str,
        choices: Sequence[str],
        *,
        may_be_empty: frozenset[int] = frozenset(),
    ) -> None:
        super().__init__()
        self.title_text = title
        self._sentence = sentence
        self._may_be_empty = may_be_empty
        self._input = Field(chat_words.PLACE_PLACEHOLDER)
        self._answer = text("", classes="dialog-answer")
        self._options = OptionList(
            *(Option(Content(each)) for each in choices), compact=True, markup=False
        )
        self._options.can_focus = False
        self._options.highlighted = 0

    def body(self) -> list[Widget]:
        """The text, the line, the choices, and what was wrong."""
        return [text(self._sentence), self._input, self._options, self._answer]

    def on_mount(self) -> None:
        """Ready to type."""
        self._input.focus()

    def action_step(self, step: int) -> None:
        """Move the highlight."""
        count = self._options.option_count
        self._options.highlighted = ((self._options.highlighted or 0) + step) % max(1, count)

    @on(Input.Submitted)
    def action_take(self) -> None:
        """Return the place, if it is one."""
        typed, choice = self._input.value.strip(), self._options.highlighted or 0
        place = read_place(typed)
        if place is None and (typed or choice not in self._may_be_empty):
            self._input.add_class("-refused")
            self._answer.update(Content.styled(chat_words.NO_PLACE, "$error"))
        else:
            self.dismiss(ChosenPlace(place=place, choice=choice))

    @on(OptionList.OptionSelected)
    def _clicked(self) -> None:
        self.action_take()
