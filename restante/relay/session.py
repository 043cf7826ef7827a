"""One connection, from its challenge to its close: frames in, frames out.

Rule: whatever the peer does ends in an answer, or in one Close frame with its code. Requests of a
connection are taken up in order; a deposit's answer alone comes later, with its commit.
Spec: docs/protocol/relay.md, sections 2 and 3.
"""

from __future__ import annotations

import math
import os
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Protocol

import trio

from restante.crypto.signatures import DeviceKey, verify_authentication
from restante.errors import (
    CryptoError,
    LocalProtocolError,
    RemoteProtocolError,
    StoreError,
    WireCode,
)
from restante.protocol import frames as f
from restante.protocol.connection import Connection, Role, State
from restante.protocol.limits import MAX_DEPOSIT_ITEMS, MAX_REASON_CHARS
from restante.relay import log
from restante.relay.anonymous import AnonymousTalk
from restante.relay.device import DeviceTalk
from restante.relay.refusal import Refusal, store_refusal

if TYPE_CHECKING:
    from restante.relay.services import Services
    from restante.relay.socket import MessageSocket

NONCE_BYTES: Final = 32

_BLOCKED: Final = "the relay's operator has blocked this account"

PAUSE_S: Final = 1.0
"""Before another frame is read of who doesn't slow down."""


class Talk(Protocol):
    """What a greeted connection may ask."""

    async def take(self, frame: Any) -> None:
        """Carry out a request."""

    def ended(self) -> None:
        """Let go of what the connection held."""


class Session:
    """Serves one connection. `message` is called by the socket's reader, one at a time."""

    def __init__(self, services: Services, socket: MessageSocket) -> None:
        self.services = services
        self._socket = socket
        self._connection = Connection(Role.RELAY)
        self._nonce = b""
        self._talk: Talk | None = None
        self._is_hasty = False

    @property
    def network(self) -> bytes:
        """What the peer is counted by."""
        return self._socket.network

    @property
    def state(self) -> State:
        """Where the connection stands."""
        return self._connection.state

    def opened(self) -> None:
        """Greet: the socket is open."""
        self._nonce = os.urandom(NONCE_BYTES)
        self.send(f.Challenge(versions=[f.VERSION], nonce=self._nonce))

    async def message(self, data: bytes) -> None:
        """Take one message."""
        if self.services.is_stopping or self._connection.state is State.CLOSED:
            return
        try:
            frame = self._connection.receive(data)
            self.services.figures.frames[type(frame).__name__] += 1
            if self._talk is None:
                await self._greet(frame)
            else:
                await self._talk.take(frame)
        except RemoteProtocolError as error:
            self.close(error.code, str(error))
        if self._is_hasty:
            self._is_hasty = False
            await trio.sleep(PAUSE_S)

    def was_hasty(self) -> None:
        """Note that the peer was told to slow down; if it doesn't, it is read more slowly."""
        now = trio.current_time()
        self._is_hasty |= self.services.gates.hasty.take(self.network, 1, now) > 0

    def ended(self) -> None:
        """Let go of everything: the socket is closed."""
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.ended()

    async def _greet(self, frame: Any) -> None:
        if frame.version != f.VERSION:
            self.close(WireCode.UNSUPPORTED_VERSION, f"this relay speaks version {f.VERSION} alone")
            return
        registered, ticket = False, None
        if isinstance(frame, f.Authenticate):
            talk = await self._authenticated(frame)
            if talk is None:
                return
            registered, ticket = talk.is_registered, talk.ticket
            self._talk = talk
        else:
            self._talk = AnonymousTalk(self)
        self._socket.end_by(math.inf)
        self.send(
            f.Welcome(
                version=f.VERSION,
                registered=registered,
                epoch=self.services.epoch,
                now_s=self.services.now_s,
                max_ttl_s=self.services.limits.max_ttl_s,
                max_deposit_items=MAX_DEPOSIT_ITEMS,
                ticket=ticket,
            )
        )

    async def _authenticated(self, frame: f.Authenticate) -> DeviceTalk | None:
        refused = WireCode.UNAUTHENTICATED
        try:
            key = DeviceKey(frame.signing_key)
            verify_authentication(
                key, authority=frame.authority, nonce=self._nonce, signature=frame.signature
            )
        except CryptoError:
            self.close(refused, "the signature does not hold")
            return None
        dismissals = -1
        while dismissals != self.services.dismissals:  # else it may be cut off by now
            dismissals = self.services.dismissals
            device = await self.services.registry.device(key)
        if device is not None and device.is_blocked:
            self.close(WireCode.BLOCKED, _BLOCKED)
            return None
        if device is not None:
            self.services.seen.add(device.account)
        # A signature names the relay it is for, or one relay could pass it on to another.
        own = self.services.authorities
        if device is not None:
            own |= {device.authority}
        if own and frame.authority not in own:
            self.close(refused, "this relay is not known by that address")
            return None
        return DeviceTalk(self, key, authority=frame.authority, device=device)

    def end_device(self, devices: Sequence[int]) -> None:
        """End the connection if it is one of these devices', which are listed no more."""
        if isinstance(self._talk, DeviceTalk) and self._talk.is_of(devices):
            self.close(WireCode.UNAUTHENTICATED, "the account doesn't list this device any more")

    def end_blocked(self, account: int) -> None:
        """End the connection if it is one of this account's, which has been blocked."""
        if self.account == account:
            self.close(WireCode.BLOCKED, _BLOCKED)

    @property
    def account(self) -> int | None:
        """Which account's device is connected, if one is."""
        return self._talk.account if isinstance(self._talk, DeviceTalk) else None

    def follow(self, account: int | None, to: int) -> None:
        """Go on as a device of another account, if this one's has changed its name."""
        if isinstance(self._talk, DeviceTalk):
            self._talk.follow(account, to)

    async def look_again(self) -> None:
        """Ask the store whether the device is still listed, and whose it is. Raises StoreError."""
        if isinstance(self._talk, DeviceTalk):
            await self._talk.look_again()

    # ---- what talks use -----------------------------------------------------------------

    def send(self, frame: f.Frame) -> None:
        """Queue a frame. After the connection's end it is dropped."""
        if self._connection.state is State.CLOSED or self._socket.is_ending:
            return
        self._socket.send_soon(self._connection.send(frame))

    async def room(self, most_bytes: int) -> None:
        """Wait until no more than so much waits to be read by the peer."""
        await self._socket.room(most_bytes)

    def refuse(self, request: int, refusal: Refusal) -> None:
        """Answer that a request is not carried out."""
        if refusal.code is WireCode.SLOW_DOWN:
            self.was_hasty()
        self.services.figures.refused[_name(refusal.code)] += 1
        self.send(
            f.Refused(
                request=request,
                code=refusal.code,
                reason=refusal.reason[:MAX_REASON_CHARS],
                retry_after_s=refusal.retry_after_s,
            )
        )

    async def answer(self, request: int, carry_out: Callable[[], Awaitable[f.Frame]]) -> None:
        """Carry out a request and answer it, whatever becomes of it."""
        began_at = perf_counter()
        try:
            answer = await carry_out()
        except Refusal as refusal:
            self.refuse(request, refusal)
        except StoreError as error:
            self.refuse(request, store_refusal(error))
        else:
            self.send(answer)
        self.services.figures.requests_s.add(perf_counter() - began_at)

    def close(self, code: WireCode, reason: str, *, retry_after_s: int = 0) -> None:
        """End the connection with its one Close frame."""
        self.services.figures.closed[_name(code)] += 1
        try:
            self.send(
                f.Close(code=code, reason=reason[:MAX_REASON_CHARS], retry_after_s=retry_after_s)
            )
        except LocalProtocolError as error:  # no Close is allowed in this state
            log.bug("close", error)
        self._socket.end_soon()

    def abort(self) -> None:
        """End the connection without a word: the peer is too slow for one."""
        self._socket.abort()

    def watch(self) -> None:
        """Ping a silent peer, and end the connection of one that was silent too long."""
        limits = self.services.limits
        if late := self._socket.watch(
            trio.current_time(), idle_s=limits.idle_s, message_s=limits.message_s
        ):
            self.close(WireCode.TIMED_OUT, f"silent for too long ({late})")


def _name(code: int) -> str:
    return WireCode(code).name.lower()
