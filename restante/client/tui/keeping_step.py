"""The second step of the welcome: under what the keys are kept.

Rule: what was typed is kept while one goes back and forth, and gone once the account is made.
Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from restante.client.tui import lock_words, welcome_words
from restante.client.tui.bridge import ask
from restante.client.tui.dialog import Field, text
from restante.client.tui.stage import Stage


class KeepingStep(Vertical):
    """What a passphrase is for, and two lines to type it in."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(id="keeping")
        self._stage = stage
        self._says = text(welcome_words.KEYS_TEXT)
        self._new = Field(welcome_words.CHOOSE_LABEL, id="new")
        self._again = Field(welcome_words.AGAIN_LABEL, id="again")
        self._new.password = self._again.password = True
        self._kept_under: str | None = None
        self._is_over = False
        self._in_keyring = False

    @property
    def may_choose(self) -> bool:
        """Whether the keys aren't made yet."""
        return not (self._is_over or self._in_keyring)

    def compose(self) -> ComposeResult:
        """The text and the lines."""
        yield self._says
        yield self._new
        yield self._again

    def begin(self, *, is_over: bool) -> None:
        """Be ready to type, or show that there is nothing to choose any more."""
        self._is_over = is_over
        self._new.display = self._again.display = self.may_choose
        kept = welcome_words.KEYS_KEPT_TEXT
        self._says.update(Content(welcome_words.KEYS_TEXT if self.may_choose else kept))
        if self.may_choose:
            self._new.focus()
        else:
            self.screen.set_focus(None)

    def is_complete(self, say: Callable[[str], None]) -> bool:
        """Whether there is no passphrase, or the same twice; else go where something is missing."""
        new, again = self._new.value, self._again.value
        say("")
        if not self.may_choose or new == again:
            return True
        if again:
            self._again.value = ""
            say(lock_words.DIFFERENT)
        (self._again if new else self._new).focus()
        return False

    async def keep(self) -> None:
        """Keep the key as was chosen. Raises RestanteError."""
        wanted = self._new.value or None
        if self.may_choose and wanted != self._kept_under:
            engine = self._stage.engine
            await ask(engine.passphrase_change, passphrase=self._kept_under, new=wanted)
            self._kept_under = wanted

    async def use_keyring(self) -> None:
        """Let the system's keyring keep the key. Raises RestanteError."""
        await ask(self._stage.engine.keyring_use, passphrase=self._kept_under)
        self._in_keyring = True
        self.forget()

    def forget(self) -> None:
        """Forget what was typed."""
        self._new.value = self._again.value = ""
        self._kept_under = None
