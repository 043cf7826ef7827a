"""What a part of the engine is made of that looks people up: who we are, whom to ask, whom to tell.

Rule: nothing but what it is given; knows no relay and no database by itself.
Spec: docs/engine.md, section 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.directory import Directory
    from restante.client.own_account import OwnAccount


class LookingUp:
    """A part of one account's engine that asks relays about people."""

    def __init__(
        self,
        context: EngineContext,
        own: OwnAccount,
        *,
        directory: Directory,
        announcer: Announcer,
    ) -> None:
        self._context = context
        self._own = own
        self._directory = directory
        self._announcer = announcer
