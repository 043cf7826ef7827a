"""The way to a relay: what is trusted, what is refused, and one clear sentence for each failure."""

from __future__ import annotations

import datetime
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest
import trio
import trio_websocket
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from wsproto.events import BytesMessage

from restante.client.failures import RelayError, UnreachableError, UntrustedRelayError
from restante.client.failures import WrongServiceError as WrongService
from restante.client.socket import MessageSocket, Route, connect
from restante.errors import ExitCode
from restante.protocol.address import RelayAddress
from restante.protocol.frames import SUBPROTOCOL
from restante.protocol.limits import MAX_FRAME_BYTES
from restante.protocol.tls_pin import spki_pin
from tests.socks_proxy import a_socks_proxy

if TYPE_CHECKING:
    from pathlib import Path

STRAIGHT = Route(proxy=None, isolation="test")


def a_certificate(
    directory: Path, *, host: str = "localhost", expired: bool = False
) -> tuple[ssl.SSLContext, bytes, Path]:
    """A self-signed certificate: the server's context, the key's pin, and the file to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    start = now - datetime.timedelta(days=30)
    end = now + datetime.timedelta(days=-1 if expired else 30)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = directory / "server.pem"
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return context, spki_pin(certificate.public_bytes(serialization.Encoding.DER)), pem


async def _echo(request: trio_websocket.WebSocketRequest, *, subprotocol: str | None) -> None:
    connection = await request.accept(subprotocol=subprotocol)
    try:
        while True:
            await connection.send_message(await connection.get_message())
    except trio_websocket.ConnectionClosed:
        pass


@asynccontextmanager
async def an_echo(
    context: ssl.SSLContext | None, *, subprotocol: str | None = SUBPROTOCOL
) -> AsyncIterator[int]:
    """A WebSocket server that says everything back; yields its port."""
    async with trio.open_nursery() as nursery:
        server = await nursery.start(
            partial(
                trio_websocket.serve_websocket,
                partial(_echo, subprotocol=subprotocol),
                "localhost",
                0,
                context,
            )
        )
        yield server.listeners[0].port
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def a_socket(
    relay: RelayAddress, *, route: Route = STRAIGHT, any_key: bool = False
) -> AsyncIterator[MessageSocket]:
    async with trio.open_nursery() as nursery:
        socket = await connect(nursery, relay, route=route, any_key=any_key)
        yield socket
        await socket.close()
        nursery.cancel_scope.cancel()


async def the_failure(relay: RelayAddress, *, route: Route = STRAIGHT) -> RelayError:
    async with trio.open_nursery() as nursery:
        try:
            await connect(nursery, relay, route=route)
        except RelayError as error:
            return error
        finally:
            nursery.cancel_scope.cancel()
    pytest.fail("it connected")


async def test_plain_on_loopback_carries_messages_whole() -> None:
    async with an_echo(None) as port, a_socket(RelayAddress(host="localhost", port=port)) as socket:
        for size in (1, 70_000, 1_000_000):
            await socket.send(b"x" * size)
            assert await socket.receive() == b"x" * size
        await socket.ping()
        assert socket.peer_pin is None


async def test_the_pinned_key_is_accepted_without_any_authority(tmp_path: Path) -> None:
    context, pin, _ = a_certificate(tmp_path, host="elsewhere.example", expired=True)
    async with (
        an_echo(context) as port,
        a_socket(RelayAddress(host="localhost", port=port, pin=pin)) as socket,
    ):
        await socket.send(b"hello")
        assert await socket.receive() == b"hello"
        assert socket.peer_pin == pin


async def test_another_key_than_the_pinned_one_is_untrusted(tmp_path: Path) -> None:
    context, _, _ = a_certificate(tmp_path)
    async with an_echo(context) as port:
        failure = await the_failure(RelayAddress(host="localhost", port=port, pin=b"\x01" * 16))
        assert isinstance(failure, UntrustedRelayError)
        assert failure.exit_code is ExitCode.UNTRUSTED
        assert "another key" in str(failure)


async def test_any_key_reports_the_key_it_saw(tmp_path: Path) -> None:
    context, pin, _ = a_certificate(tmp_path)
    async with an_echo(context) as port:
        relay = RelayAddress(host="localhost", port=port)
        async with a_socket(relay, any_key=True) as socket:
            assert socket.peer_pin == pin


def _certified(port: int) -> RelayAddress:
    """A relay that is asked for a certificate of an authority. Loopback is so only in this test."""

    class Certified(RelayAddress):
        @property
        def is_plain(self) -> bool:
            return False

    return Certified(host="localhost", port=port)


async def test_a_certificate_of_a_trusted_authority_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, _, pem = a_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    async with an_echo(context) as port, a_socket(_certified(port)) as socket:
        await socket.send(b"hello")
        assert await socket.receive() == b"hello"


@pytest.mark.parametrize(
    ("host", "expired", "trusted", "says"),
    [
        ("localhost", False, False, "not signed by an authority"),
        ("localhost", True, True, "expired"),
        ("elsewhere.example", False, True, "for another host"),
    ],
)
async def test_each_bad_certificate_says_what_is_wrong_with_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    says: str,
    *,
    expired: bool,
    trusted: bool,
) -> None:
    context, _, pem = a_certificate(tmp_path, host=host, expired=expired)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    async with an_echo(context) as port:
        failure = await the_failure(_certified(port))
        assert isinstance(failure, UntrustedRelayError)
        assert says in str(failure)


async def test_tls_where_none_is_spoken_says_so() -> None:
    async with an_echo(None) as port:
        failure = await the_failure(RelayAddress(host="localhost", port=port, pin=b"\x01" * 16))
        assert isinstance(failure, WrongService)
        assert "TLS" in str(failure)


async def test_what_speaks_another_protocol_is_no_relay() -> None:
    async with an_echo(None, subprotocol=None) as port:
        failure = await the_failure(RelayAddress(host="localhost", port=port))
        assert isinstance(failure, WrongService)
        assert "no Restante relay" in str(failure)


async def test_a_closed_port_is_unreachable() -> None:
    async with an_echo(None) as port:
        pass
    failure = await the_failure(RelayAddress(host="127.0.0.1", port=port))
    assert isinstance(failure, UnreachableError)
    assert failure.exit_code is ExitCode.UNAVAILABLE
    assert "refused" in str(failure)


async def test_a_name_that_nobody_knows_is_unreachable() -> None:
    failure = await the_failure(RelayAddress(host="relay.invalid"))
    assert isinstance(failure, UnreachableError)
    assert "can't be resolved" in str(failure)


async def test_a_server_that_says_nothing_is_given_up(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def silent(stream: trio.SocketStream) -> None:
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, silent, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        failure = await the_failure(RelayAddress(host="127.0.0.1", port=port))
        assert isinstance(failure, UnreachableError)
        assert "too slowly" in str(failure)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("parts", [1, 3])
async def test_a_message_past_the_bound_ends_the_connection(parts: int) -> None:
    async def say_much(request: trio_websocket.WebSocketRequest) -> None:
        connection = await request.accept(subprotocol=SUBPROTOCOL)
        await connection.send_message(b"x" * MAX_FRAME_BYTES)
        piece = b"x" * (MAX_FRAME_BYTES // parts + 1)
        for number in range(parts):
            last = number == parts - 1
            event = BytesMessage(data=piece, message_finished=last)
            await connection._stream.send_all(connection._wsproto.send(event))
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        server = await nursery.start(
            partial(trio_websocket.serve_websocket, say_much, "localhost", 0, None)
        )
        relay = RelayAddress(host="localhost", port=server.listeners[0].port)
        async with a_socket(relay) as socket:
            with trio.fail_after(30):
                assert len(await socket.receive()) == MAX_FRAME_BYTES
                with pytest.raises(UnreachableError):
                    await socket.receive()
        nursery.cancel_scope.cancel()


async def test_endless_empty_fragments_end_the_connection() -> None:
    async def flood(request: trio_websocket.WebSocketRequest) -> None:
        connection = await request.accept(subprotocol=SUBPROTOCOL)
        frames = b"\x02\x00" + b"\x00\x00" * 200  # one binary message that never ends
        await connection._stream.send_all(frames)
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        server = await nursery.start(
            partial(trio_websocket.serve_websocket, flood, "localhost", 0, None)
        )
        relay = RelayAddress(host="localhost", port=server.listeners[0].port)
        async with a_socket(relay) as socket:
            with trio.fail_after(30), pytest.raises(UnreachableError):
                await socket.receive()
        nursery.cancel_scope.cancel()


async def test_the_proxy_resolves_names_and_keeps_two_routes_apart() -> None:
    seen: list[tuple[str, str, str, int]] = []
    async with an_echo(None) as port, a_socks_proxy(seen) as proxy_port:
        relay = RelayAddress(host="localhost", port=port)
        for isolation in ("device", "anonymous-1"):
            route = Route(proxy=f"socks5://127.0.0.1:{proxy_port}", isolation=isolation)
            async with a_socket(relay, route=route) as socket:
                await socket.send(b"through")
                assert await socket.receive() == b"through"
    assert [(user, host) for user, _, host, _ in seen] == [
        ("device", "localhost"),
        ("anonymous-1", "localhost"),
    ]


async def test_a_proxy_that_is_down_is_named_as_the_cause() -> None:
    async with an_echo(None) as port:
        pass
    route = Route(proxy=f"socks5://127.0.0.1:{port}", isolation="x")
    failure = await the_failure(RelayAddress(host="relay.example"), route=route)
    assert isinstance(failure, UnreachableError)
    assert "proxy" in str(failure)
