"""Listening: TCP, and TLS 1.3 over it.

Rule: without TLS a relay listens on loopback alone, or is spoken to by its proxies alone; a key's
pin is what addresses carry. Knows no WebSocket. Spec: docs/protocol/wire.md, section 1.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

import trio

from restante.errors import UserError
from restante.relay.networks import NetworkAddress, plain_address

if TYPE_CHECKING:
    from restante.relay.certificate import Certificate

BACKLOG: Final = 1024

_NO_IPV6: Final = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})

Listener = trio.abc.Listener[trio.abc.Stream]


class TlsListener(trio.abc.Listener[trio.abc.Stream]):
    """Accepts connections that speak TLS, each with the certificate of its moment."""

    def __init__(self, plain: trio.SocketListener, certificate: Certificate) -> None:
        self.plain = plain
        self._certificate = certificate

    async def accept(self) -> trio.abc.Stream:
        """Accept a connection; its handshake is the caller's."""
        stream = await self.plain.accept()
        # https_compatible: don't wait for a peer's goodbye in TLS, the WebSocket has said it.
        return trio.SSLStream(
            stream, self._certificate.context, server_side=True, https_compatible=True
        )

    async def aclose(self) -> None:
        """Accept no more."""
        await self.plain.aclose()


async def open_listeners(
    host: str, port: int, *, certificate: Certificate | None
) -> tuple[list[Listener], int]:
    """Listen; return the listeners and the port: the one asked for, or the free one taken.

    Raises UserError: the port is taken, forbidden, or the host is not this machine's.
    """
    plain = await open_plain_listeners(host, port)
    bound = port_of(plain)
    if certificate is None:
        return list(plain), bound
    return [TlsListener(listener, certificate) for listener in plain], bound


async def open_plain_listeners(host: str, port: int) -> list[trio.SocketListener]:
    """Listen without TLS. Raises UserError as `open_listeners`."""
    try:
        if host == "::":
            return await _open_everywhere(port)
        return await trio.open_tcp_listeners(port, host=host, backlog=BACKLOG)
    except OSError as error:
        why = (error.strerror or "failed").lower()
        raise UserError(
            f"Can't listen on {host}:{port}: {why}. Choose another place to listen."
        ) from error


async def _open_everywhere(port: int) -> list[trio.SocketListener]:
    """Listen on all addresses of both families; of IPv4 alone where the machine has no IPv6."""
    listeners: list[trio.SocketListener] = []
    try:
        listeners = await trio.open_tcp_listeners(port, host="::", backlog=BACKLOG)
    except OSError as error:
        if error.errno not in _NO_IPV6:
            raise
    try:
        same = port_of(listeners) if listeners else port
        return [
            *listeners,
            *await trio.open_tcp_listeners(same, host="0.0.0.0", backlog=BACKLOG),  # noqa: S104
        ]
    except OSError:
        for listener in listeners:
            await listener.aclose()
        raise


def port_of(listeners: list[trio.SocketListener]) -> int:
    """Return the port of the first listener: the one asked for, or the free one taken."""
    port: int = listeners[0].socket.getsockname()[1]
    return port


def address_of(stream: trio.abc.Stream) -> NetworkAddress | None:
    """Return where a connection comes from, or None if it is gone already."""
    inner = stream.transport_stream if isinstance(stream, trio.SSLStream) else stream
    if not isinstance(inner, trio.SocketStream):
        return None
    try:
        host = inner.socket.getpeername()[0]
    except OSError:
        return None
    return plain_address(host)
