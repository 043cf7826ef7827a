"""How long messages stay: a few usual times to choose from. Returns seconds, 0 for ever.

Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from restante.client.tui import words
from restante.client.tui.dialog import Dialog, text
from restante.client.tui.entry_parts import duration

CHOICES_S: Final = (0, 300, 3_600, 86_400, 7 * 86_400, 28 * 86_400)


class TimerDialog(Dialog[int]):
    """The one that holds now is highlighted."""

    title_text = words.TIMER_TITLE
    hints = (("Enter", "Choose", "focused.select"), ("Esc", "Cancel", "screen.leave"))

    def __init__(self, now_s: int) -> None:
        super().__init__()
        self._choices = sorted({*CHOICES_S, now_s})
        self._options = OptionList(
            *(Option(Content(duration(each) or words.TIMER_OFF)) for each in self._choices),
            compact=True,
            markup=False,
        )
        self._options.highlighted = self._choices.index(now_s)

    def body(self) -> list[Widget]:
        """What it does, and the choices."""
        return [text(words.TIMER_TEXT), self._options]

    def on_mount(self) -> None:
        """Ready to choose."""
        self._options.focus()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index])
