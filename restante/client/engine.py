"""The engine of one profile: what `interface.Engine` promises, put together from its services.

Rule: thin. Each method hands on to the part that knows; the services run from opening (or
registering) until the block ends. Spec: docs/engine.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import trio

from restante.client.account_methods import AccountMethods
from restante.client.archives.methods import ArchiveMethods
from restante.client.backing_up.methods import BackupMethods
from restante.client.bundling.methods import BundleMethods
from restante.client.clock import SystemClock
from restante.client.consuming.methods import ConsumingMethods
from restante.client.context import EngineContext, Tuning
from restante.client.doors import EngineDoors
from restante.client.events import EventHub, Subscription
from restante.client.examining.inside import ExaminingMethods
from restante.client.failures import UnreachableError
from restante.client.files.methods import FileMethods
from restante.client.finding.methods import FindingMethods
from restante.client.grammar.methods import GrammarMethods
from restante.client.grammar.sharing import check_timer
from restante.client.groups.methods import GroupMethods
from restante.client.history_transfer.methods import HistoryMethods
from restante.client.interface import (
    Contact,
    Conversation,
    Message,
    Status,
    Why,
)
from restante.client.lifecycle.methods import LifecycleMethods
from restante.client.linking.methods import LinkingMethods
from restante.client.named import conversation_of
from restante.client.own_account import OwnAccount
from restante.client.sending.methods import SendingMethods
from restante.client.services import Parts, Services
from restante.client.status import StatusBoard
from restante.client.syncing.methods import SyncingMethods
from restante.crypto.randomness import SystemRandomness
from restante.protocol.group import Field
from restante.store.client_database import open_client_database
from restante.store.client_groups import is_group
from restante.store.sqlcipher import DatabaseKey

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.archives.filing import Archives
    from restante.client.bundling.reading import BundleTaker
    from restante.client.bundling.writing import BundleWriter
    from restante.client.clock import Clock
    from restante.client.consuming.consumers import Consumers
    from restante.client.files.parts import Files
    from restante.client.finding.finder import Finder
    from restante.client.grammar.parts import Grammar
    from restante.client.groups.groups import Groups
    from restante.client.history_transfer.parts import Transfers
    from restante.client.linking.desk import Desk
    from restante.client.sending.later import Later
    from restante.client.syncing.choices import Choices
    from restante.crypto.randomness import Randomness
    from restante.protocol.address import RelayAddress

DATABASE_FILE: Final = "profile.db"
CODE_PATIENCE_S: Final = 15.0


class LocalEngine(
    AccountMethods,
    ExaminingMethods,
    GrammarMethods,
    GroupMethods,
    LinkingMethods,
    SyncingMethods,
    LifecycleMethods,
    HistoryMethods,
    SendingMethods,
    ConsumingMethods,
    FindingMethods,
    BackupMethods,
    ArchiveMethods,
    BundleMethods,
    FileMethods,
):
    """The engine in this process. Made by `open_engine`."""

    def __init__(self, context: EngineContext, nursery: trio.Nursery) -> None:
        self._context = context
        self._nursery = nursery
        self._board = StatusBoard(context)
        self._services = Services(context, nursery, self._board)
        self._registering = trio.Lock()
        self._doors = EngineDoors(context, nursery, self._services, self._board)

    async def start(self) -> None:
        """Load the account and start the services. Raises StoreError."""
        self._nursery.start_soon(self._services.supervise, self._board.run)
        self._nursery.start_soon(self._services.supervise, self._make_backups)
        await self._services.reload()

    async def reload(self) -> None:
        """Go on with the account as the database has it: it was linked, or has other devices.

        Services notice for themselves what `Changes.is_account_changed` says; this also waits.
        Raises StoreError.
        """
        await self._services.reload()

    # ---- the profile ------------------------------------------------------------------------

    async def status(self) -> Status:
        """See interface.Engine."""
        return await self._board.view()

    async def synchronise(self, *, timeout_s: float) -> bool:
        """See interface.Engine."""
        from restante.client.synchronising import synchronise  # noqa: PLC0415  (not to send)

        self._running()
        with trio.move_on_after(timeout_s):
            return await self._services.waiting_with(
                lambda now: synchronise(self._context, self._services, now)
            )
        return False

    async def flush(self, *, timeout_s: float) -> bool:
        """See interface.Engine."""
        running = self._running()
        with trio.move_on_after(timeout_s):
            await running.journal.flush()
            await running.outbox.flush()
            return True
        return False

    async def retry_now(self) -> None:
        """See interface.Engine."""
        running = self._running()
        running.mailbox.retry_now()
        await running.outbox.hurry(anew=True)

    def subscribe(self) -> Subscription:
        """See interface.Engine."""
        return self._context.hub.subscribe()

    # ---- conversations ----------------------------------------------------------------------

    async def conversations(self) -> list[Conversation]:
        """See interface.Engine."""
        return (
            [] if self._services.parts is None else await self._services.parts.conversations.all()
        )

    async def resolve(self, text: str) -> str:
        """See interface.Engine."""
        return await self._reading().conversations.resolve(text)

    async def messages(self, conversation: str, *, start: int, count: int) -> list[Message]:
        """See interface.Engine."""
        return await self._reading().conversations.messages(conversation, start=start, count=count)

    async def send(
        self,
        conversation: str,
        text: str,
        *,
        quote: str | None = None,
        message_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Message:
        """See interface.Engine."""
        return await self._running().conversations.send(
            conversation,
            text,
            quote=quote,
            message_id=message_id,
            idempotency_key=idempotency_key,
        )

    async def message(self, message_id: str) -> Message:
        """See interface.Engine."""
        return await self._reading().conversations.message(message_id)

    async def why(self, message_id: str) -> Why:
        """See interface.Engine."""
        return await self._reading().conversations.why(message_id)

    async def cancel(self, message_id: str) -> Message:
        """See interface.Engine."""
        return await self._reading().conversations.cancel(message_id)

    async def retry(self, message_id: str) -> Message:
        """See interface.Engine."""
        return await self._running().conversations.retry(message_id)

    async def mark_read(self, conversation: str, *, up_to: str | None = None) -> None:
        """See interface.Engine."""
        await self._reading().conversations.mark_read(conversation, up_to=up_to)

    # ---- people -----------------------------------------------------------------------------

    async def contact_code(self) -> str:
        """See interface.Engine."""
        running = self._running()
        code, is_published = await running.doors.contacts.own_code()
        if not is_published:
            running.mailbox.retry_now()
            with trio.move_on_after(CODE_PATIENCE_S):
                await self._services.waiting_with(lambda now: now.mailbox.published())
            _, is_published = await running.doors.contacts.own_code()
        if not is_published:
            raise UnreachableError(
                "The code is of no use before the relay knows it, and the relay "
                f"{running.own.address.relay.authority} can't be reached. Try again later."
            )
        return code

    async def contact_add(self, code_or_address: str, *, petname: str | None = None) -> Contact:
        """See interface.Engine."""
        return await self._running().doors.contacts.add(code_or_address, petname=petname)

    async def contacts(self) -> list[Contact]:
        """See interface.Engine."""
        parts = self._services.parts
        return [] if parts is None else await parts.doors.contacts.all()

    async def contact_accept(self, conversation: str) -> Contact:
        """See interface.Engine."""
        running = self._running()
        key = running.conversations.account_id(conversation)
        if is_group(key):
            return await running.doors.groups.accept_as_contact(key)
        return await running.doors.contacts.accept(key)

    async def contact_block(self, conversation: str) -> Contact:
        """See interface.Engine."""
        running = self._running()
        key = running.conversations.account_id(conversation)
        if is_group(key):
            return await running.doors.groups.decline(key)
        return await running.doors.contacts.block(key)

    async def contact_rename(self, conversation: str, petname: str) -> Contact:
        """See interface.Engine."""
        running = self._running()
        account_id = running.conversations.account_id(conversation)
        return await running.doors.contacts.rename(account_id, petname)

    async def set_timer(self, conversation: str, *, timer_s: int) -> Conversation:
        """See interface.Engine."""
        if is_group(conversation_of(conversation)):
            check_timer(timer_s)
            groups, fields = self._running().doors.groups, {Field.TIMER_S: (timer_s, "")}
            group = await groups.set_fields(conversation_of(conversation), fields)
            return group.conversation
        return await super().set_timer(conversation, timer_s=timer_s)

    # ---- inside -----------------------------------------------------------------------------

    @property
    def _own(self) -> OwnAccount | None:
        return self._services.own

    def _bundling(self) -> tuple[BundleWriter, BundleTaker]:
        doors = self._running().doors
        return doors.bundle_writer, doors.bundle_taker

    def _archives(self) -> Archives:
        return self._reading().doors.archives

    def _relay(self) -> RelayAddress | None:
        return None if self._own is None else self._own.address.relay

    def _consumers(self) -> Consumers:
        return self._reading().doors.consumers

    def _finder(self) -> Finder:
        return self._reading().doors.finder

    def _later(self) -> Later:
        return self._running().doors.later

    def _grammar(self) -> Grammar:
        return self._running().doors.grammar

    def _groups(self) -> Groups:
        return self._reading().doors.groups

    def _choices(self) -> Choices:
        return self._reading().doors.choices

    def _files(self) -> Files:
        return self._reading().doors.files

    def _transfers(self) -> Transfers:
        return self._running().doors.transfers

    async def _make_backups(self) -> None:
        """Make backups that are due, but for an engine that runs for one command."""
        await trio.sleep(self._context.tuning.backup_delay_s)
        await self._doors.scheduling.run()

    def _desk(self) -> Desk:
        return self._doors.devices

    def _running(self) -> Parts:
        return self._services.running()

    def _reading(self) -> Parts:
        return self._services.reading()


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
