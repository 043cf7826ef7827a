"""Small questions about a message: with which emoji, and deleted for whom.

Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from restante.client.language import _
from restante.client.tui import words
from restante.client.tui.dialog import Dialog, Field, text

QUICK: Final = ("👍", "❤️", "😂", "😮", "😢", "🙏")
"""What most reactions are; a digit picks one."""


class ReactDialog(Dialog[str]):
    """Return an emoji, or the empty text to take one's own back."""

    title_text = words.REACT_TITLE
    hints = (("Enter", _("React"), "screen.take"), ("Esc", _("Cancel"), "screen.leave"))

    def __init__(self, mine: str) -> None:
        super().__init__()
        self._mine = mine
        self._input = Field(words.REACT_PLACEHOLDER, value=mine)

    def body(self) -> list[Widget]:
        """The quick ones, and a line for any other."""
        quick = "   ".join(f"{number} {emoji}" for number, emoji in enumerate(QUICK, 1))
        shown = [text(quick), self._input]
        return [*shown, text(words.REACT_TAKE_BACK)] if self._mine else shown

    def on_mount(self) -> None:
        """Ready to type."""
        self._input.focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if event.value in {str(number) for number in range(1, len(QUICK) + 1)}:
            self.dismiss(QUICK[int(event.value) - 1])

    @on(Input.Submitted)
    def action_take(self) -> None:
        """Return what was typed."""
        self.dismiss(self._input.value.strip())


class DeleteDialog(Dialog[bool]):
    """Return True for everyone, False for oneself."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "everyone", "For everyone", id="dialog.for_everyone"),
        Binding("m", "me", "For me", id="dialog.for_me"),
    ]
    title_text = words.DELETE_TITLE

    def __init__(self, *, for_everyone: bool) -> None:
        super().__init__()
        self._for_everyone = for_everyone
        everyone = (("e", words.DELETE_FOR_EVERYONE, "screen.everyone"),) if for_everyone else ()
        self.hints = (
            *everyone,
            ("m", words.DELETE_FOR_ME, "screen.me"),
            ("Esc", _("Cancel"), "screen.leave"),
        )

    def body(self) -> list[Widget]:
        """What it does and what it can't."""
        return [text(words.DELETE_TEXT if self._for_everyone else words.DELETE_FOR_ME_TEXT)]

    def action_everyone(self) -> None:
        """For everyone, if it is one's own."""
        if self._for_everyone:
            self.dismiss(True)

    def action_me(self) -> None:
        """On one's own devices alone."""
        self.dismiss(False)
