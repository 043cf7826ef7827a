"""A push server of the tests' own: https on loopback, under a certificate that only they trust."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
PATIENCE_S = 20


@dataclass
class PushServer:
    """What was asked of it, and what it answers."""

    port: int
    answers: Callable[[bytes], bytes | None] = lambda _: CREATED
    """Takes a request; None: it never answers."""
    before_answer: Callable[[int], Awaitable[None]] | None = None
    """Takes a request's number, from 1 on, and waits for as long as its answer should."""
    requests: list[bytes] = field(default_factory=list)
    _came: trio.Event = field(default_factory=trio.Event)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/wake?id=7"

    async def asked(self, times: int) -> list[bytes]:
        """Wait until it was asked so often."""
        with trio.fail_after(PATIENCE_S):
            while len(self.requests) < times:
                await self._came.wait()
        return self.requests

    async def serve(self, stream: trio.SSLStream[trio.SocketStream]) -> None:
        request = b""
        try:
            while b"\r\n\r\n" not in request:
                part = await stream.receive_some()
                if not part:
                    return
                request += part
            self.requests.append(request)
            number = len(self.requests)
            self._came.set()
            self._came = trio.Event()
            if self.before_answer is not None:
                await self.before_answer(number)
            answer = self.answers(request)
            if answer is None:
                await trio.sleep_forever()
            else:
                await stream.send_all(answer)
        except trio.BrokenResourceError:
            return
        finally:
            await trio.aclose_forcefully(stream)


def make_certificate(folder: Path, name: str = "localhost") -> Path:
    """Make a certificate for a name, signed by itself; key and certificate in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@asynccontextmanager
async def push_server(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, name: str = "localhost"
) -> AsyncIterator[PushServer]:
    """Run one for the length of the block; this process trusts it meanwhile."""
    certificate = make_certificate(folder, name)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        server = PushServer(port=listeners[0].socket.getsockname()[1])
        secured = [trio.SSLListener(listener, context) for listener in listeners]
        nursery.start_soon(partial(trio.serve_listeners, _forgiving(server), secured))
        yield server
        nursery.cancel_scope.cancel()


def _forgiving(server: PushServer) -> Callable[[trio.SSLStream[trio.SocketStream]], object]:
    async def serve(stream: trio.SSLStream[trio.SocketStream]) -> None:
        try:
            await server.serve(stream)
        except (trio.BrokenResourceError, OSError):
            return  # who asked doesn't trust it, and left

    return serve


class Resolver(trio.abc.HostnameResolver):
    """Says of each name what the test says, and counts how often it was asked."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked = 0
        self.names: set[str] = set()
        self.names: set[str] = set()

    async def getaddrinfo(
        self,
        host: bytes | None,
        port: bytes | str | int | None,
        family: int = 0,
        type: int = 0,  # noqa: A002  # trio's name
        proto: int = 0,
        flags: int = 0,
    ) -> list[tuple[object, ...]]:
        self.asked += 1
        self.names.add(host.decode() if isinstance(host, bytes) else str(host))
        self.names.add(host.decode() if isinstance(host, bytes) else str(host))
        return [
            (
                trio.socket.AF_INET6 if ":" in address else trio.socket.AF_INET,
                type,
                proto,
                "",
                (str(ipaddress.ip_address(address)), port),
            )
            for address in self.addresses
        ]

    async def getnameinfo(self, sockaddr: object, flags: int) -> tuple[str, str]:
        raise NotImplementedError
