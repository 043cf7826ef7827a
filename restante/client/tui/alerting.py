"""Telling somebody who is looking elsewhere, as far as the application goes.

Rule: nothing is told while the terminal has the focus; at most one notice or bell in `calm_s`, and
what came meanwhile is told together after it. Spec: docs/tui.md, section 12.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from textual import events, on, work

from restante.client.interface import Event, MessageAdded, Resync
from restante.client.tui import alert_words, escapes
from restante.client.tui.alerts import Alerts
from restante.client.tui.bridge import ask
from restante.client.tui.chat_screen import ChatScreen
from restante.client.tui.chats import Chats
from restante.client.tui.locking import LockingApp
from restante.client.tui.quiet import is_quiet
from restante.errors import RestanteError

AWAY_S = 60
"""A terminal that never says whether it has the focus is left alone after so long without a key."""


class AlertingApp(LockingApp):
    """What an application has that can call."""

    _chats: Chats
    _alerts: Alerts | None = None
    """None until everything was read once: what was unread before is no news."""
    _tells_focus = False
    _is_calm = False
    """Whether the last was told a moment ago."""
    _shown_title: str | None = None
    way = escapes.Way(sequence="bell")

    async def begin_alerts(self) -> None:
        """From now on, what is new is told."""
        self.app_resume_signal.subscribe(self, self._resumed)  # while it is known to run
        self.way = escapes.choose_way(os.environ)
        alerts = Alerts()
        alerts.listen_for(await self._keywords())
        self._alerts = alerts
        self._alerts.look(self._chats.every(), self._chats.may_call, is_away=False)
        self._show_title()

    async def _keywords(self) -> str:
        try:
            return (await ask(self._stage.engine.settings)).get("keywords", "")
        except RestanteError:  # no account yet: there is nothing to be called by
            return ""

    def hear(self, events: Iterable[Event]) -> None:
        """Take what the engine said, as far as somebody may be called by it."""
        if self._alerts is None:
            return
        for event in events:
            if isinstance(event, MessageAdded):
                self._alerts.hear(event.message)
            elif isinstance(event, Resync):  # a setting may have changed, here or elsewhere
                self._listen_anew()

    @work(exclusive=True, group="keywords")
    async def _listen_anew(self) -> None:
        keywords = await self._keywords()
        if self._alerts is not None:
            self._alerts.listen_for(keywords)

    async def on_event(self, event: events.Event) -> None:
        """Note that the terminal says whether it has the focus."""
        if isinstance(event, events.AppFocus | events.AppBlur):
            self._tells_focus = True
        await super().on_event(event)

    @property
    def is_away(self) -> bool:
        """Whether the user is looking elsewhere."""
        if self._tells_focus:
            return not self.app_focus
        return self._stage.now().timestamp() - self._used_at_s >= AWAY_S

    @on(ChatScreen.Drawn)
    def look_for_news(self) -> None:
        """Tell what is new, unless something was told a moment ago."""
        if self._alerts is None:
            return
        self._alerts.look(self._chats.every(), self._chats.may_call, is_away=self.is_away)
        self._show_title()
        if not self._is_calm:
            self._tell_news()

    def _tell_news(self) -> None:
        self._is_calm = False
        if self._alerts is None or not self._alerts.has_news:
            return
        preferences = self._stage.preferences
        how = preferences["alerts"]
        if (
            how == "off"
            or not self.is_away
            or is_quiet(preferences["quiet_hours"], self._stage.now())
        ):
            self._alerts.forget()
            return
        sentence = self._alerts.take(preferences["alert_text"])
        if how == "bell":
            self._write(escapes.BELL)
        else:
            self._write(escapes.notice(self.way, alert_words.HEADING, sentence))
        self._is_calm = True
        self.set_timer(self._stage.calm_s, self._tell_news)

    def _show_title(self) -> None:
        is_off = self._stage.preferences["alerts"] == "off"
        count = 0 if is_off or self._alerts is None else self._alerts.unread_count
        title = alert_words.title(count)
        if title != self._shown_title:
            self._shown_title = title
            self._write(escapes.title(self.way, title))

    def _resumed(self, _app: object) -> None:
        self._shown_title = None  # the terminal had its own back meanwhile
        self._show_title()

    def _write(self, sequence: str) -> None:
        if sequence and self._driver is not None and not self.is_web:
            self._driver.write(sequence)
            self._driver.flush()
