"""What is shown while the profile is locked: a line for the passphrase, and nothing else.

Rule: it holds nothing but what is being typed, and that no longer than it is needed. Spec:
docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input

from restante.client.language import _
from restante.client.tui import lock_words
from restante.client.tui.bridge import ask
from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import Field, key_line, text
from restante.client.tui.stage import Stage
from restante.client.tui.text_line import Line
from restante.errors import RestanteError


class LockScreen(Screen[None]):
    """Ends when the profile is unlocked, here or elsewhere."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "unlock", "Unlock", key_display="Enter", id="lock.unlock"),
    ]

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._input = Field(id="passphrase")
        self._input.password = True
        self._answer = text("", classes="dialog-answer")
        self._wait_s = 0
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """A heading, the line, what came of it, the keys."""
        quit_key = self._stage.key_of("quit", "^q")
        keys = [("Enter", lock_words.UNLOCK, "screen.unlock"), (quit_key, _("Quit"), "app.quit")]
        with Vertical(id="lock"):
            yield text(Content.styled(lock_words.LOCKED_TITLE, "bold $primary"))
            yield text(lock_words.unlocks(clean_line(self._stage.accounts.current)))
            yield text(lock_words.LOCKED_TEXT)
            yield self._input
            yield self._answer
            yield Line(key_line(keys), id="lock-keys")

    async def on_mount(self) -> None:
        """Ready to type, unless one has to wait."""
        self._input.focus()
        self.run_worker(self._look(), group="look")

    def look_again(self) -> None:
        """Something was said: it may have been unlocked elsewhere."""
        self.run_worker(self._look(), group="look")

    async def _look(self) -> None:
        protection = await ask(self._stage.engine.protection)
        if not protection.is_locked:
            self._leave()
        elif protection.wait_s and self._timer is None:
            self._wait(protection.wait_s)

    @on(Input.Submitted)
    def action_unlock(self) -> None:
        """Try what was typed."""
        typed, self._input.value = self._input.value, ""
        if typed and not self._wait_s:
            self._unlock(typed)
        elif not self._wait_s:
            self._say(lock_words.TYPE_IT)

    @work(exclusive=True, group="unlock")
    async def _unlock(self, typed: str) -> None:
        self._say(lock_words.UNLOCKING, "$faint")
        self._input.disabled = True
        try:
            await ask(self._stage.engine.unlock, passphrase=typed)
        except RestanteError as error:
            self._input.disabled = False
            self._input.focus()
            self._say(str(error))
            await self._look()
        else:
            self._leave()

    def _wait(self, wait_s: int) -> None:
        self._wait_s = wait_s
        self._input.disabled = True
        self._say(lock_words.next_try(wait_s))
        self._timer = self.set_interval(1, self._second_passed)

    def _second_passed(self) -> None:
        self._wait_s -= 1
        if self._wait_s > 0:
            self._say(lock_words.next_try(self._wait_s))
            return
        if self._timer is not None:
            self._timer.stop()
        self._timer, self._wait_s = None, 0
        self._input.disabled = False
        self._input.focus()
        self._say("")

    def _leave(self) -> None:
        if self.is_current:
            self.dismiss(None)

    def _say(self, sentence: str, style: str = "$error") -> None:
        self._answer.update(Content.styled(clean_line(sentence), style))
