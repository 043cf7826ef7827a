"""A client's way to a relay: TCP or SOCKS5, TLS 1.3, WebSocket; messages in, messages out.

The only module on this side that knows trio-websocket and python-socks. Rules: everything has a
deadline; TLS everywhere but on loopback; whoever's key is pinned is asked for that key and nobody
else; whatever fails is a RelayError with one sentence. Knows no frame. Spec: docs/protocol/wire.md.
"""

from __future__ import annotations

import os
import re
import socket as sockets
import ssl
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

import trio
from trio_websocket import (
    CloseReason,
    ConnectionClosed,
    ConnectionRejected,
    HandshakeError,
    WebSocketConnection,
)
from wsproto import ConnectionType, WSConnection
from wsproto.events import BytesMessage, TextMessage
from wsproto.utilities import ProtocolError

from restante.client.failures import (
    RefusedError,
    RelayError,
    UnreachableError,
    UntrustedRelayError,
    WrongServiceError,
    limit_named,
)
from restante.errors import RemoteProtocolError, WireCode
from restante.protocol.frames import SUBPROTOCOL
from restante.protocol.limits import (
    CONNECT_TIMEOUT_S,
    HANDSHAKE_TIMEOUT_S,
    MAX_FRAGMENTS,
    MAX_FRAME_BYTES,
    MAX_REASON_CHARS,
    REQUEST_TIMEOUT_S,
    WRITE_TIMEOUT_S,
)
from restante.protocol.tls_pin import spki_pin
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.protocol.address import RelayAddress

CLOSE_TIMEOUT_S: Final = 2
RECEIVE_BUFFER_BYTES: Final = 65_536
"""The library's 4 KiB make a frame of 30 KB 2.6 times as dear."""

QUEUED_MESSAGES: Final = 8
RESOURCE: Final = "/"

_GONE: Final = (trio.BrokenResourceError, trio.ClosedResourceError, OSError)

_SECONDS: Final = re.compile(rb"[0-9]{1,6}")

_EXPIRED, _NOT_YET_VALID, _WRONG_HOST = 10, 9, 62
"""X509_V_ERR codes of OpenSSL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How to get to relays. `proxy` is socks5://[user:password@]host:port, or None for straight.

    Two routes of different `isolation` never share a Tor circuit: it is passed as the SOCKS user
    name, unless the proxy has one of its own.
    """

    proxy: str | None
    isolation: str


class _Connection(WebSocketConnection):
    """The library's connection, with bounded fragments and a reader that never raises."""

    _fragments = 0

    async def open(self, nursery: trio.Nursery) -> BaseException | None:
        """Run the reader in `nursery`; return why the handshake failed, or None."""
        self._failure: BaseException | None = None
        nursery.start_soon(self._read_until_closed)
        await self._open_handshake.wait()
        return self._failure

    async def _read_until_closed(self) -> None:
        # An exception that left this task would stop every other service of the engine.
        try:
            await self._reader_task()
            self._failure = self._failure or HandshakeError()
        except (HandshakeError, ConnectionClosed, ProtocolError, *_GONE) as error:
            self._failure = error
        finally:
            if self._close_reason is None:
                self._close_reason = CloseReason(1006, None)
            self._open_handshake.set()
            self._close_handshake.set()
            await trio.aclose_forcefully(self._stream)

    async def _handle_message_event(self, event: BytesMessage | TextMessage) -> None:
        # Empty continuation frames cost the sender 6 bytes, and us a list entry, for ever.
        self._fragments += 1
        if self._fragments > MAX_FRAGMENTS:
            raise trio.BrokenResourceError  # the library goes on reading after ConnectionClosed
        if event.message_finished:
            self._fragments = 0
        await super()._handle_message_event(event)


class MessageSocket:
    """An open connection that carries whole binary messages. Made by `connect`."""

    def __init__(
        self, connection: _Connection, relay: RelayAddress, peer_pin: bytes | None
    ) -> None:
        self._connection = connection
        self._relay = relay
        self.peer_pin = peer_pin
        """The pin of the TLS key seen, 16 B; None without TLS."""

    async def receive(self) -> bytes:
        """Wait for the next message, for ever.

        Raises UnreachableError when the connection is gone, RemoteProtocolError for a text.
        """
        try:
            message = await self._connection.get_message()
        except ConnectionClosed:
            raise self._lost() from None
        if not isinstance(message, bytes):
            raise RemoteProtocolError("a text message where only binary ones are spoken")
        return message

    async def send(self, message: bytes) -> None:
        """Send one message within WRITE_TIMEOUT_S. Raises UnreachableError.

        Cancelled or too slow, half a message may have left: the connection is then of no more use,
        and closed.
        """
        sent = False
        try:
            with trio.move_on_after(WRITE_TIMEOUT_S):
                await self._connection.send_message(message)
                sent = True
        except ConnectionClosed:
            raise self._lost() from None
        finally:
            if not sent:
                await self.abort()
        if not sent:
            raise self._lost()

    async def ping(self) -> None:
        """Wait until the peer has answered a ping. Raises UnreachableError."""
        try:
            with trio.fail_after(REQUEST_TIMEOUT_S):
                await self._connection.ping()
        except (ConnectionClosed, trio.TooSlowError):
            raise self._lost() from None

    async def close(self) -> None:
        """Say goodbye within CLOSE_TIMEOUT_S, then close; never raises."""
        with trio.CancelScope(shield=True, deadline=trio.current_time() + CLOSE_TIMEOUT_S):
            await self._connection.aclose()

    async def abort(self) -> None:
        """Close without a goodbye; never raises."""
        with trio.CancelScope(shield=True) as scope:
            scope.cancel()
            await self._connection.aclose()

    def _lost(self) -> UnreachableError:
        return UnreachableError(
            f"The connection to {self._relay.authority} was lost. It is tried again by itself."
        )


async def connect(
    nursery: trio.Nursery, relay: RelayAddress, *, route: Route, any_key: bool = False
) -> MessageSocket:
    """Connect to a relay; the connection's reader lives in `nursery` and never raises there.

    `any_key` accepts whatever TLS key is shown: for the look-up of a contact code, whose pin the
    caller checks afterwards against `peer_pin`, before anything secret is said.
    Raises UnreachableError, UntrustedRelayError, WrongServiceError.
    """
    try:
        with trio.fail_after(CONNECT_TIMEOUT_S):
            stream = await _open_stream(relay, route)
    except trio.TooSlowError:
        raise _unreachable(relay, "it doesn't answer") from None
    try:
        with trio.fail_after(HANDSHAKE_TIMEOUT_S):
            if relay.is_plain and not any_key:
                return await _open_websocket(nursery, stream, relay, peer_pin=None)
            secured = _secured(stream, relay, any_key=any_key)
            stream = secured
            peer_pin = await _shake_hands(secured, relay, any_key=any_key)
            return await _open_websocket(nursery, secured, relay, peer_pin=peer_pin)
    except trio.TooSlowError:
        await trio.aclose_forcefully(stream)
        raise _unreachable(relay, "it answers too slowly") from None
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise


async def _open_stream(relay: RelayAddress, route: Route) -> trio.abc.Stream:
    if route.proxy is None:
        try:
            return await trio.open_tcp_stream(relay.dial_host, relay.port)
        except OSError as error:
            raise _unreachable(relay, _reason(error)) from None
    from restante.client import proxy  # noqa: PLC0415  (dear to import, and seldom wanted)

    try:
        return await proxy.open_through(
            route.proxy, relay, isolation=route.isolation, timeout_s=CONNECT_TIMEOUT_S
        )
    except OSError as error:
        raise UnreachableError(
            f"The proxy that the settings name doesn't answer ({_reason(error)}). Start it, or "
            "correct network.proxy."
        ) from None
    except proxy.RefusedByProxyError:
        raise _unreachable(relay, "the proxy could not connect") from None


def _secured(
    stream: trio.abc.Stream, relay: RelayAddress, *, any_key: bool
) -> trio.SSLStream[trio.abc.Stream]:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if any_key or relay.pin is not None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the key itself is compared below
    return trio.SSLStream(stream, context, server_hostname=relay.dial_host, https_compatible=True)


async def _shake_hands(
    stream: trio.SSLStream[trio.abc.Stream], relay: RelayAddress, *, any_key: bool
) -> bytes:
    """Finish the TLS handshake and return the pin of the key that was shown."""
    try:
        await stream.do_handshake()
    except trio.BrokenResourceError as error:
        raise _tls_failure(relay, error.__cause__) from None
    certificate = stream.getpeercert(binary_form=True)
    try:
        pin = spki_pin(certificate or b"")
    except RemoteProtocolError:
        raise WrongServiceError(f"{relay.authority} shows no readable TLS certificate.") from None
    if relay.pin is not None and not any_key and not compare_digest(pin, relay.pin):
        raise UntrustedRelayError(
            f"{relay.authority} shows another key than the one pinned in its address. Somebody "
            "may be in between; ask the relay's operator for the current address."
        )
    return pin


def _tls_failure(
    relay: RelayAddress, cause: BaseException | None
) -> UntrustedRelayError | WrongServiceError | UnreachableError:
    if isinstance(cause, ssl.SSLCertVerificationError):
        if cause.verify_code in {_EXPIRED, _NOT_YET_VALID}:
            return UntrustedRelayError(
                f"The TLS certificate of {relay.authority} has expired or isn't valid yet. Check "
                "this machine's clock, then tell the relay's operator."
            )
        if cause.verify_code == _WRONG_HOST:
            return UntrustedRelayError(
                f"The TLS certificate that {relay.authority} shows is for another host. Check the "
                "address."
            )
        return UntrustedRelayError(
            f"The TLS certificate of {relay.authority} is not signed by an authority this machine "
            "trusts. If the relay has a key of its own, use its address with the #pin."
        )
    if isinstance(cause, ssl.SSLError):
        return WrongServiceError(
            f"{relay.authority} answers, but speaks no TLS 1.3. Check the host and the port."
        )
    return _unreachable(relay, "it hung up during the TLS handshake")


async def _open_websocket(
    nursery: trio.Nursery, stream: trio.abc.Stream, relay: RelayAddress, *, peer_pin: bytes | None
) -> MessageSocket:
    connection = _Connection(
        stream,
        WSConnection(ConnectionType.CLIENT),
        host=relay.authority,
        path=RESOURCE,
        client_subprotocols=[SUBPROTOCOL],
        message_queue_size=QUEUED_MESSAGES,
        max_message_size=MAX_FRAME_BYTES,
        receive_buffer_size=RECEIVE_BUFFER_BYTES,
    )
    failure = await connection.open(nursery)
    if isinstance(failure, ConnectionRejected) and failure.status_code in {429, 503}:
        await trio.aclose_forcefully(stream)
        raise _turned_away(relay, failure)
    if connection.subprotocol != SUBPROTOCOL:
        await trio.aclose_forcefully(stream)
        hint = ""
        if relay.is_plain and peer_pin is None:
            hint = " If it has a TLS key of its own, use its address with the #pin."
        raise WrongServiceError(
            f"{relay.authority} answers, but is no Restante relay. Check the host and the port."
            + hint
        )
    return MessageSocket(connection, relay, peer_pin)


def _turned_away(relay: RelayAddress, failure: ConnectionRejected) -> RelayError:
    """Return what a relay says that has no room for another connection, or a proxy for it."""
    reason = (failure.body or b"")[:MAX_REASON_CHARS].decode("ascii", "replace").strip()
    if not limit_named(reason):
        return _unreachable(relay, "it is too busy")
    waits = [value for name, value in failure.headers or () if name.lower() == b"retry-after"]
    wait_s = int(waits[0]) if waits and _SECONDS.fullmatch(waits[0]) else 0
    return RefusedError(WireCode.SLOW_DOWN, relay, retry_after_s=wait_s, reason=reason)


def _unreachable(relay: RelayAddress, why: str) -> UnreachableError:
    return UnreachableError(
        f"Can't reach the relay {relay.authority}: {why}. Check the network and the address."
    )


def _reason(error: OSError) -> str:
    if isinstance(error, sockets.gaierror):
        return "its name can't be resolved"
    cause: BaseException | None = error
    while isinstance(cause, OSError) and cause.errno is None and cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    # By its number: trio's own text names the address as Python writes it.
    errno = cause.errno if isinstance(cause, OSError) else None
    return (os.strerror(errno) if errno else "no connection").lower()
