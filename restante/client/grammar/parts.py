"""The parts of this package as the engine holds them: put together, with the services that run.

Rule: knows how they are made, and nothing of what they do. Spec: docs/engine.md, section 13.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from restante.client.grammar.changing import Changing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """What there is of it in a running engine."""

    changing: Changing

    @property
    def services(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """What has to run all the time."""
        return ()


def put_together(context: EngineContext, own: OwnAccount, announcer: Announcer) -> Grammar:
    """Make the parts for one account."""
    return Grammar(changing=Changing(context, own, announcer))
