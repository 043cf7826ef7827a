"""kill -9 around the parts of a blob: what was answered is there, and nothing uncounted is shown.

The rule under test: `received_bytes` never says more than the file durably holds, wherever the
relay was killed, and a device that goes on from there ends with the blob that it meant.
"""

from __future__ import annotations

import random
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trio

from restante.client.failures import RefusedError, UnreachableError
from restante.client.link import Link
from restante.protocol import frames as f
from restante.protocol.address import RelayAddress
from restante.protocol.ids import BlobCapability, BlobId, blob_id
from restante.protocol.limits import MAX_BLOB_PART_BYTES
from restante.relay.settings import BLOBS_NAME, DATABASE_NAME
from tests.relay.relay_process import NOWHERE, a_relay_process
from tests.relay.residents import Resident, a_link, registered
from tests.relay.town import assert_no_bug

LIFE_S = 120
WRITTEN, COUNTED = "relay: after blob write", "relay: after blob count"
POINTS = (WRITTEN, COUNTED)


@dataclass
class Upload:
    """A blob on its way, over the lives of a relay."""

    data: bytes
    chance: random.Random
    capability: bytes
    answered: int = 0
    """As many bytes a relay has said that it holds."""
    listen: str = "127.0.0.1:0"
    owner: list[Resident] = field(default_factory=list)
    awaited: int = 0
    has_enough: trio.Event = field(default_factory=trio.Event)
    """Set when so many more answers have come."""

    @property
    def id(self) -> BlobId:
        return blob_id(BlobCapability(self.capability))

    async def go_on(self, relay: RelayAddress) -> None:
        """Put what is missing; UnreachableError when the relay dies."""
        async with a_link(relay, self.owner[0]) as link:
            self._answer(await self._open(link))
            while self.answered < len(self.data):
                length = self.chance.randint(1, MAX_BLOB_PART_BYTES)
                # Sometimes from before the end, as who lost an answer would.
                offset = max(self.answered - self.chance.choice((0, 0, 1000)), 0)
                self._answer(await self._put(link, offset, self.data[offset : offset + length]))

    def _answer(self, state: f.BlobState) -> None:
        assert state.received_bytes >= self.answered, "what was answered is there"
        self.answered = state.received_bytes
        self.awaited -= 1
        if not self.awaited:
            self.has_enough.set()

    async def _open(self, link: Link) -> f.BlobState:
        return await link.ask(
            f.BlobState,
            lambda n: f.OpenBlob(request=n, blob=self.id, size_bytes=len(self.data), ttl_s=0),
        )

    async def _put(self, link: Link, offset: int, data: bytes) -> f.BlobState:
        return await link.ask(
            f.BlobState, lambda n: f.PutBlob(request=n, blob=self.id, offset=offset, data=data)
        )

    async def read(self, relay: RelayAddress) -> bytes:
        """Read what a relay has of it."""
        got = b""
        async with a_link(relay) as link:
            while True:
                part = await link.ask(
                    f.BlobPart,
                    lambda n: f.FetchBlob(
                        request=n,
                        capability=self.capability,
                        offset=len(got),  # noqa: B023  asked before it changes
                        length=MAX_BLOB_PART_BYTES,
                    ),
                )
                if not part.data:
                    return got
                got += part.data

    def inspect(self, directory: Path) -> tuple[int, int]:
        """Look into the files of a dead relay; return what is counted, and what the file holds."""
        with closing(sqlite3.connect(directory / "data" / DATABASE_NAME)) as files:
            rows = files.execute(
                "SELECT received_bytes FROM blobs WHERE id = ?", (self.id,)
            ).fetchall()
        counted = rows[0][0] if rows else 0
        name = self.id.hex()
        place = directory / "data" / BLOBS_NAME / name[:2] / name
        held = place.read_bytes() if place.exists() else b""
        assert self.answered <= counted <= len(held)
        assert held == self.data[: len(held)], "not a byte is another one"
        return counted, len(held)


async def live(
    upload: Upload, directory: Path, *, point: str = NOWHERE, hit: int = 0, after: int = 0
) -> None:
    """Run a relay and go on until it is killed: at a point, or after so many answers."""
    with trio.fail_after(LIFE_S):
        async with a_relay_process(
            directory, point=point, hit=hit, listen=upload.listen, limits=LIMITS
        ) as relay:
            upload.listen = relay.address.authority
            if not upload.owner:
                upload.owner += await registered(relay.address, ["alice"])

            async def put() -> None:
                try:
                    await upload.go_on(relay.address)
                except* (UnreachableError, RefusedError):
                    pass  # killed, as was meant

            async with trio.open_nursery() as nursery:
                nursery.start_soon(put)
                if after:
                    upload.awaited, upload.has_enough = after, trio.Event()
                    await upload.has_enough.wait()
                    relay.kill()
            assert await relay.wait() == -signal.SIGKILL


LIMITS = {"fetches_per_network": 10_000}


def an_upload(chance: random.Random, parts: int) -> Upload:
    return Upload(
        data=chance.randbytes(parts * MAX_BLOB_PART_BYTES),
        chance=chance,
        capability=chance.randbytes(32),
    )


async def finish(upload: Upload, directory: Path) -> None:
    """Let a last relay take the rest, and read all of it."""
    with trio.fail_after(LIFE_S):
        async with a_relay_process(directory, listen=upload.listen, limits=LIMITS) as relay:
            there = await upload.read(relay.address)
            assert len(there) >= upload.answered
            assert there == upload.data[: len(there)]
            await upload.go_on(relay.address)
            assert await upload.read(relay.address) == upload.data
            assert await relay.stop() == 0
    assert upload.inspect(directory) == (len(upload.data), len(upload.data))
    assert_no_bug(directory)


@pytest.mark.parametrize("point", POINTS)
async def test_killed_around_a_part_it_counts_no_more_than_is_durable(
    tmp_path: Path, point: str, soak_rounds: Callable[[int, int], int], seeded_random: random.Random
) -> None:
    upload = an_upload(seeded_random, 4)
    await live(upload, tmp_path, point=point, hit=1)
    counted, held = upload.inspect(tmp_path)
    assert (counted == 0) is (point == WRITTEN)
    assert held > 0
    assert upload.answered == 0
    for _ in range(soak_rounds(1, 20)):
        if upload.answered > len(upload.data) // 2:
            break
        await live(upload, tmp_path, point=point, hit=2)
        counted, held = upload.inspect(tmp_path)
        assert (counted == held) is (point == COUNTED)
    await finish(upload, tmp_path)


async def test_killed_at_any_moment_a_blob_is_finished_without_a_wrong_byte(
    tmp_path: Path, soak_rounds: Callable[[int, int], int], seeded_random: random.Random
) -> None:
    upload = an_upload(seeded_random, soak_rounds(12, 100))
    for _ in range(soak_rounds(2, 20)):
        await live(upload, tmp_path, after=seeded_random.randint(1, 4))
        upload.inspect(tmp_path)
    await finish(upload, tmp_path)
