"""The device's own link: always there or on its way back; what it delivers is kept, then acked.

Rule: after a failure it waits a little longer each time, with jitter, and no user has to do
anything; `retry_now` is for the impatient. What a relay says is wrong with us (another device key,
the account unknown) is shown, and tried again just as patiently. Only who was fenced off stays away
until told to come back. Spec: docs/engine.md, section 1; docs/protocol/relay.md, R27.
"""

from __future__ import annotations

import contextlib
import math
from functools import partial
from typing import TYPE_CHECKING, Final

import trio

from restante.client import status as parts
from restante.client.capability_keys.withdrawing import withdraw_stale
from restante.client.changes import Changes
from restante.client.coming_back import UnknownAccountError, come_back, unknown_account
from restante.client.failures import RefusedError, RelayError, UnreachableError
from restante.client.interface import ConnectionPhase
from restante.client.link import Link, open_link
from restante.client.publishing import maintain, publish_to_restored
from restante.client.socket import Route
from restante.errors import StoreError, WireCode
from restante.protocol import frames as f
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.inbox import Inbox
    from restante.client.outbox import Outbox
    from restante.client.own_account import OwnAccount
    from restante.client.status import StatusBoard

UPKEEP_EVERY_S: Final = 3600.0
"""Prekeys are counted, and the heartbeat looked at, so often on a link that stays."""

_WAIT_LONG: Final = frozenset(
    {WireCode.UNAUTHENTICATED, WireCode.UNSUPPORTED_VERSION, WireCode.BLOCKED}
)
"""Trying again soon would be pointless."""

_LONG_S: Final = 60.0


class Mailbox:
    """The service. `run` connects for ever."""

    def __init__(
        self,
        context: EngineContext,
        own: OwnAccount,
        *,
        inbox: Inbox,
        outbox: Outbox,
        announcer: Announcer,
        board: StatusBoard,
    ) -> None:
        self._context = context
        self._own = own
        self._inbox = inbox
        self._outbox = outbox
        self._announcer = announcer
        self._board = board
        self._impatient = trio.Event()
        self._upkeep_due = trio.Event()
        self._attempted = trio.Event()
        self._drained = trio.Event()
        self._published = trio.Event()
        self._link: Link | None = None
        self._linked = trio.Event()
        announcer.also_tell(self._look_in)

    def retry_now(self) -> None:
        """Don't wait for the backoff."""
        self._impatient.set()

    async def drained(self) -> bool:
        """Wait until all that waited at the relay is kept and acked; False if it can't be reached.

        An attempt that is under way counts; otherwise a new one is made.
        """
        if not self._drained.is_set():
            self._attempted = trio.Event()
            self.retry_now()
            async with trio.open_nursery() as nursery:

                async def wait_for(event: trio.Event) -> None:
                    await event.wait()
                    nursery.cancel_scope.cancel()

                nursery.start_soon(wait_for, self._drained)
                nursery.start_soon(wait_for, self._attempted)
        return self._drained.is_set()

    async def link(self) -> Link:
        """Return the link, for requests beside what the mailbox does; wait until there is one."""
        while self._link is None:
            await self._linked.wait()
        return self._link

    async def published(self) -> None:
        """Wait until what the relay holds of us is up to date."""
        await self._published.wait()

    async def run(self) -> None:
        """Connect, receive, connect again; for ever."""
        attempts = 0
        with contextlib.suppress(StoreError):  # what is wrong with the disk shows soon enough
            await self._inbox.take_again()
        while True:
            self._impatient = trio.Event()
            self._board.set_phase(ConnectionPhase.CONNECTING)
            started_at = trio.current_time()
            try:
                await self._stay_connected()
            except RelayError as error:
                reason: RelayError = error
                if _may_be_revoked(error):
                    await self._announcer.tell(Changes(is_account_doubtful=True))
            except StoreError as error:
                self._board.set_error(parts.STORE, str(error))
                reason = UnreachableError(str(error))
            was_connected = self._drained.is_set()
            self._drained = trio.Event()
            self._out_of_date()
            if was_connected and trio.current_time() - started_at > _LONG_S:
                attempts = 0
            attempts += 1
            self._board.set_error(parts.RELAY, str(reason))
            await self._pause(attempts, reason)

    async def _pause(self, attempts: int, reason: RelayError) -> None:
        at_least_s = float(reason.retry_after_s)
        code = reason.code if isinstance(reason, RefusedError) else None
        if code in _WAIT_LONG:
            at_least_s = max(at_least_s, _LONG_S)
        pause_s = self._context.backoff_s(attempts, at_least_s=at_least_s)
        if code is WireCode.FENCED:
            pause_s = math.inf  # else two processes of one profile would fence each other for ever
            self._impatient = trio.Event()  # who was impatient got the connection that was lost
        self._board.set_phase(
            ConnectionPhase.OFFLINE, retry_in_s=None if pause_s == math.inf else pause_s
        )
        self._attempted.set()
        with trio.move_on_after(pause_s):
            await self._impatient.wait()

    async def _stay_connected(self) -> None:
        """Serve one connection until it is lost; always raises RelayError or StoreError."""
        async with trio.open_nursery() as links:
            route = Route(proxy=self._context.proxy, isolation="device")
            failure: RelayError | StoreError | None = None
            try:
                link = await open_link(
                    links, self._own.address.relay, route=route, device=self._own.device
                )
                try:
                    failure = await self._serve(link)
                finally:
                    if self._link is not None:
                        self._link, self._linked = None, trio.Event()
                    await link.close()
            except (RelayError, StoreError) as error:
                failure = error
            links.cancel_scope.cancel()
        if failure is not None:
            raise failure
        raise UnreachableError("The connection ended.")

    async def _serve(self, link: Link) -> RelayError | StoreError:
        """Receive and keep the house in order; return why it ended."""
        if not link.welcome.registered:
            await come_back(self._context, self._own, link)
        await self._return_to_restored(link)
        await link.ask(f.Done, lambda n: f.Subscribe(request=n))
        self._board.set_error(parts.RELAY, None)
        self._board.set_phase(ConnectionPhase.CONNECTED)
        await self._outbox.hurry()
        # While we were away another device may have changed the account.
        await self._announcer.tell(Changes(is_account_doubtful=True))
        self._link = link
        self._linked.set()
        ended: list[RelayError | StoreError] = []
        async with trio.open_nursery() as nursery:

            async def until_failed(task: object) -> None:
                try:
                    await task(link)  # type: ignore[operator]  # one of the two below
                except (RelayError, StoreError) as error:
                    ended.append(error)
                nursery.cancel_scope.cancel()

            nursery.start_soon(until_failed, self._receive)
            nursery.start_soon(until_failed, self._keep_up)
        return link.reason or (ended[0] if ended else unknown_account(self._own))

    async def _return_to_restored(self, link: Link) -> None:
        """Publish all anew to a relay that was restored, before anything is received (R30)."""
        try:
            await self._publish_to_restored(link)
        except (RefusedError, UnknownAccountError) as error:
            link.raise_if_lost()
            self._board.set_error(parts.RELAY, str(error))  # and go on receiving

    async def _publish_to_restored(self, link: Link) -> None:
        try:
            await publish_to_restored(self._context, self._own, link)
        except RefusedError as error:
            if error.code is not WireCode.CONFLICT:
                raise
            link.raise_if_lost()
            # It may know the account by the name that it had at the time of the backup.
            await come_back(self._context, self._own, link)
            await publish_to_restored(self._context, self._own, link)

    async def _receive(self, link: Link) -> None:
        """Keep and acknowledge what is delivered, until the link is lost."""
        async for frame in link.deliveries:
            if isinstance(frame, f.Drained):
                self._drained.set()
                continue
            reach("inbox.arrived")
            await self._inbox.take(frame.items)
            await link.acknowledge([item.id for item in frame.items])
            reach("inbox.acked")

    async def _keep_up(self, link: Link) -> None:
        """Publish what has changed; look again every hour, and whenever our tokens changed."""
        while True:
            self._upkeep_due = trio.Event()
            again_s = UPKEEP_EVERY_S
            try:
                await self._withdraw_keys()
                await maintain(self._context, self._own, link)
                if not self._upkeep_due.is_set():  # else something changed meanwhile
                    self._published.set()
            except RefusedError as error:
                link.raise_if_lost()
                self._board.set_error(parts.RELAY, str(error))  # and go on receiving
                again_s = self._context.backoff_s(6, at_least_s=error.retry_after_s)
            with trio.move_on_after(again_s):
                await self._upkeep_due.wait()

    async def _withdraw_keys(self) -> None:
        """Revoke keys that write to somebody who has left a group, before that is published."""
        changes = Changes()
        work = partial(withdraw_stale, changes=changes, context=self._context)
        await self._context.write(work)
        if changes.are_devices_changed:
            await self._announcer.tell(changes)

    def _look_in(self, changes: Changes) -> None:
        if changes.are_tokens_changed or changes.is_upkeep_due:
            self._out_of_date()
            self._upkeep_due.set()

    def _out_of_date(self) -> None:
        if self._published.is_set():  # else somebody may wait for it already
            self._published = trio.Event()


def _may_be_revoked(error: RelayError) -> bool:
    """Whether the relay doesn't know this device: only our own manifest can say why."""
    if isinstance(error, RefusedError):
        return error.code is WireCode.UNAUTHENTICATED
    return isinstance(error, UnknownAccountError)
