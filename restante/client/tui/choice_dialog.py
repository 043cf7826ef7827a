"""One of a few things to choose: a list under a sentence. Returns what was chosen.

Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from restante.client.language import _
from restante.client.tui.dialog import Dialog, text

T = TypeVar("T")


class ChoiceDialog(Dialog[T]):
    """`choices` are what is returned and how it is called; `chosen`, if any, is highlighted."""

    hints = (("Enter", _("Choose"), "focused.select"), ("Esc", _("Cancel"), "screen.leave"))

    def __init__(
        self,
        title: str,
        sentence: str,
        choices: Sequence[tuple[T, str]],
        *,
        chosen: T | None = None,
    ) -> None:
        super().__init__()
        self.title_text = title
        self._sentence = sentence
        self._values = [value for value, _ in choices]
        self._options = OptionList(
            *(Option(Content(label)) for _, label in choices), compact=True, markup=False
        )
        self._options.highlighted = self._values.index(chosen) if chosen in self._values else 0

    def body(self) -> list[Widget]:
        """What it does, and the choices."""
        return [*([text(self._sentence)] if self._sentence else []), self._options]

    def on_mount(self) -> None:
        """Ready to choose."""
        self._options.focus()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._values[event.option_index])
