"""Setting a passphrase, or changing it.

Rule: what was typed is gone with the dialog. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from textual import on, work
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from restante.client.language import _
from restante.client.tui import lock_words
from restante.client.tui.bridge import ask
from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import Dialog, Field, text
from restante.client.tui.stage import Stage
from restante.errors import RestanteError


class PassphraseDialog(Dialog[bool]):
    """Returns True once it is set."""

    title_text = lock_words.CHOOSE_TITLE
    hints = (("Enter", lock_words.SET, "screen.take"), ("Esc", _("Cancel"), "screen.leave"))

    def __init__(self, stage: Stage, *, has_one: bool) -> None:
        super().__init__()
        self._stage = stage
        self._present = Field(lock_words.PRESENT) if has_one else None
        self._new, self._again = Field(lock_words.NEW), Field(lock_words.AGAIN)
        self._answer = text("", classes="dialog-answer")

    def _fields(self) -> list[Field]:
        return [each for each in (self._present, self._new, self._again) if each is not None]

    def body(self) -> list[Widget]:
        """What it means, and the lines."""
        for each in self._fields():
            each.password = True
        return [text(lock_words.CHOOSE_TEXT), *self._fields(), self._answer]

    def on_mount(self) -> None:
        """Ready to type."""
        self._fields()[0].focus()

    @on(Input.Submitted)
    def action_take(self) -> None:
        """Go to the next line that is empty, then set it."""
        empty = [each for each in self._fields() if not each.value]
        if empty:
            empty[0].focus()
        elif self._new.value != self._again.value:
            self._again.value = ""
            self._again.focus()
            self._say(lock_words.DIFFERENT)
        else:
            self._set()

    @work(exclusive=True)
    async def _set(self) -> None:
        self._say(lock_words.WORKING, "$faint")
        present = None if self._present is None else self._present.value
        try:
            engine = self._stage.engine
            await ask(engine.passphrase_change, passphrase=present, new=self._new.value)
        except RestanteError as error:
            self._say(str(error))
        else:
            self.dismiss(True)

    def _say(self, sentence: str, style: str = "$error") -> None:
        self._answer.update(Content.styled(clean_line(sentence), style))
