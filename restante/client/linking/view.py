"""How a linking stands, as it is shown; watchers hear of each change.

Rule: one value, replaced whole. What has ended stays ended. Knows no relay and no key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import trio

from restante.client.clock import rfc3339
from restante.client.interface import DeviceLink, LinkChanged, LinkState

if TYPE_CHECKING:
    from restante.client.context import EngineContext

ENDED = frozenset({LinkState.LINKED, LinkState.FAILED})


class LinkView:
    """The view of one linking."""

    def __init__(
        self, context: EngineContext, *, address: str, name: str, code: str | None
    ) -> None:
        self._context = context
        self.deadline = trio.current_time() + context.tuning.link_ttl_s
        """By trio's clock: afterwards the code is worth nothing."""
        expires_at_ms = context.now_ms() + int(context.tuning.link_ttl_s * 1000)
        self.now = DeviceLink(
            state=LinkState.WAITING,
            address=address,
            name=name,
            code=code,
            digits=None,
            expires_at=rfc3339(expires_at_ms),
            error=None,
        )

    @property
    def has_ended(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.now.state in ENDED

    def become(
        self, state: LinkState, *, digits: str | None = None, error: str | None = None
    ) -> None:
        """Show another state, unless it has ended; digits go with it."""
        if self.has_ended:
            return
        self.now = msgspec.structs.replace(self.now, state=state, digits=digits, error=error)
        self._context.hub.publish([LinkChanged(link=self.now)])
