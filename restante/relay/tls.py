"""Listening: TCP, and TLS 1.3 with a certificate of one's own; what a peer is counted by.

Rule: without TLS a relay listens on loopback alone (`settings` refuses the rest); a key's pin is
what addresses carry. Knows no WebSocket. Spec: docs/protocol/wire.md, section 1.
"""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path
from typing import Final

import trio

from restante.errors import RemoteProtocolError, UserError
from restante.protocol.tls_pin import spki_pin

BACKLOG: Final = 1024

Listener = trio.SocketListener | trio.SSLListener[trio.SocketStream]


async def open_listeners(host: str, port: int, *, tls: ssl.SSLContext | None) -> list[Listener]:
    """Listen. Raises UserError: the port is taken, forbidden, or the host is not this machine's."""
    plain = await open_plain_listeners(host, port)
    if tls is None:
        return list(plain)
    # https_compatible: don't wait for a peer's goodbye in TLS, the WebSocket has said it.
    return [trio.SSLListener(listener, tls, https_compatible=True) for listener in plain]


async def open_plain_listeners(host: str, port: int) -> list[trio.SocketListener]:
    """Listen without TLS. Raises UserError as `open_listeners`."""
    try:
        return await trio.open_tcp_listeners(port, host=host, backlog=BACKLOG)
    except OSError as error:
        why = (error.strerror or "failed").lower()
        raise UserError(
            f"Can't listen on {host}:{port}: {why}. Choose another place to listen."
        ) from error


def bound_port(listeners: list[Listener]) -> int:
    """Return the port of the first listener: the one asked for, or the free one taken."""
    first = listeners[0]
    transport = first.transport_listener if isinstance(first, trio.SSLListener) else first
    if not isinstance(transport, trio.SocketListener):
        raise UserError("The relay's listener has no port.")
    port: int = transport.socket.getsockname()[1]
    return port


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Load a certificate chain and its key, for TLS 1.3 alone. Raises UserError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.options |= ssl.OP_NO_COMPRESSION
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        raise UserError(
            f"{certificate} and {key} are no certificate and key that belong together, in PEM and "
            "without a password."
        ) from error
    except OSError as error:
        why = (error.strerror or "failed").lower()
        raise UserError(f"The TLS files {certificate}, {key} can't be read: {why}.") from error
    return context


def certificate_pin(certificate: Path) -> bytes:
    """Return the pin, 16 B, of the key in a PEM file's first certificate. Raises UserError."""
    end_mark = "-----END CERTIFICATE-----"
    try:
        pem = certificate.read_text(encoding="ascii")
        start = pem.index("-----BEGIN CERTIFICATE-----")
        end = pem.index(end_mark, start) + len(end_mark)
        return spki_pin(ssl.PEM_cert_to_DER_cert(pem[start:end]))
    except (OSError, ValueError, RemoteProtocolError) as error:
        raise UserError(f"{certificate} holds no readable certificate in PEM.") from error


def _no_password() -> str:
    """Refuse to ask on a terminal: a relay starts without a person."""
    return ""


def network_of(stream: trio.abc.Stream) -> bytes | None:
    """Return what the peer is counted by, or None if it is gone already."""
    inner = stream.transport_stream if isinstance(stream, trio.SSLStream) else stream
    if not isinstance(inner, trio.SocketStream):
        return b""
    try:
        host = inner.socket.getpeername()[0]
    except OSError:
        return None
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped.packed
        return address.packed[:8]
    return address.packed
