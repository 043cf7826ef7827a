"""Locking, as far as the application goes: on a key, after a while, and when somebody else does.

Rule: what was on the screen is gone with the application itself: it ends, and whoever runs it
begins another, which shows the lock screen. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast

from rich.text import Text
from textual import events, work
from textual.app import App
from textual.widget import Widget

from restante.client.interface import Event, Locked
from restante.client.tui import dialogs, lock_words
from restante.client.tui.bridge import ask
from restante.client.tui.chat_screen import ChatScreen
from restante.client.tui.stage import Stage
from restante.errors import ExitCode, RestanteError, UserError

LOOK_S = 5.0
"""How often it is looked whether the user has been away for long enough."""


class LockingApp(App[None]):
    """What an application has that can be locked."""

    _stage: Stage
    _main: ChatScreen
    was_locked = False
    """Whether it ended since the profile was locked: begin again."""
    _used_at_s = 0.0

    def begin_watch(self) -> None:
        """From now on, lock when nobody was there for as long as the settings say."""
        self._used_at_s = self._stage.now().timestamp()
        self.set_interval(LOOK_S, self.lock_if_unused)

    async def on_event(self, event: events.Event) -> None:
        """Note that somebody is there."""
        if isinstance(event, events.InputEvent | events.Paste):
            self._used_at_s = self._stage.now().timestamp()
        await super().on_event(event)

    def lock_if_unused(self) -> None:
        """Lock if nobody has touched anything for long enough."""
        minutes = self._stage.preferences["lock_after"]
        unused_s = self._stage.now().timestamp() - self._used_at_s
        if minutes != "off" and unused_s >= int(minutes) * 60 and not self._is_lock_shown():
            self._lock(says_why_not=False)

    def action_lock(self) -> None:
        """Lock now."""
        if not self._is_lock_shown():
            self._lock(says_why_not=True)

    def action_passphrase(self) -> None:
        """Set a passphrase, or another one."""
        self._set_passphrase()

    def is_end_by_lock(self, error: BaseException | None) -> bool:
        """Whether a call failed since the profile was locked meanwhile: no fault, but an end."""
        is_locked = isinstance(error, UserError) and error.exit_code is ExitCode.LOCKED
        self.was_locked = self.was_locked or is_locked
        return is_locked

    def heed_lock(self, spoken: list[Event]) -> bool:
        """Whether what the engine said is for the lock alone: nothing else is there to hear it."""
        if any(isinstance(each, Locked) for each in spoken):
            self._end_locked()
            return True
        # What comes while the app begins or ends finds no screen yet, or none any more.
        shown = self.screen_stack[-1] if self.screen_stack else None
        is_lock = dialogs.is_shown_as("LockScreen", shown)
        if is_lock:
            cast("dialogs.LockScreen", shown).look_again()
        return self.was_locked or is_lock

    async def begins_locked(self) -> bool:
        """Ask the engine, once it answers, whether the profile is locked."""
        try:
            return (await ask(self._stage.engine.protection)).is_locked
        except UserError as error:  # the profile was destroyed meanwhile
            self.exit(return_code=int(ExitCode.FIXABLE), message=Text(str(error)))
            return False

    def _is_lock_shown(self) -> bool:
        return self.was_locked or dialogs.is_shown_as("LockScreen", self.screen)

    def _end_locked(self) -> None:
        self.was_locked = True
        self.exit()

    def _hide_all(self) -> list[Widget]:
        """Take away everything but the screens' empty ground; return what was shown.

        The ground stays: where nothing at all is left, Textual fails to draw.
        """
        screens = [*self.screen_stack]
        hidden = [each for screen in screens for each in screen.children if each.display]
        for each in hidden:
            each.display = False
        return hidden

    @work(exclusive=True, group="lock")
    async def _lock(self, *, says_why_not: bool) -> None:
        engine = self._stage.engine
        hidden: list[Widget] = []
        try:
            kept_by = (await ask(engine.protection)).kept_by
            if kept_by != "passphrase":
                if says_why_not:
                    sentence = lock_words.why_not(kept_by)
                    self.notify(sentence, severity="warning", markup=False, timeout=6)
                return
            hidden = self._hide_all()  # at once: what follows may take a moment
            with suppress(RestanteError):
                await self._main.keep_draft_now()
            await ask(engine.lock)
        except RestanteError as error:
            for each in hidden:
                each.display = True
            self.notify(str(error), severity="error", markup=False, timeout=6)
        else:
            self._end_locked()

    @work(exclusive=True, group="passphrase")
    async def _set_passphrase(self) -> None:
        kept_by = (await ask(self._stage.engine.protection)).kept_by
        dialog: Any = dialogs.PassphraseDialog(self._stage, has_one=kept_by == "passphrase")
        if await self.push_screen_wait(dialog):
            self.notify(lock_words.IS_SET, markup=False, timeout=3)
