"""A load for a relay, cheap enough not to be what is measured: frames made by hand, counted back.

Rule: what is sent is what clients send, to the byte; what is saved is the library. A frame of one
size is made once, and only its ids and its number are written anew (unmasked with a zero key).
"""

from __future__ import annotations

import os
import ssl
import struct
import time
from base64 import b64encode
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import trio

from restante.crypto import own_keys, signing
from restante.crypto.randomness import SystemRandomness
from restante.protocol.address import Address, RelayAddress, parse_name
from restante.protocol.ids import MailboxId, Token, token_hash
from restante.protocol.limits import BUCKET_TOKENS, MAX_ACK_IDS

_CHALLENGE, _WELCOME, _DONE, _DEPOSITED, _DELIVER, _DRAINED = 1, 2, 4, 6, 7, 8
_REQUEST_MARK = 0xFFFFFFFF
ACK_LINGER_S = 0.05
ACK_AT_ONCE = 128
"""Acks that don't wait: a window is not to stand empty for them."""


def packed_frame(payload: bytes) -> bytes:
    """Return a binary WebSocket message of a client's, masked with zeros."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x82, 0x80 | size)
    elif size < 65536:
        head = struct.pack("!BBH", 0x82, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", 0x82, 0x80 | 127, size)
    return head + bytes(4) + payload


_arrivals = trio.lowlevel.ParkingLot()


async def next_arrival() -> None:
    """Wait until anything was received on any line."""
    await _arrivals.park()


async def stay_awake() -> None:
    """Keep the load's core from sleeping: how long it takes to wake is no part of a latency."""
    while True:
        await trio.lowlevel.checkpoint()


class Line:
    """One connection: bytes out, frames in."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self._buffer = bytearray()
        self.heard_at = 0.0

    async def send(self, *frame: Any) -> None:
        """Send one frame of builtin values, its tag first."""
        await self.stream.send_all(packed_frame(msgspec.msgpack.encode(list(frame))))

    def send_now(self, frame: bytes) -> None:
        """Hand a small frame to the system at once, on a plain connection: no turn of our loop."""
        os.write(self.stream.socket.fileno(), frame)

    async def frames(self) -> list[bytes]:
        """Return the payloads of the next messages, at least one."""
        found: list[bytes] = []
        while not found:
            data = await self.stream.receive_some(1 << 18)
            self.heard_at = trio.current_time()
            if not data:
                raise ConnectionError("the relay has closed")
            self._buffer += data
            found = self._split()
        trio.lowlevel.current_trio_token().run_sync_soon(_arrivals.unpark_all)
        return found

    def _split(self) -> list[bytes]:
        buffer, at = self._buffer, 0
        found: list[bytes] = []
        while len(buffer) - at >= 2:
            size, start = buffer[at + 1], at + 2
            if size == 126:
                if len(buffer) < at + 4:
                    break
                size, start = struct.unpack_from("!H", buffer, at + 2)[0], at + 4
            elif size == 127:
                if len(buffer) < at + 10:
                    break
                size, start = struct.unpack_from("!Q", buffer, at + 2)[0], at + 10
            if len(buffer) < start + size:
                break
            if buffer[at] == 0x82:
                found.append(bytes(buffer[start : start + size]))
            at = start + size
        del buffer[:at]
        return found

    async def one(self) -> Any:
        """Return the next frame, decoded."""
        (payload,) = await self.frames()
        return msgspec.msgpack.decode(payload)


@asynccontextmanager
async def dialed(address: RelayAddress) -> AsyncIterator[Line]:
    """Connect and shake hands."""
    stream: Any = await trio.open_tcp_stream(address.dial_host, address.port)
    if not address.is_plain:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        stream = trio.SSLStream(stream, context, https_compatible=True)
    async with stream:
        key = b64encode(os.urandom(16)).decode("ascii")
        await stream.send_all(
            f"GET / HTTP/1.1\r\nHost: {address.authority}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: restante.v1\r\n\r\n".encode("ascii")
        )
        head = b""
        while b"\r\n\r\n" not in head:
            head += await stream.receive_some(4096)
        line = Line(stream)
        line._buffer += head.partition(b"\r\n\r\n")[2]  # noqa: SLF001  # our own
        yield line


async def _challenge(line: Line) -> bytes:
    found = line._split() or await line.frames()  # noqa: SLF001  # our own
    nonce: bytes = msgspec.msgpack.decode(found[0])[2]
    return nonce


@asynccontextmanager
async def anonymous(address: RelayAddress) -> AsyncIterator[Line]:
    """Open an anonymous connection."""
    async with dialed(address) as line:
        await _challenge(line)
        await line.send(32, 1)
        await line.one()
        yield line


class Recipient:
    """Somebody with one device and one token."""

    def __init__(self, name: str) -> None:
        randomness = SystemRandomness()
        self.name = name
        self.account = own_keys.generate_account(randomness, now_s=int(time.time()))
        self.device = own_keys.generate_device(randomness)
        self.mailbox = os.urandom(16)
        self.token = os.urandom(16)

    @asynccontextmanager
    async def connected(self, address: RelayAddress, authority: str = "") -> AsyncIterator[Line]:
        """Open the device's connection; `authority` is what the relay is called, if not so."""
        async with dialed(address) as line:
            nonce = await _challenge(line)
            signature = signing.sign_authentication(
                self.device.signing, authority=authority or address.authority, nonce=nonce
            )
            called = authority or address.authority
            await line.send(33, 1, self.device.key.raw, called, signature)
            await line.one()
            yield line

    async def register(self, address: RelayAddress) -> None:
        """Create the account."""
        now_s = int(time.time())
        entry = own_keys.device_entry(self.device, mailbox=MailboxId(self.mailbox), now_s=now_s)
        manifest = own_keys.make_manifest(
            self.account,
            address=Address(name=parse_name(self.name), relay=address),
            devices=[entry],
            now_s=now_s,
        )
        hashes = [token_hash(Token(self.token))]
        hashes += [token_hash(Token(os.urandom(16))) for _ in range(BUCKET_TOKENS - 1)]
        async with self.connected(address) as line:
            await line.send(34, 1, self.name, None, manifest.to_bytes(), hashes, None)
            answer = await line.one()
            if answer[0] != _DONE:
                raise RuntimeError(f"not registered: {answer}")


class Deposits:
    """Deposit frames of one shape for one recipient, each with fresh ids."""

    def __init__(self, to: Recipient, *, items: int, size_bytes: int) -> None:
        mark = bytes(range(16))
        payload = os.urandom(size_bytes)
        item = [mark, 0, False, payload, [[to.mailbox, to.token]]]
        encoded = msgspec.msgpack.encode([46, _REQUEST_MARK, False, [item] * items])
        self._frame = bytearray(packed_frame(encoded))
        self._items = items
        self._number_at = self._frame.index(_REQUEST_MARK.to_bytes(4, "big"))
        self._ids_at: list[int] = []
        at = 0
        for _ in range(items):
            at = self._frame.index(mark, at)
            self._ids_at.append(at)
            at += size_bytes

    def next(self, number: int) -> bytes:
        """Return the next frame."""
        frame = self._frame
        frame[self._number_at : self._number_at + 4] = number.to_bytes(4, "big")
        fresh = os.urandom(16 * self._items)
        for index, at in enumerate(self._ids_at):
            frame[at : at + 16] = fresh[16 * index : 16 * index + 16]
        return bytes(frame)


class Sender:
    """Keeps `window` deposits under way until told to stop; counts what was answered."""

    def __init__(self, deposits: Deposits, *, items: int, window: int) -> None:
        self._deposits = deposits
        self._items = items
        self._window = window
        self.stored = 0

    async def run(self, address: RelayAddress, until: float) -> None:
        """Send for so long, and wait for the last answers."""
        async with anonymous(address) as line:
            under_way = number = 0
            while True:
                room = self._window - under_way if trio.current_time() < until else 0
                if room:
                    frames = []
                    for _ in range(room):
                        number += 1
                        frames.append(self._deposits.next(number))
                    await line.stream.send_all(b"".join(frames))
                    under_way += room
                if not under_way:
                    return
                for frame in await line.frames():
                    if frame[1] != _DEPOSITED:
                        raise RuntimeError(f"no answer to a deposit: {bytes(frame)[:80]!r}")
                    under_way -= 1
                    self.stored += self._items


class Receiver:
    """Takes what is delivered and acknowledges it, the acks of 50 ms together."""

    def __init__(self, who: Recipient, *, authority: str = "") -> None:
        self._who = who
        self._authority = authority
        self._sending = trio.Lock()
        self.received = 0
        self.drained = trio.Event()
        self.last_at = 0.0

    async def run(
        self,
        address: RelayAddress,
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Receive for ever."""
        async with (
            self._who.connected(address, self._authority) as line,
            trio.open_nursery() as nursery,
        ):
            await line.send(41, 1)
            pending: deque[bytes] = deque()
            nursery.start_soon(self._ack_late, line, pending)
            task_status.started()
            while True:
                for frame in await line.frames():
                    if frame[1] == _DRAINED:
                        self.drained.set()
                    elif frame[1] == _DELIVER:
                        items = msgspec.msgpack.decode(frame)[1]
                        pending.extend(item[0] for item in items)
                        self.received += len(items)
                        self.last_at = line.heard_at
                        _arrivals.unpark_all()  # the ack of a frame before it has let others look
                        if len(pending) >= ACK_AT_ONCE:
                            await self._ack(line, pending)

    async def _ack_late(self, line: Line, pending: deque[bytes]) -> None:
        while True:
            await trio.sleep(ACK_LINGER_S)
            await self._ack(line, pending)

    async def _ack(self, line: Line, pending: deque[bytes]) -> None:
        async with self._sending:
            while pending:
                ids = [pending.popleft() for _ in range(min(len(pending), MAX_ACK_IDS))]
                await line.send(42, ids)


def percentile(values: list[float], share: float) -> float:
    """Return a percentile of unsorted values."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def spread(count: int) -> Iterator[str]:
    """Return names of recipients."""
    return (f"r{number}" for number in range(count))
