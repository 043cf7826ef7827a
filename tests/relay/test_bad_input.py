"""Whatever a peer sends ends in an answer or in one Close with its code; others notice nothing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
import trio_websocket
from wsproto.events import BytesMessage, Ping, TextMessage

from restante.crypto import signing
from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.codec import encode
from restante.protocol.limits import MAX_FRAGMENTS, MAX_FRAME_BYTES
from restante.relay.limits import Limits
from restante.relay.server import RunningRelay
from tests.relay.wire import (
    Wire,
    anonymous,
    authenticated,
    deposit,
    dialed,
    envelope,
    item,
    person,
    registered,
    relay_at,
    subscribed,
)


@asynccontextmanager
async def _honest_pair(relay: RunningRelay) -> AsyncIterator[None]:
    """Run a block, and then see that two people can talk over connections open all the while."""
    bob = await registered(relay, "bob")
    async with subscribed(relay, bob) as wire, anonymous(relay) as sender:
        yield
        await deposit(sender, item(bob, payload=envelope(5)))
        (got,) = await wire.delivered(1)
        assert got.payload == envelope(5)


async def _code_of_close(wire: Wire, message: bytes) -> int:
    await wire.socket.send_message(message)
    return int((await wire.closed()).code)


BAD_FRAMES = {
    "nothing": b"",
    "no msgpack": b"\xc1",
    "a map": b"\x80",
    "no array": b"\x2e",
    "an unknown tag": encode([99, 1]),
    "a relay's frame": encode(f.Done(request=1)),
    "a field too many": encode([46, 1, False, [], 1]),
    "a nesting bomb": b"\x91" * 10_000 + b"\xc0",
    "a short id": encode([45, 1, b"short"]),
    "no items": encode([46, 1, False, []]),
    "a bool for a number": encode([45, True, bytes(16)]),
    "a name of nobody's": encode([43, 1, "../etc", 0]),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
async def test_what_is_no_frame_ends_the_connection_as_a_bad_frame(
    tmp_path: Path, name: str
) -> None:
    async with relay_at(tmp_path) as relay, _honest_pair(relay), anonymous(relay) as wire:
        assert await _code_of_close(wire, BAD_FRAMES[name]) == WireCode.BAD_FRAME


async def test_a_frame_that_is_not_allowed_now_ends_the_connection_as_bad_state(
    tmp_path: Path,
) -> None:
    async with relay_at(tmp_path) as relay, _honest_pair(relay):
        async with anonymous(relay) as wire:
            code = await _code_of_close(wire, encode(f.Subscribe(request=1)))
            assert code == WireCode.BAD_STATE
        async with dialed(relay.address) as wire:
            await wire.frame()
            code = await _code_of_close(wire, encode(f.FetchCode(request=1, lookup_id=bytes(16))))
            assert code == WireCode.BAD_STATE
        async with authenticated(relay, person("eve")) as wire:
            frame = f.Deposit(request=1, is_retry=False, items=[item(person("x"))])
            assert await _code_of_close(wire, encode(frame)) == WireCode.BAD_STATE


async def test_an_unknown_version_is_refused_by_name(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, dialed(relay.address) as wire:
        await wire.frame()
        code = await _code_of_close(wire, encode(f.Anonymous(version=200)))
        assert code == WireCode.UNSUPPORTED_VERSION


async def test_a_signature_that_does_not_hold_is_refused(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob, eve = await registered(relay, "bob"), person("eve")
        authority = relay.address.authority
        for nonce_of, key, called in (
            (None, bob, authority),  # a nonce of another connection
            ("own", eve, authority),  # another device's signature
            ("own", bob, "other.example"),  # signed for another relay
        ):
            async with dialed(relay.address) as wire:
                challenge = await wire.frame()
                nonce = challenge.nonce if nonce_of else os.urandom(32)
                signature = signing.sign_authentication(
                    key.device.signing, authority=called, nonce=nonce
                )
                frame = f.Authenticate(
                    version=f.VERSION,
                    signing_key=bob.device.key.raw,
                    authority=called,
                    signature=signature,
                )
                assert await _code_of_close(wire, encode(frame)) == WireCode.UNAUTHENTICATED


async def test_an_envelope_of_no_bucket_ends_the_connection_as_too_large(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, _honest_pair(relay), anonymous(relay) as wire:
        odd = item(person("x"), payload=envelope(size=5000))
        frame = f.Deposit(request=1, is_retry=False, items=[odd])
        assert await _code_of_close(wire, encode(frame)) == WireCode.TOO_LARGE


async def _closed_with(wire: Wire) -> int | None:
    try:
        while True:
            await wire.socket.get_message()
    except trio_websocket.ConnectionClosed as closed:
        return None if closed.reason is None else int(closed.reason.code)


async def test_a_message_beyond_all_frames_is_refused_unread(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, _honest_pair(relay), anonymous(relay) as wire:
        head = b"\x82\xff" + (1 << 40).to_bytes(8, "big") + bytes(4)
        await wire.socket._stream.send_all(head)
        assert await _closed_with(wire) in {1002, 1009}


async def test_the_longest_frame_passes_and_one_byte_more_does_not(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, _honest_pair(relay):
        async with anonymous(relay) as wire:
            assert await _code_of_close(wire, bytes(MAX_FRAME_BYTES)) == WireCode.BAD_FRAME
        async with anonymous(relay) as wire:
            with contextlib.suppress(trio_websocket.ConnectionClosed):  # refused half-way
                await wire.socket.send_message(bytes(MAX_FRAME_BYTES + 1))
            assert await _closed_with(wire) == 1009


async def test_a_message_in_fragments_is_joined(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        data = wire.connection.send(f.FetchCode(request=7, lookup_id=bytes(16)))
        for at, byte in enumerate(data):
            await wire.socket._send(
                BytesMessage(data=bytes([byte]), message_finished=at == len(data) - 1)
            )
        answer = await wire.frame()
        assert (answer.request, answer.code) == (7, WireCode.NOT_FOUND)


async def test_fragments_without_end_are_refused(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, _honest_pair(relay), anonymous(relay) as wire:
        for _ in range(MAX_FRAGMENTS + 1):
            await wire.socket._send(BytesMessage(data=b"", message_finished=False))
        assert await _closed_with(wire) == 1009


async def test_a_message_that_comes_in_many_small_pieces_is_no_fragment(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as wire:
            data = wire.connection.send(f.Deposit(request=1, is_retry=False, items=[item(bob)]))
            framed = wire.socket._wsproto.send(BytesMessage(data=data))
            for at in range(0, len(framed), 40):
                await wire.socket._stream.send_all(framed[at : at + 40])
            assert (await wire.frame()).results[0][0].outcome == f.Outcome.STORED


async def test_a_text_message_is_refused(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, _honest_pair(relay), anonymous(relay) as wire:
        await wire.socket._send(TextMessage(data="hello"))
        assert await _closed_with(wire) == 1003


async def test_what_is_no_websocket_frame_is_refused(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, _honest_pair(relay):
        for garbage in (b"\x82\x01x" + bytes(100), b"\xff" * 100, b"\x83\x80" + bytes(100)):
            async with anonymous(relay) as wire:
                await wire.socket._stream.send_all(garbage)
                assert await _closed_with(wire) == 1002


async def test_pings_are_answered_and_a_flood_of_them_is_not(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, _honest_pair(relay):
        async with anonymous(relay) as wire:
            await wire.socket.ping()
        async with anonymous(relay) as wire:
            await wire.socket._stream.send_all(
                b"".join(wire.socket._wsproto.send(Ping()) for _ in range(1000))
            )
            assert await _closed_with(wire) == 1008


async def test_a_peer_that_pings_now_and_then_is_welcome_for_ever(tmp_path: Path) -> None:
    async with relay_at(tmp_path, limits=Limits(idle_s=1)) as relay, anonymous(relay) as wire:
        for _ in range(4):
            for _ in range(40):
                await wire.socket.ping()
            await trio.sleep(0.3)  # the relay looks at its connections every 0.25 s
        assert isinstance(await wire.ask(f.FetchCode, lookup_id=bytes(16)), f.Refused)


@pytest.mark.parametrize(
    "request_text",
    [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
        "nonsense\r\n\r\n",
        (
            "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ),
    ],
)
async def test_what_does_not_ask_for_our_protocol_is_told_so(
    tmp_path: Path, request_text: str
) -> None:
    async with relay_at(tmp_path) as relay, _honest_pair(relay):
        stream = await trio.open_tcp_stream(relay.address.host, relay.address.port)
        async with stream:
            await stream.send_all(request_text.encode())
            answer = b""
            while data := await stream.receive_some(1000):
                answer += data
            assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer


async def test_a_greeting_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    async with relay_at(tmp_path, limits=Limits(handshake_s=1)) as relay, _honest_pair(relay):
        silent = await trio.open_tcp_stream(relay.address.host, relay.address.port)
        async with silent, dialed(relay.address) as wire:
            await wire.frame()
            assert await silent.receive_some(100) == b""
            assert await _closed_with(wire) is not None


async def test_a_silent_peer_is_cut_off_and_one_that_answers_pings_is_not(tmp_path: Path) -> None:
    async with relay_at(tmp_path, limits=Limits(idle_s=1)) as relay, anonymous(relay) as wire:
        # Its library would answer pings: behind its back, nothing is read.
        wire.socket._reader_running = False
        with trio.fail_after(60):
            while relay.services.sessions:  # noqa: ASYNC110  # the relay tells nobody
                await trio.sleep(0.05)


async def test_a_message_that_never_ends_is_not_waited_for(tmp_path: Path) -> None:
    limits = Limits(message_s=1)
    async with (
        relay_at(tmp_path, limits=limits) as relay,
        _honest_pair(relay),
        anonymous(relay) as wire,
    ):
        await wire.socket._stream.send_all(b"\x82\xfe\xff\xff" + bytes(4) + b"slow")
        close = await wire.closed()
        assert close.code == WireCode.TIMED_OUT
        assert close.reason.endswith("(message_s)")


async def test_a_peer_that_does_not_read_is_cut_off(tmp_path: Path) -> None:
    limits = Limits(write_s=1, requests_per_network=100_000, request_burst=100_000)
    async with relay_at(tmp_path, limits=limits) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as sender:
            for _ in range(4):
                await deposit(sender, *(item(bob, payload=envelope(size=65536)) for _ in range(15)))
            async with subscribed(relay, bob) as wire:
                wire.socket._reader_running = False
                stream: Any = wire.socket._stream
                stream.socket.setsockopt(1, 8, 4096)  # a small receive buffer
                with trio.fail_after(60):
                    while relay.services.subscribers:  # noqa: ASYNC110  # the same
                        await trio.sleep(0.05)


async def test_a_request_number_in_use_ends_the_connection(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as wire:
            frame = encode(f.Deposit(request=1, is_retry=False, items=[item(bob)]))
            await wire.socket._stream.send_all(
                wire.socket._wsproto.send(BytesMessage(data=frame))
                + wire.socket._wsproto.send(BytesMessage(data=frame))
            )
            wire.connection.send(f.Deposit(request=1, is_retry=False, items=[item(bob)]))
            assert (await wire.closed()).code == WireCode.BAD_STATE
