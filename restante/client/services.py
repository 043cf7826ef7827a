"""The services of a profile with an account: put together, run, and put together anew.

They live in a nursery of their own. When the account has another manifest (a device was linked or
revoked) that nursery ends, and another set goes on with what the database says now. Rule: nothing
durable is in a service's memory, so that can happen at any moment. A service that trips over a bug
of ours is logged and started again. Spec: docs/engine.md, sections 1 and 12.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Final, TypeVar

import trio

from restante.client import status as parts
from restante.client.announcer import Announcer
from restante.client.changes import Changes
from restante.client.conversations import Conversations
from restante.client.directory import Directory
from restante.client.doors import AccountDoors
from restante.client.grammar.upgrading import read_anew
from restante.client.grammar.vanishing import erase_over
from restante.client.inbox import Inbox
from restante.client.interface import ConnectionPhase, Resync
from restante.client.links import AnonymousLinks
from restante.client.log import log_bug
from restante.client.mailbox import Mailbox
from restante.client.outbox import Outbox
from restante.client.receipts import Receipts
from restante.client.refreshing import Refreshing
from restante.client.requests import FULL
from restante.client.syncing.account_watch import AccountWatch
from restante.client.syncing.journal import Journal
from restante.client.syncing.self_contact import current_account
from restante.errors import StoreError, UserError
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.client.status import StatusBoard
    from restante.store.client_rows import Rows

T = TypeVar("T")

RESTART_AFTER_S: Final = 5.0
REVOKED: Final = (
    "This device was revoked: it is none of the account's any more. It sends and receives nothing; "
    "the history that it has can still be read here. To use the account on this machine again, "
    "link it anew, with another --profile."
)
SUPERSEDED: Final = (
    "This account was recovered with its words, on another device, and this one is no part of it "
    "any more. It sends and receives nothing; the history that it has can still be read here. If "
    "it was not you: whoever did has your recovery kit. Tell your contacts in another way."
)
DELETED: Final = (
    "This account was deleted, on another device of it. The history that this one has can still be "
    "read here; to erase it: restante account delete"
)
BUG: Final = "A part of Restante failed and was started again. The log file says where."


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What there is once the profile has an account. `ended`: others have taken their place."""

    own: OwnAccount
    announcer: Announcer
    doors: AccountDoors
    conversations: Conversations
    outbox: Outbox
    receipts: Receipts
    inbox: Inbox
    mailbox: Mailbox
    watch: AccountWatch
    refreshing: Refreshing
    journal: Journal
    ended: trio.Event = field(default_factory=trio.Event)


class Services:
    """The set that runs now, if there is one."""

    def __init__(self, context: EngineContext, nursery: trio.Nursery, board: StatusBoard) -> None:
        self._context = context
        self._nursery = nursery
        self._board = board
        self._links = AnonymousLinks(nursery, proxy=context.proxy, randomness=context.randomness)
        self.directory = Directory(self._links)
        """Look-ups, with or without an account."""
        self._account_changed = trio.Event()
        self._is_ending = False
        self.own: OwnAccount | None = None
        """The account, also one whose registration isn't finished."""
        self.parts: Parts | None = None

    async def reload(self) -> None:
        """Begin with the account as the database has it, or go on with it. Raises StoreError."""
        if self.parts is not None:
            before = self.parts
            self._account_changed.set()
            await before.ended.wait()
            return
        own = await self._current()
        if own is not None and own.is_registered:
            self.parts = self._put_together(own)
            self._nursery.start_soon(self._run)

    async def end(self) -> None:
        """End the set that runs: the profile is about to have no account any more."""
        before, self._is_ending = self.parts, True
        if before is not None:
            self._account_changed.set()
            await before.ended.wait()
        self._is_ending = False

    def running(self) -> Parts:
        """Return the set that runs now. UserError: no account yet, or this device was revoked."""
        parts = self.reading()
        if (gone := _gone_because(parts.own)) is not None:
            raise UserError(gone)
        return parts

    def reading(self) -> Parts:
        """Return the set that there is, on a revoked device too. UserError: no account yet."""
        if self.parts is None:
            raise UserError(
                "This profile has no account yet. Start with: restante init --address NAME@HOST"
            )
        return self.parts

    async def settled(self, of: Parts) -> None:
        """Wait until it is sure that a set goes by the account's newest manifest."""
        await of.watch.settled()
        if self._account_changed.is_set():
            await of.ended.wait()

    async def tell(self, changes: Changes) -> None:
        """Tell the set that runs now of a committed transaction."""
        if self.parts is not None:
            await self.parts.announcer.tell(changes)

    async def waiting_with(self, wait: Callable[[Parts], Awaitable[T]]) -> T:
        """Wait for something of the set that runs, from the start again if another replaces it."""
        while True:
            now = self.running()
            results: list[T] = []
            async with trio.open_nursery() as nursery:

                async def until_ended(of: Parts = now, over: trio.Nursery = nursery) -> None:
                    await of.ended.wait()
                    over.cancel_scope.cancel()

                nursery.start_soon(until_ended)
                results.append(await wait(now))
                nursery.cancel_scope.cancel()
            if results:
                return results[0]

    async def supervise(self, service: Callable[[], Awaitable[None]]) -> None:
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

    async def _run(self) -> None:
        """Run one set after the other, until the account is gone."""
        while (now := self.parts) is not None:
            changed = self._account_changed
            async with trio.open_nursery() as nursery:
                for service in _running_of(now):
                    nursery.start_soon(self.supervise, service)
                nursery.start_soon(self._keep_house, now, nursery)
                await changed.wait()
                nursery.cancel_scope.cancel()
            self._account_changed = trio.Event()
            own = None if self._is_ending else await self._current_at_last()
            self.parts = None if own is None else self._put_together(own)
            if own is None:
                self._board.forget_account()
            now.ended.set()
            self._context.hub.publish([Resync()])

    async def _keep_house(self, now: Parts, nursery: trio.Nursery) -> None:
        """Start what nobody waits for: at once, or a while later where that was chosen."""
        with trio.move_on_after(self._context.tuning.housekeeping_delay_s):
            await now.doors.are_needed.wait()
        from restante.client.housekeeping import housekeeping_of  # noqa: PLC0415  (only by then)

        for service in housekeeping_of(self._context, now, directory=self.directory):
            nursery.start_soon(self.supervise, service)

    async def _current(self) -> OwnAccount | None:
        now_s = self._context.now_s()
        await erase_over(self._context)  # before anything is shown

        def work(rows: Rows) -> OwnAccount | None:
            read_anew(rows, Changes(), now_ms=now_s * 1000)
            return current_account(rows, now_s=now_s)

        self.own = await self._context.write(work)
        return self.own

    async def _current_at_last(self) -> OwnAccount | None:
        """Read the account, as often as it takes: the disk may be full for a while."""
        while True:
            try:
                return await self._current()
            except StoreError as error:
                self._board.set_error(parts.STORE, str(error))
            await trio.sleep(RESTART_AFTER_S)

    def _look_in(self, changes: Changes) -> None:
        if changes.is_account_changed:
            self._account_changed.set()
        if changes.are_requests_full is not None:
            self._board.set_error(parts.REQUESTS, FULL if changes.are_requests_full else None)

    def _put_together(self, own: OwnAccount) -> Parts:
        context, board = self._context, self._board
        announcer = Announcer(context, own)
        announcer.also_tell(self._look_in)
        refreshing = Refreshing(context, own, directory=self.directory, announcer=announcer)
        outbox = Outbox(
            context,
            own,
            links=self._links,
            directory=self.directory,
            refreshing=refreshing,
            announcer=announcer,
            board=board,
        )
        inbox = Inbox(context, own, announcer)
        mailbox = Mailbox(
            context,
            own,
            inbox=inbox,
            outbox=outbox,
            announcer=announcer,
            board=board,
        )
        receipts = Receipts(context, announcer)
        conversations = Conversations(context, own, announcer, files=lambda: doors.files)
        doors = AccountDoors(
            context,
            own,
            directory=self.directory,
            links=self._links,
            announcer=announcer,
            board=board,
            mailbox=mailbox,
            receipts=receipts,
            conversations=conversations,
        )
        board.own = own
        board.set_error(parts.ACCOUNT, _gone_because(own))
        board.set_phase(ConnectionPhase.CONNECTING if own.is_listed else ConnectionPhase.STOPPED)
        return Parts(
            own=own,
            announcer=announcer,
            doors=doors,
            conversations=conversations,
            outbox=outbox,
            receipts=receipts,
            inbox=inbox,
            mailbox=mailbox,
            journal=Journal(context, announcer),
            watch=AccountWatch(
                context, own, directory=self.directory, announcer=announcer, board=board
            ),
            refreshing=refreshing,
        )


def _running_of(now: Parts) -> Sequence[Callable[[], Awaitable[None]]]:
    """Return the services that run from the start; a revoked device has nothing to say to anybody.

    The others keep house: client/housekeeping.
    """
    if not now.own.is_listed:
        return ()
    own = (now.outbox.run, now.receipts.run, now.journal.run, now.watch.run, now.mailbox.run)
    return (*own, now.refreshing.run)


def _gone_because(own: OwnAccount) -> str | None:
    """Say why this device is none of the account's any more; None if it is one."""
    if own.is_listed:
        return None
    if own.was_deleted:
        return DELETED
    return SUPERSEDED if own.was_superseded else REVOKED
