"""Hostile frames and streams at a live relay on a real socket, with honest people beside them.

Whatever comes, the hostile connection alone ends; nobody honest sees an error, nothing unexpected
is logged, and the relay's memory doesn't grow with what was thrown at it.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from restante.client.failures import RefusedError
from restante.client.link import Link
from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.address import RelayAddress
from restante.protocol.limits import BUCKET_TOKENS, MAX_ACK_IDS, MAX_BLOB_PART_BYTES
from restante.protocol.manifest import Heartbeat, Prekey, PrekeyKind
from tests.relay import hostile
from tests.relay.raw_socket import (
    CLOSE,
    CONTINUATION,
    HOSTILE_SOURCE,
    RawSocket,
    a_frame,
    a_raw_socket,
    opening,
)
from tests.relay.relay_process import RelayProcess, a_relay_process, log_of
from tests.relay.residents import (
    STORED,
    Resident,
    a_link,
    an_item,
    deposit,
    is_whole,
    registered,
    subscribe,
)

ATTACKERS = 16
"""Hostile connections at a time, besides those that do nothing."""

SOURCES = [
    HOSTILE_SOURCE,
    *([f"127.93.84.{n}" for n in range(80, 87)] if sys.platform == "linux" else []),
]
"""Where they come from: one network alone has a fifth of the relay's time beside honest people."""

REQUESTS_BEFORE = 40
"""Refused requests on a connection before what ends it."""

WARM_UP_FRAMES = 3_000
MAX_GROWTH_BYTES = 48 * 1024 * 1024
"""What a relay's memory may grow by after the warm-up, however many frames come: by the pages of
its file, 32 MiB for who writes and 1 for each of seven connections that read, and by 8 of ids."""
MAX_LATE_GROWTH_BYTES = 8 * 1024 * 1024
"""And during the last third of them: a million fill the pages long before."""

ANSWER_S = 60
LIMITS = {
    "handshake_s": 3,
    "message_s": 3,
    "write_s": 3,
    # What slows a flood down would only make this one last longer.
    "connects_per_network": 10_000,
    "refusals_per_network": 1_000_000,
}


class Honest:
    """Two people who write to each other all the while."""

    def __init__(self, relay: RelayAddress, alice: Resident, bob: Resident) -> None:
        self._relay = relay
        self._people = {"alice": alice, "bob": bob}
        self.count = 0
        self.has_talked = trio.Event()

    async def talk(self) -> None:
        """Deposit, receive and ack, for ever; any error comes out."""
        async with (
            a_link(self._relay) as anonymous,
            a_link(self._relay, self._people["alice"]) as alice,
            a_link(self._relay, self._people["bob"]) as bob,
        ):
            links = {"alice": alice, "bob": bob}
            for link in links.values():
                await subscribe(link)
                assert isinstance(await link.deliveries.receive(), f.Drained)
            while True:
                for name, link in links.items():
                    items = [an_item(self._people[name].target) for _ in range(2)]
                    with trio.fail_after(ANSWER_S):
                        assert await deposit(anonymous, items) == [[STORED], [STORED]]
                        got: list[bytes] = []
                        while len(got) < len(items):
                            frame = await link.deliveries.receive()
                            assert isinstance(frame, f.Deliver)
                            assert all(map(is_whole, frame.items))
                            got += [item.id for item in frame.items]
                            await link.acknowledge([item.id for item in frame.items])
                    assert got == [item.id for item in items]
                    self.count += 1
                    self.has_talked.set()
                    self.has_talked = trio.Event()
                # A person pauses, and a new connection must open at any time.
                async with a_link(self._relay):
                    await trio.sleep(0.1)


class Attack:
    """Throws frames at a relay, many on one connection, until there were enough."""

    def __init__(self, relay: RelayAddress, mallory: Resident, chance: random.Random) -> None:
        self._relay = relay
        self._mallory = mallory
        self._chance = chance
        self._one_at_a_time = trio.Lock()
        self.frames = 0
        self.ways = {
            self._message: 60,
            self._mutated: 30,
            self._stream: 4,
            self._no_opening: 4,
            self._ungreeted: 4,
            self._hangs_up: 4,
            self._as_resident: 1,
        }
        self.kinds: Counter[str] = Counter()

    async def throw(self, frames: int) -> None:
        """Send so many more hostile frames, on several connections at a time."""
        enough = self.frames + frames
        async with trio.open_nursery() as nursery:
            for _ in range(ATTACKERS):
                nursery.start_soon(self._go_on, enough)

    async def _go_on(self, enough: int) -> None:
        while self.frames < enough:
            (way,) = self._chance.choices(list(self.ways), list(self.ways.values()))
            self.kinds[way.__name__] += 1
            await way()

    def _a_socket(self) -> AbstractAsyncContextManager[RawSocket]:
        return a_raw_socket(self._relay, source=self._chance.choice(SOURCES))

    async def _message(self) -> None:
        """Many requests that get nothing, then a message that is none."""
        requests = [hostile.allowed_request(self._chance) for _ in range(REQUESTS_BEFORE)]
        await self._send(*requests, hostile.fatal_message(self._chance))

    async def _mutated(self) -> None:
        """Requests with wrong bytes: after the first that is refused altogether, nothing counts."""
        requests = [hostile.allowed_request(self._chance) for _ in range(REQUESTS_BEFORE)]
        last = [hostile.mutated(self._chance), hostile.fatal_message(self._chance)]
        await self._send(*requests, *last)

    async def _send(self, *messages: bytes) -> None:
        async with self._a_socket() as socket:
            await socket.open()
            stream = b"".join(a_frame(message) for message in (hostile.GREETING, *messages))
            await socket.send(stream)
            self.frames += len(messages)
            await self._until_closed(socket)

    async def _stream(self) -> None:
        async with self._a_socket() as socket:
            await socket.open()
            is_greeted = self._chance.random() < 0.5
            greeting = a_frame(hostile.GREETING) if is_greeted else b""
            await socket.send(greeting + hostile.fatal_stream(self._chance))
            self.frames += 1
            await self._until_closed(socket)

    async def _no_opening(self) -> None:
        async with self._a_socket() as socket:
            await socket.send(hostile.no_opening(self._chance))
            self.frames += 1
            # Some of it could still become an opening: the relay waits for that, not for ever.
            await socket.finish()
            await socket.read_to_the_end()

    async def _ungreeted(self) -> None:
        async with self._a_socket() as socket:
            await socket.open()
            await socket.send(a_frame(hostile.allowed_request(self._chance)))
            self.frames += 1
            await self._until_closed(socket)

    async def _hangs_up(self) -> None:
        """Go away in the middle of anything."""
        async with self._a_socket() as socket:
            await socket.open()
            stream = a_frame(hostile.GREETING) + a_frame(hostile.allowed_request(self._chance))
            await socket.send(stream[: self._chance.randrange(1, len(stream))])
            self.frames += 1

    async def _as_resident(self) -> None:
        """Abuse an account of one's own, by a connection that another one then fences off."""
        # Of several at once none would know which of them is fenced off, and when.
        async with self._one_at_a_time, a_link(self._relay, self._mallory) as older:
            await self._abuse(older)
            async with a_link(self._relay, self._mallory) as newer:
                await self._abuse(newer)
                with trio.fail_after(ANSWER_S):
                    await older.lost.wait()
                assert isinstance(older.reason, RefusedError)
                assert older.reason.code is WireCode.FENCED

    async def _abuse(self, link: Link) -> None:
        """Ask for what a resident may not have, and acknowledge what was never delivered."""
        chance = self._chance
        for make in (
            lambda n: f.PublishManifest(request=n, manifest=chance.randbytes(999)),
            lambda n: f.PublishPrekeys(request=n, prekeys=[_a_prekey(chance)] * 64),
            lambda n: f.PublishHeartbeat(request=n, heartbeat=_a_heartbeat(chance)),
            lambda n: f.OpenBlob(
                request=n, blob=chance.randbytes(32), size_bytes=2**63 - 1, ttl_s=0
            ),
            lambda n: f.PutBlob(
                request=n,
                blob=chance.randbytes(32),
                offset=chance.choice((0, 2**62)),
                data=bytes(MAX_BLOB_PART_BYTES),
            ),
            lambda n: f.DeleteBlob(request=n, blob=chance.randbytes(32)),
            lambda n: f.PublishMoved(request=n, moved=chance.randbytes(300)),
            lambda n: f.DeleteAccount(request=n, signature=chance.randbytes(64)),
            lambda n: f.Register(
                request=n,
                name="honest-alice",
                invite=None,
                manifest=self._mallory.manifest,
                tokens=[bytes(32)] * BUCKET_TOKENS,
                ticket=None,
            ),
        ):
            with pytest.raises(RefusedError):
                await link.ask(f.Done, make)
            self.frames += 1
        await subscribe(link)
        for _ in range(4):
            await link.acknowledge([chance.randbytes(16) for _ in range(MAX_ACK_IDS)])
            self.frames += 1

    @staticmethod
    async def _until_closed(socket: RawSocket) -> None:
        """Read until the relay says goodbye or hangs up; within the socket's patience."""
        try:
            while (await socket.message())[0] != CLOSE:
                pass
        except (EOFError, trio.BrokenResourceError):
            pass  # without a goodbye: it was told nothing that could be answered


def _a_prekey(chance: random.Random) -> Prekey:
    return Prekey(
        kind=PrekeyKind.ONE_TIME,
        id=chance.randrange(1, 2**32),
        expires_at_s=2**40,
        key=chance.randbytes(32),
        signature=chance.randbytes(64),
    )


def _a_heartbeat(chance: random.Random) -> Heartbeat:
    return Heartbeat(
        manifest=chance.randbytes(32),
        at_s=1,
        signing_key=chance.randbytes(32),
        signature=chance.randbytes(64),
    )


# ---- those that do nothing ------------------------------------------------------------------


async def idle(relay: RelayAddress, first: bytes, then: bytes, *, opens: bool) -> None:
    """Say a little, then one byte at a time, or nothing; return when the relay has hung up."""
    async with a_raw_socket(relay) as socket, trio.open_nursery() as nursery:
        if opens:
            await socket.open()
        await socket.send(first)

        async def trickle() -> None:
            for byte in then:
                await trio.sleep(0.2)
                if not await socket.send(bytes((byte,))):
                    return

        nursery.start_soon(trickle)
        await socket.read_to_the_end()
        nursery.cancel_scope.cancel()


GREETED = a_frame(hostile.GREETING)
IDLERS = {
    "silent": partial(idle, first=b"", then=b"", opens=False),
    "half a request": partial(idle, first=b"GET / HT", then=b"", opens=False),
    "a request by the byte": partial(idle, first=opening()[:20], then=b"x" * 999, opens=False),
    "open and silent": partial(idle, first=b"", then=b"", opens=True),
    "a greeting by the byte": partial(idle, first=b"", then=a_frame(bytes(999)), opens=True),
    "half a message": partial(
        idle, first=GREETED + a_frame(bytes(50), claimed_bytes=5000), then=b"", opens=True
    ),
    "a message by the byte": partial(
        idle, first=GREETED + a_frame(bytes(50), claimed_bytes=5000), then=bytes(999), opens=True
    ),
    "fragments by the byte": partial(
        idle,
        first=GREETED + a_frame(b"x", is_last=False),
        then=a_frame(b"", opcode=CONTINUATION, is_last=False) * 99,
        opens=True,
    ),
}


@asynccontextmanager
async def an_honest_pair(relay: RelayProcess) -> AsyncIterator[tuple[Honest, Resident]]:
    """Let two talk for the length of the block, and on until they have talked once more."""
    alice, bob, mallory = await registered(relay.address, ["honest-alice", "bob", "mallory"])
    honest = Honest(relay.address, alice, bob)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(honest.talk)
        yield honest, mallory
        count = honest.count
        with trio.fail_after(ANSWER_S):
            while honest.count < count + 4:
                await honest.has_talked.wait()
        nursery.cancel_scope.cancel()


def assert_quiet(directory: Path) -> None:
    """Assert that the relay logged nothing but that it began and ended."""
    lines = [json.loads(line) for line in log_of(directory).splitlines()]
    assert [line["event"] for line in lines] == ["listening", "stopped"]


async def test_hostile_frames_end_their_own_connections_alone(
    tmp_path: Path, soak_rounds: Callable[[int, int], int], seeded_random: random.Random
) -> None:
    frames = soak_rounds(20_000, 1_000_000)
    async with a_relay_process(tmp_path, tells_points=False, limits=LIMITS) as relay:
        async with an_honest_pair(relay) as (honest, mallory):
            attack = Attack(relay.address, mallory, seeded_random)
            await attack.throw(WARM_UP_FRAMES)
            before_bytes = relay.rss_bytes()
            await attack.throw(2 * frames // 3 - WARM_UP_FRAMES)
            late_bytes = relay.rss_bytes()
            await attack.throw(frames - attack.frames)
            after_bytes = relay.rss_bytes()
        assert attack.frames >= frames
        assert len(attack.kinds) == len(attack.ways)
        assert after_bytes - before_bytes < MAX_GROWTH_BYTES
        assert after_bytes - late_bytes < MAX_LATE_GROWTH_BYTES
        assert honest.count > 0
        assert await relay.stop() == 0
    assert_quiet(tmp_path)


async def test_who_says_half_a_thing_is_sent_away(tmp_path: Path) -> None:
    async with a_relay_process(tmp_path, tells_points=False, limits=LIMITS) as relay:
        async with an_honest_pair(relay), trio.open_nursery() as nursery:
            for idler in IDLERS.values():
                for _ in range(4):
                    nursery.start_soon(idler, relay.address)
        assert await relay.stop() == 0
    assert_quiet(tmp_path)
