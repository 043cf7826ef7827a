"""The palette's commands: everything that has a key, and what needs none.

Rule: a command is offered where it does something. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from functools import partial
from typing import Any

from textual.app import App
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.screen import Screen

from restante.client.language import _
from restante.client.tui import key_words


class Commands(Provider):
    """Our commands, by group, for Textual's palette."""

    async def discover(self) -> Hits:
        """All that are offered here."""
        for title, help_text, action in self._shown():
            yield DiscoveryHit(Content(title), self._run(action), text=title, help=help_text)

    async def search(self, query: str) -> Hits:
        """Those that match; if none does, that is said, and where all keys are."""
        matcher, found = self.matcher(query), False
        for title, help_text, action in self._shown():
            score = matcher.match(title)
            if score > 0:
                found = True
                yield Hit(
                    score, matcher.highlight(title), self._run(action), text=title, help=help_text
                )
        if not found:
            says = key_words.NO_COMMAND
            run = self._run("app.keys")
            yield Hit(1, Content(says), run, text=says, help=key_words.NO_COMMAND_HELP)

    def _shown(self) -> Iterator[tuple[str, str, str]]:
        for title, help_text, action in offered(self.app, self.screen):
            yield _(title), help_text, action

    def _run(self, action: str) -> partial[Coroutine[Any, Any, None]]:
        return partial(self.screen.run_action, action)


def offered(app: App[Any], screen: Screen[Any]) -> Iterator[tuple[str, str, str]]:
    """Yield title, help and action of the commands that do something on a screen."""
    for title, help_text, action in key_words.COMMANDS:
        namespace, name = action.split(".")
        target: App[Any] | Screen[Any] = app if namespace == "app" else screen
        is_offered = (
            hasattr(screen, "conversation") or name not in key_words.NEEDS_CHATS
            if namespace == "app"
            else target.check_action(name, ())
        )
        if is_offered and hasattr(target, f"action_{name}"):
            yield title, help_text, action
