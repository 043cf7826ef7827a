"""The engine of one profile: what `interface.Engine` promises, put together from its services.

Rule: thin. Each method hands on to the part that knows; the services live in one nursery, from
opening (or registering) until the block ends. A service that trips over a bug of ours is logged and
started again. Spec: docs/engine.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import trio

from restante.client import status as parts
from restante.client.announcer import Announcer
from restante.client.clock import SystemClock
from restante.client.contacts import Contacts
from restante.client.context import EngineContext, Tuning
from restante.client.conversations import Conversations
from restante.client.directory import Directory
from restante.client.events import EventHub, Subscription
from restante.client.failures import UnreachableError
from restante.client.inbox import Inbox
from restante.client.interface import (
    ConnectionPhase,
    Contact,
    Conversation,
    Message,
    Received,
    SafetyNumber,
    Status,
)
from restante.client.links import AnonymousLinks
from restante.client.log import log_bug
from restante.client.mailbox import Mailbox
from restante.client.outbox import Outbox
from restante.client.own_account import OwnAccount, load_own_account
from restante.client.receipts import Receipts
from restante.client.registering import register_account
from restante.client.status import StatusBoard
from restante.crypto.randomness import SystemRandomness
from restante.errors import UserError
from restante.store.client_database import open_client_database
from restante.store.client_outbox import outbox_entries
from restante.store.sqlcipher import DatabaseKey

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.clock import Clock
    from restante.crypto.randomness import Randomness

DATABASE_FILE: Final = "profile.db"
CODE_PATIENCE_S: Final = 15.0
UPKEEP_PATIENCE_S: Final = 10.0
RESTART_AFTER_S: Final = 5.0
BUG: Final = "A part of Restante failed and was started again. The log file says where."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What there is once the profile has an account."""

    own: OwnAccount
    conversations: Conversations
    contacts: Contacts
    outbox: Outbox
    receipts: Receipts
    mailbox: Mailbox


class LocalEngine:
    """The engine in this process. Made by `open_engine`."""

    def __init__(self, context: EngineContext, nursery: trio.Nursery) -> None:
        self._context = context
        self._nursery = nursery
        self._board = StatusBoard(context)
        self._own: OwnAccount | None = None
        self._parts: _Parts | None = None
        self._registering = trio.Lock()

    async def start(self) -> None:
        """Load the account and start the services. Raises StoreError."""
        self._nursery.start_soon(self._supervise, self._board.run)
        self._own = await self._context.read(load_own_account)
        if self._own is not None and self._own.is_registered:
            self._begin(self._own)

    # ---- the profile ------------------------------------------------------------------------

    async def status(self) -> Status:
        """See interface.Engine."""
        return await self._board.view()

    async def register(self, *, address: str, invite: str | None) -> Status:
        """See interface.Engine."""
        async with self._registering:
            self._own = await register_account(
                self._context, self._nursery, self._own, address=address, invite=invite
            )
            self._begin(self._own)
        return await self.status()

    async def synchronise(self, *, timeout_s: float) -> bool:
        """See interface.Engine."""
        running = self._running()
        with trio.move_on_after(timeout_s):
            await running.outbox.hurry()
            is_drained = await running.mailbox.drained()
            if is_drained:
                with trio.move_on_after(UPKEEP_PATIENCE_S):
                    await running.mailbox.published()
            await running.receipts.flush()
            await running.outbox.flush()
            return is_drained and await self._is_all_sent()
        return False

    async def retry_now(self) -> None:
        """See interface.Engine."""
        running = self._running()
        running.mailbox.retry_now()
        await running.outbox.hurry()

    def subscribe(self) -> Subscription:
        """See interface.Engine."""
        return self._context.hub.subscribe()

    # ---- conversations ----------------------------------------------------------------------

    async def conversations(self) -> list[Conversation]:
        """See interface.Engine."""
        return [] if self._parts is None else await self._parts.conversations.all()

    async def resolve(self, text: str) -> str:
        """See interface.Engine."""
        return await self._running().conversations.resolve(text)

    async def messages(self, conversation: str, *, start: int, count: int) -> list[Message]:
        """See interface.Engine."""
        return await self._running().conversations.messages(conversation, start=start, count=count)

    async def send(
        self,
        conversation: str,
        text: str,
        *,
        quote: str | None = None,
        message_id: str | None = None,
    ) -> Message:
        """See interface.Engine."""
        return await self._running().conversations.send(
            conversation, text, quote=quote, message_id=message_id
        )

    async def message(self, message_id: str) -> Message:
        """See interface.Engine."""
        return await self._running().conversations.message(message_id)

    async def cancel(self, message_id: str) -> Message:
        """See interface.Engine."""
        return await self._running().conversations.cancel(message_id)

    async def retry(self, message_id: str) -> Message:
        """See interface.Engine."""
        return await self._running().conversations.retry(message_id)

    async def mark_read(self, conversation: str, *, up_to: str) -> None:
        """See interface.Engine."""
        await self._running().conversations.mark_read(conversation, up_to=up_to)

    async def consume(self, consumer: str, *, limit: int = 256) -> list[Received]:
        """See interface.Engine."""
        return await self._running().conversations.consume(consumer, limit=limit)

    async def acknowledge(self, consumer: str, *, cursor: int) -> None:
        """See interface.Engine."""
        await self._running().conversations.acknowledge(consumer, up_to=cursor)

    # ---- people -----------------------------------------------------------------------------

    async def contact_code(self) -> str:
        """See interface.Engine."""
        running = self._running()
        code, is_published = await running.contacts.own_code()
        if not is_published:
            running.mailbox.retry_now()
            with trio.move_on_after(CODE_PATIENCE_S):
                await running.mailbox.published()
            _, is_published = await running.contacts.own_code()
        if not is_published:
            raise UnreachableError(
                "The code is of no use before the relay knows it, and the relay "
                f"{running.own.address.relay.authority} can't be reached. Try again later."
            )
        return code

    async def contact_add(self, code_or_address: str, *, petname: str | None = None) -> Contact:
        """See interface.Engine."""
        return await self._running().contacts.add(code_or_address, petname=petname)

    async def contacts(self) -> list[Contact]:
        """See interface.Engine."""
        return [] if self._parts is None else await self._parts.contacts.all()

    async def contact_accept(self, conversation: str) -> Contact:
        """See interface.Engine."""
        running = self._running()
        return await running.contacts.accept(running.conversations.account_id(conversation))

    async def contact_block(self, conversation: str) -> Contact:
        """See interface.Engine."""
        running = self._running()
        return await running.contacts.block(running.conversations.account_id(conversation))

    async def contact_rename(self, conversation: str, petname: str) -> Contact:
        """See interface.Engine."""
        running = self._running()
        account_id = running.conversations.account_id(conversation)
        return await running.contacts.rename(account_id, petname)

    async def safety_number(self, conversation: str) -> SafetyNumber:
        """See interface.Engine."""
        running = self._running()
        return await running.contacts.safety_number(running.conversations.account_id(conversation))

    async def set_verified(self, conversation: str, *, verified: bool) -> Contact:
        """See interface.Engine."""
        running = self._running()
        account_id = running.conversations.account_id(conversation)
        return await running.contacts.set_verified(account_id, verified=verified)

    # ---- inside -----------------------------------------------------------------------------

    def _running(self) -> _Parts:
        if self._parts is None:
            raise UserError(
                "This profile has no account yet. Start with: restante init --address NAME@HOST"
            )
        return self._parts

    def _begin(self, own: OwnAccount) -> None:
        """Put the services together and start them."""
        context, board = self._context, self._board
        announcer = Announcer(context, own)
        links = AnonymousLinks(self._nursery, proxy=context.proxy, randomness=context.randomness)
        directory = Directory(links)
        outbox = Outbox(
            context, own, links=links, directory=directory, announcer=announcer, board=board
        )
        receipts = Receipts(context, announcer)
        mailbox = Mailbox(
            context,
            own,
            inbox=Inbox(context, own, announcer),
            outbox=outbox,
            announcer=announcer,
            board=board,
        )
        self._parts = _Parts(
            own=own,
            conversations=Conversations(context, own, announcer),
            contacts=Contacts(context, own, directory=directory, announcer=announcer),
            outbox=outbox,
            receipts=receipts,
            mailbox=mailbox,
        )
        board.own = own
        board.set_phase(ConnectionPhase.CONNECTING)
        for service in (outbox.run, receipts.run, mailbox.run):
            self._nursery.start_soon(self._supervise, service)

    async def _supervise(self, service: Callable[[], Awaitable[None]]) -> None:
        """Run a service; after a bug log it, and start it again. Nothing durable is lost by it."""
        while True:
            try:
                await service()
            except Exception as error:
                if not self._context.tuning.restarts_services:
                    raise
                log_bug(error)
                self._board.set_error(parts.OUTBOX, BUG)
            await trio.sleep(RESTART_AFTER_S)

    async def _is_all_sent(self) -> bool:
        """Whether nothing is left that should have gone by now."""
        now_ms = self._context.now_ms()
        return not any(
            entry.next_attempt_ms is not None
            and (entry.attempts or entry.next_attempt_ms <= now_ms)
            for entry in await self._context.read(outbox_entries)
        )


@asynccontextmanager
async def open_engine(
    directory: Path,
    database_key: bytes,
    *,
    profile: str = "default",
    proxy: str | None = None,
    clock: Clock | None = None,
    randomness: Randomness | None = None,
    tuning: Tuning | None = None,
) -> AsyncIterator[LocalEngine]:
    """Run a profile's engine for the length of the block, inside `seam.open_loop`.

    `directory` holds the profile's database, which `database_key` (32 B) opens. Raises StoreError.
    """
    hub = EventHub()
    failure: BaseException | None = None
    async with open_client_database(directory / DATABASE_FILE, DatabaseKey(database_key)) as opened:
        context = EngineContext(
            profile=profile,
            database=opened,
            clock=clock or SystemClock(),
            randomness=randomness or SystemRandomness(),
            hub=hub,
            tuning=tuning or Tuning(),
            proxy=proxy,
        )
        async with trio.open_nursery() as nursery:
            # An error of the block, or of opening, leaves as it is, not wrapped by the nursery.
            try:
                engine = LocalEngine(context, nursery)
                await engine.start()
                yield engine
            except BaseException as error:  # raised again below
                failure = error
            hub.close()
            nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure
