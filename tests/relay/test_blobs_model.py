"""Blobs against a model: whatever two accounts do in whatever order, the relay says what it says.

The model is a dictionary; every answer of the relay is compared with its, through restarts too.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.ids import BlobCapability, blob_id
from restante.relay.limits import Limits
from tests.relay.answers import Clock
from tests.relay.wire import Person, Wire, anonymous, authenticated, registered, relay_at

QUOTA, LARGEST, MOST = 40_000, 30_000, 3
TTL_S = 48 * 3600
LIMITS = Limits(
    blob_max_bytes=LARGEST,
    blobs_bytes_per_account=QUOTA,
    blobs_per_account=MOST,
    blob_ttl_s=TTL_S,
    requests_per_network=100_000,
    request_burst=100_000,
    fetches_per_network=100_000,
)
SIZES = (1, 4095, 10_000, 25_000, LARGEST, LARGEST + 1)


@dataclass
class Held:
    """What the model has of one blob."""

    owner: str
    size_bytes: int
    expires_at_s: float
    data: bytearray = field(default_factory=bytearray)


class Model:
    """What a relay must answer: a wire code, or a value."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._blobs: dict[bytes, Held] = {}

    def _find(self, blob: bytes) -> Held | None:
        held = self._blobs.get(blob)
        if held is not None and held.expires_at_s <= self._clock.now_s:
            del self._blobs[blob]
            return None
        return held

    def open(self, who: str, blob: bytes, size_bytes: int, ttl_s: int) -> object:
        if size_bytes > LARGEST:
            return WireCode.TOO_LARGE
        held = self._find(blob)
        if held is None:
            own = [each for each in map(self._find, list(self._blobs)) if each is not None]
            own = [each for each in own if each.owner == who]
            used = sum(each.size_bytes for each in own)
            if len(own) >= MOST or used + size_bytes > QUOTA:
                return WireCode.FULL
            until_s = self._clock.now_s + min(ttl_s or TTL_S, TTL_S)
            held = self._blobs[blob] = Held(who, size_bytes, -(-until_s // 3600) * 3600)
        elif (held.owner, held.size_bytes) != (who, size_bytes):
            return WireCode.CONFLICT
        return len(held.data), held.expires_at_s - self._clock.now_s

    def put(self, who: str, blob: bytes, offset: int, data: bytes) -> object:
        held = self._find(blob)
        if held is None or held.owner != who:
            return WireCode.NOT_FOUND
        if offset > len(held.data):
            return WireCode.CONFLICT
        if offset + len(data) > held.size_bytes:
            return WireCode.TOO_LARGE
        held.data += data[len(held.data) - offset :]
        return len(held.data), held.expires_at_s - self._clock.now_s

    def delete(self, who: str, blob: bytes) -> object:
        held = self._find(blob)
        if held is None or held.owner != who:
            return WireCode.NOT_FOUND
        del self._blobs[blob]
        return None

    def fetch(self, blob: bytes, offset: int, length: int) -> object:
        held = self._find(blob)
        if held is None:
            return WireCode.NOT_FOUND
        return held.size_bytes, bytes(held.data[offset : offset + length])

    def stands(self, blob: bytes) -> tuple[int, int]:
        """Return how many bytes there are of a blob, and how many are missing (at least one)."""
        held = self._find(blob)
        if held is None:
            return 0, 1
        return len(held.data), max(held.size_bytes - len(held.data), 1)

    @property
    def whole(self) -> int:
        """How many blobs are complete."""
        return sum(len(held.data) == held.size_bytes for held in self._blobs.values())


def said(answer: Any) -> object:
    """Return what an answer says, as the model does."""
    if isinstance(answer, f.Refused):
        return WireCode(answer.code)
    if isinstance(answer, f.BlobState):
        return answer.received_bytes, answer.expires_in_s
    if isinstance(answer, f.BlobPart):
        return answer.size_bytes, answer.data
    return None


class Round:
    """Random requests, each asked of both."""

    def __init__(self, chance: random.Random, model: Model, clock: Clock) -> None:
        self._chance = chance
        self._model = model
        self._clock = clock
        self._capabilities = [BlobCapability(chance.randbytes(32)) for _ in range(5)]
        self.seen: set[object] = set()
        self.most_whole = 0

    async def step(self, devices: dict[str, Wire], reader: Wire) -> None:
        """Ask for something at random."""
        chance, model = self._chance, self._model
        who = chance.choice(list(devices))
        capability = chance.choice(self._capabilities)
        match chance.choices(("open", "put", "fetch", "delete", "wait"), (8, 20, 10, 1, 1))[0]:
            case "open":
                size, ttl_s = chance.choice(SIZES), chance.choice((0, 60, 7200, 2**32 - 1))
                await self._open(devices, who, capability, size, ttl_s)
            case "put":
                end, rest = model.stands(blob_id(capability))
                offset = max(end + chance.choice((0, 0, 0, -1, -700, 1)), 0)
                data = chance.randbytes(chance.choice((1, 900, 9000, rest)))
                await self._put(devices, who, capability, offset, data)
            case "fetch":
                offset, length = chance.choice((0, 1, 5000, 2**40)), chance.choice((0, 1, 65_536))
                await self._fetch(reader, capability, offset, length)
            case "delete":
                await self._delete(devices, who, capability)
            case _:
                self._clock.now_s += chance.choice((1, 1800, 7200))

    async def ask_for_each_answer(self, devices: dict[str, Wire], reader: Wire) -> None:
        """Whatever there is by now, bring about every answer; chance alone may miss one."""
        who, other = devices
        new = [BlobCapability(self._chance.randbytes(32)) for _ in range(MOST + 1)]
        await self._fetch(reader, new[0], 0, 1)
        await self._open(devices, who, new[0], LARGEST + 1, 0)
        for capability in self._capabilities:
            await self._delete(devices, who, capability)
        for capability in new:
            await self._open(devices, who, capability, LARGEST // 2, 0)
        await self._open(devices, other, new[0], LARGEST // 2, 0)
        await self._put(devices, who, new[0], 0, self._chance.randbytes(LARGEST // 2))
        await self._fetch(reader, new[0], 1, LARGEST)
        for capability in new:
            await self._delete(devices, who, capability)

    # ---- each asked of both --------------------------------------------------------------

    async def _open(
        self,
        devices: dict[str, Wire],
        who: str,
        capability: BlobCapability,
        size_bytes: int,
        ttl_s: int,
    ) -> None:
        blob = blob_id(capability)
        ask = f.OpenBlob
        answer = await devices[who].ask(ask, blob=blob, size_bytes=size_bytes, ttl_s=ttl_s)
        self._compare(answer, self._model.open(who, blob, size_bytes, ttl_s))

    async def _put(
        self,
        devices: dict[str, Wire],
        who: str,
        capability: BlobCapability,
        offset: int,
        data: bytes,
    ) -> None:
        blob = blob_id(capability)
        answer = await devices[who].ask(f.PutBlob, blob=blob, offset=offset, data=data)
        self._compare(answer, self._model.put(who, blob, offset, data))

    async def _fetch(
        self, reader: Wire, capability: BlobCapability, offset: int, length: int
    ) -> None:
        ask = f.FetchBlob
        answer = await reader.ask(ask, capability=capability, offset=offset, length=length)
        self._compare(answer, self._model.fetch(blob_id(capability), offset, length))

    async def _delete(self, devices: dict[str, Wire], who: str, capability: BlobCapability) -> None:
        blob = blob_id(capability)
        answer = await devices[who].ask(f.DeleteBlob, blob=blob)
        self._compare(answer, self._model.delete(who, blob))

    def _compare(self, answer: Any, expected: object) -> None:
        assert said(answer) == expected
        self.seen.add(expected if isinstance(expected, WireCode) else type(expected))
        self.most_whole = max(self.most_whole, self._model.whole)


async def test_a_relay_keeps_blobs_as_the_model_does(
    tmp_path: Path, soak_rounds: Callable[[int, int], int], seeded_random: random.Random
) -> None:
    clock = Clock()
    round_ = Round(seeded_random, Model(clock), clock)
    people: dict[str, Person] = {}
    name = ""
    for life in range(soak_rounds(3, 30)):
        async with relay_at(tmp_path, limits=LIMITS, clock=clock) as relay:
            if not people:
                people = {each: await registered(relay, each) for each in ("bob", "eve")}
                name = relay.address.authority
            async with (
                authenticated(relay, people["bob"], authority=name) as bob,
                authenticated(relay, people["eve"], authority=name) as eve,
                anonymous(relay) as reader,
            ):
                devices = {"bob": bob, "eve": eve}
                for _ in range(120):
                    await round_.step(devices, reader)
                await round_.ask_for_each_answer(devices, reader)
            if life % 2:
                await relay.services.blobs.expire()
    codes = {WireCode.NOT_FOUND, WireCode.CONFLICT, WireCode.TOO_LARGE, WireCode.FULL}
    assert round_.seen >= {*codes, tuple}
    assert round_.most_whole > 0
