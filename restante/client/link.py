"""One connection of the protocol: greeted, requests answered by number, deliveries in order.

Rule: every wait has a deadline, and once the link is lost every waiter learns why. Two kinds:
anonymous (deposit, fetch) and a device's own (receive, publish). Knows no store and no content.
Spec: docs/protocol/relay.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import trio

from restante.client.failures import (
    RefusedError,
    RelayError,
    UnreachableError,
    WrongServiceError,
    wire_code,
)
from restante.client.socket import CLOSE_TIMEOUT_S, MessageSocket, Route, connect
from restante.crypto.signing import sign_authentication
from restante.errors import RemoteProtocolError, WireCode
from restante.protocol import frames as f
from restante.protocol.connection import Connection, Role
from restante.protocol.limits import (
    HANDSHAKE_TIMEOUT_S,
    MAX_PENDING_REQUESTS,
    PING_INTERVAL_S,
    REQUEST_TIMEOUT_S,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from restante.crypto.keys import DeviceSigningKey
    from restante.crypto.own_keys import DeviceSecrets
    from restante.protocol.address import RelayAddress

A = TypeVar("A", bound=f.Frame)

QUEUED_DELIVERIES: Final = 2
"""Frames read ahead of the inbox: up to 1 MiB each, and the relay holds the rest."""


@dataclass(slots=True)
class _Waiter:
    """A request's place in the queue of those that wait."""

    answered: trio.Event
    answer: f.Frame | None = None


class Link:
    """An open, greeted connection. Made by `open_link`; its tasks live in the caller's nursery."""

    def __init__(
        self, socket: MessageSocket, protocol: Connection, relay: RelayAddress, welcome: f.Welcome
    ) -> None:
        self.relay = relay
        self.welcome = welcome
        self.lost = trio.Event()
        self.reason: RelayError | None = None
        """Why the link was lost, once it is."""
        self._socket = socket
        self._protocol = protocol
        self._last_request = 0
        self._waiters: dict[int, _Waiter] = {}
        self._free = trio.Semaphore(MAX_PENDING_REQUESTS)
        self._into_deliveries, self.deliveries = trio.open_memory_channel[f.Deliver | f.Drained](
            QUEUED_DELIVERIES
        )
        self.scope = trio.CancelScope()

    @property
    def peer_pin(self) -> bytes | None:
        """The pin of the TLS key that the relay showed, 16 B; None without TLS."""
        return self._socket.peer_pin

    async def ask(self, answer: type[A], make: Callable[[int], f.Frame]) -> A:
        """Send the request that `make` returns for a request number; return its answer.

        Raises RefusedError, or a RelayError once the link is lost or REQUEST_TIMEOUT_S have passed
        (the link is then closed: what became of the request is unknown).
        """
        async with self._free:
            self.raise_if_lost()
            self._last_request += 1
            number = self._last_request
            waiter = _Waiter(answered=trio.Event())
            self._waiters[number] = waiter
            try:
                with trio.move_on_after(REQUEST_TIMEOUT_S):
                    await self._send(make(number))
                    await waiter.answered.wait()
            finally:
                self._waiters.pop(number, None)
        got = waiter.answer
        if got is None:
            self._lose(RefusedError(WireCode.TIMED_OUT, self.relay))
            self.raise_if_lost()
        if isinstance(got, f.Refused):
            raise _refused(got, self.relay)
        if not isinstance(got, answer):  # the state machine has checked it
            raise WrongServiceError(f"{self.relay.authority} answers something else.")
        return got

    async def acknowledge(self, ids: Sequence[bytes]) -> None:
        """Tell the relay that these envelopes are kept. Raises RelayError if the link is lost."""
        self.raise_if_lost()
        await self._send(f.Ack(ids=list(ids)))

    async def close(self) -> None:
        """Close the link; never raises."""
        self.reason = self.reason or _closed_by_us(self.relay)
        await self._socket.close()
        self._lose(self.reason)

    async def run(self) -> None:
        """Read and ping until the link is lost; never raises but for cancellation."""
        try:
            with self.scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._ping)
                    await self._read()
        finally:
            self._lose(_closed_by_us(self.relay))
            self._into_deliveries.close()
            await self._socket.abort()

    async def _send(self, frame: f.Frame) -> None:
        data = self._protocol.send(frame)
        try:
            await self._socket.send(data)
        except UnreachableError as error:
            # A relay's last words may not have been read yet, and say more than this error.
            with trio.move_on_after(CLOSE_TIMEOUT_S):
                await self.lost.wait()
            self._lose(error)
            self.raise_if_lost()

    async def _read(self) -> None:
        while True:
            try:
                frame = self._protocol.receive(await self._socket.receive())
            except RelayError as error:
                self._lose(error)
                return
            except RemoteProtocolError:
                self._lose(
                    WrongServiceError(
                        f"{self.relay.authority} broke the protocol. Tell its operator, and check "
                        "that this Restante is up to date."
                    )
                )
                return
            if isinstance(frame, f.Close):
                self._lose(_refused(frame, self.relay))
                return
            if isinstance(frame, (f.Deliver, f.Drained)):
                await self._into_deliveries.send(frame)
            elif (waiter := self._waiters.pop(_request_of(frame), None)) is not None:
                waiter.answer = frame
                waiter.answered.set()

    async def _ping(self) -> None:
        while True:
            await trio.sleep(PING_INTERVAL_S)
            try:
                await self._socket.ping()
            except UnreachableError as error:
                self._lose(error)
                return

    def _lose(self, reason: RelayError) -> None:
        """Remember why, once, and wake everybody up."""
        if self.reason is None:
            self.reason = reason
        self.lost.set()
        for waiter in self._waiters.values():
            waiter.answered.set()
        self.scope.cancel()

    def raise_if_lost(self) -> None:
        """Raise the RelayError that says why the link was lost, if it was."""
        if self.reason is not None:
            raise self.reason


async def open_link(
    nursery: trio.Nursery,
    relay: RelayAddress,
    *,
    route: Route,
    device: DeviceSecrets | None = None,
    any_key: bool = False,
) -> Link:
    """Connect and greet: anonymously, or as `device`. The link runs in `nursery` until it is lost.

    Raises RelayError. `any_key` as in `socket.connect`, for anonymous links only.
    """
    socket = await connect(nursery, relay, route=route, any_key=any_key)
    try:
        link = await _greet(socket, relay, None if device is None else device.signing, device)
    except BaseException:
        await socket.abort()
        raise
    nursery.start_soon(link.run)
    return link


async def _greet(
    socket: MessageSocket,
    relay: RelayAddress,
    signing: DeviceSigningKey | None,
    device: DeviceSecrets | None,
) -> Link:
    protocol = Connection(Role.CLIENT)
    try:
        with trio.fail_after(HANDSHAKE_TIMEOUT_S):
            challenge = _expect(protocol.receive(await socket.receive()), f.Challenge, relay)
            if f.VERSION not in challenge.versions:
                raise RefusedError(WireCode.UNSUPPORTED_VERSION, relay)
            greeting: f.Frame = f.Anonymous(version=f.VERSION)
            if signing is not None and device is not None:
                # The authority is named so that a relay can't pass the answer on to another one.
                greeting = f.Authenticate(
                    version=f.VERSION,
                    signing_key=device.key.raw,
                    authority=relay.authority,
                    signature=sign_authentication(
                        signing, authority=relay.authority, nonce=challenge.nonce
                    ),
                )
            await socket.send(protocol.send(greeting))
            welcome = _expect(protocol.receive(await socket.receive()), f.Welcome, relay)
    except trio.TooSlowError:
        raise RefusedError(WireCode.TIMED_OUT, relay) from None
    except RemoteProtocolError:
        raise WrongServiceError(
            f"{relay.authority} answers, but not as a Restante relay of this version does."
        ) from None
    return Link(socket, protocol, relay, welcome)


def _expect(frame: Any, wanted: type[A], relay: RelayAddress) -> A:
    if isinstance(frame, f.Close):
        raise _refused(frame, relay)
    if not isinstance(frame, wanted):  # the state machine lets nothing else through
        raise RemoteProtocolError("an unexpected frame")
    return frame


def _refused(frame: f.Close | f.Refused, relay: RelayAddress) -> RefusedError:
    return RefusedError(
        wire_code(frame.code), relay, retry_after_s=frame.retry_after_s, reason=frame.reason
    )


def _request_of(frame: Any) -> int:
    number: int = frame.request
    return number


def _closed_by_us(relay: RelayAddress) -> UnreachableError:
    return UnreachableError(f"The connection to {relay.authority} was closed.")
