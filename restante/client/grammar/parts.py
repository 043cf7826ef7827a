"""The parts of this package as the engine holds them: put together, with the services that run.

Rule: knows how they are made, and nothing of what they do. Spec: docs/engine.md, section 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.grammar.changing import Changing
from restante.client.grammar.polls import Polls
from restante.client.grammar.sharing import Sharing
from restante.client.grammar.signals import Signals
from restante.client.grammar.vanishing import Vanishing
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from restante.client.announcer import Announcer
    from restante.client.contacts import Contacts
    from restante.client.context import EngineContext
    from restante.client.links import AnonymousLinks
    from restante.client.own_account import OwnAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """What there is of it in a running engine."""

    changing: Changing
    polls: Polls
    sharing: Sharing
    signals: Signals
    vanishing: Vanishing

    @property
    def services(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """What has to run all the time."""
        return (self.vanishing.run, self.signals.run)


def put_together(
    context: EngineContext,
    own: OwnAccount,
    announcer: Announcer,
    *,
    contacts: Contacts,
    links: AnonymousLinks,
) -> Grammar:
    """Make the parts for one account."""
    changing = Changing(context, own, announcer)
    return Grammar(
        changing=changing,
        polls=Polls(context, own, announcer, changing),
        sharing=Sharing(context, own, announcer, changing=changing, contacts=contacts),
        signals=Signals(context, own, announcer, links=links),
        vanishing=Vanishing(context, announcer),
    )
