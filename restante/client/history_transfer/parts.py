"""The services that send a history and take one in, put together for the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client import status as parts
from restante.client.changes import Changes
from restante.client.history_transfer.asking import ask_again
from restante.client.history_transfer.awaiting import is_history_awaited
from restante.client.history_transfer.incoming import Incoming
from restante.client.history_transfer.losses import forget_losses, history_state
from restante.client.history_transfer.outgoing import Outgoing
from restante.client.history_transfer.staging import Staging
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from restante.client.announcer import Announcer
    from restante.client.blob_transfer.upload import DeviceLinks
    from restante.client.context import EngineContext
    from restante.client.interface import HistoryState
    from restante.client.links import AnonymousLinks
    from restante.client.own_account import OwnAccount
    from restante.client.status import StatusBoard
    from restante.store.client_rows import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfers:
    """Both sides; a device is seldom more than one of them."""

    context: EngineContext
    own: OwnAccount
    announcer: Announcer
    board: StatusBoard
    outgoing: Outgoing
    incoming: Incoming

    @property
    def services(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """What runs as long as the engine does."""
        return (self.outgoing.run, self.incoming.run)

    async def state(self) -> HistoryState:
        """Return how the history stands on this device."""
        return await self.context.read(history_state)

    async def ask(self, device: str | None) -> HistoryState:
        """Ask another own device for all of it again. UserError: there is none."""
        now_ms, changes = self.context.now_ms(), Changes()
        await self.context.write(
            lambda rows: ask_again(
                rows,
                changes,
                self.own,
                device=device,
                randomness=self.context.randomness,
                now_ms=now_ms,
            )
        )
        return await self._said(changes)

    async def dismiss(self) -> HistoryState:
        """Leave it at what is here."""

        def work(rows: Rows) -> None:
            if not is_history_awaited(rows):
                forget_losses(rows)

        await self.context.write(work)
        return await self._said(Changes())

    async def settled(self) -> None:
        """Wait until what can be sent and taken in now is: the rest is up to another device."""
        await self.outgoing.settled()
        await self.incoming.settled()

    async def _said(self, changes: Changes) -> HistoryState:
        await self.announcer.tell(changes)
        now = await self.state()
        self.board.set_error(parts.HISTORY, now.error)
        return now


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
        context=context,
        own=own,
        announcer=announcer,
        board=board,
        outgoing=Outgoing(
            context, own, staging=staging, links=mailbox, announcer=announcer, board=board
        ),
        incoming=Incoming(
            context, own, staging=staging, links=links, announcer=announcer, board=board
        ),
    )
