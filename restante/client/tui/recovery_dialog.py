"""The recovery kit: 24 words to write down, and three of them typed back.

Rule: the words are shown only here and on request; confirmed, they are on paper and nowhere else.
Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from restante.client.interface import RecoveryKit
from restante.client.tui import account_words, welcome_words
from restante.client.tui.bridge import ask
from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import Dialog, Field, text
from restante.client.tui.stage import Stage
from restante.errors import RestanteError

_COLUMNS: Final = 4


class RecoveryDialog(Dialog[bool]):
    """Show the words, then ask for some of them; returns True once they are confirmed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "Continue", id="recovery.take"),
    ]
    title_text = account_words.RECOVERY_TITLE
    hints = (
        ("Enter", welcome_words.CONTINUE, "screen.take"),
        ("Esc", account_words.RECOVERY_LATER, "screen.leave"),
    )

    def __init__(self, stage: Stage, kit: RecoveryKit, asked: list[int]) -> None:
        super().__init__()
        self._stage = stage
        self._asked = asked
        self._says = text(account_words.RECOVERY_TEXT)
        self._words = text(
            Content.styled("\n".join(word_rows(kit.words)), "bold"), classes="dialog-digits"
        )
        self._input = Field(account_words.recovery_ask(asked))
        self._answer = text("", classes="dialog-answer")

    def body(self) -> list[Widget]:
        """What it is for, the words, and then the question."""
        return [self._says, self._words, self._input, self._answer]

    def on_mount(self) -> None:
        """The words first."""
        self._input.display = False
        self.set_focus(None)

    @on(Input.Submitted)
    def action_take(self) -> None:
        """Take the step."""
        if not self._input.display:
            self._words.display, self._input.display = False, True
            self._says.update(Content(account_words.recovery_ask(self._asked)))
            self._input.focus()
        elif typed := self._input.value.split():
            self._confirm([word.lower() for word in typed])

    @work(exclusive=True)
    async def _confirm(self, typed: list[str]) -> None:
        try:
            await ask(self._stage.engine.recovery_confirm, typed)
        except RestanteError as error:
            self._answer.update(Content.styled(clean_line(str(error)), "$error"))
        else:
            self.dismiss(True)


def word_rows(kit: list[str]) -> list[str]:
    """Return numbered words in columns, read from top to bottom."""
    rows = -(-len(kit) // _COLUMNS)
    width = max(len(word) for word in kit) + 5
    return [
        "".join(f"{at + 1:>2} {kit[at]}".ljust(width) for at in range(row, len(kit), rows))
        for row in range(rows)
    ]
