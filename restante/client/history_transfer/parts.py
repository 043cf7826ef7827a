"""The services that send a history and take one in, put together for the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from restante.client.history_transfer.incoming import Incoming
from restante.client.history_transfer.outgoing import Outgoing
from restante.client.history_transfer.staging import Staging

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from restante.client.announcer import Announcer
    from restante.client.blob_transfer.upload import DeviceLinks
    from restante.client.context import EngineContext
    from restante.client.links import AnonymousLinks
    from restante.client.own_account import OwnAccount
    from restante.client.status import StatusBoard


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfers:
    """Both sides; a device is seldom more than one of them."""

    outgoing: Outgoing
    incoming: Incoming

    @property
    def services(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """What runs as long as the engine does."""
        return (self.outgoing.run, self.incoming.run)


def put_together(
    context: EngineContext,
    own: OwnAccount,
    *,
    mailbox: DeviceLinks,
    links: AnonymousLinks,
    announcer: Announcer,
    board: StatusBoard,
) -> Transfers:
    """Put both sides together; their files lie beside the database."""
    staging = Staging(context.database.path.parent)
    return Transfers(
        outgoing=Outgoing(
            context, own, staging=staging, links=mailbox, announcer=announcer, board=board
        ),
        incoming=Incoming(
            context, own, staging=staging, links=links, announcer=announcer, board=board
        ),
    )
