"""A store that has no room: it is said so, nothing is lost, and all goes on when there is some."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from restante.protocol import frames as f
from restante.protocol.limits import BUCKETS
from restante.relay.limits import Limits
from restante.store.errors import DiskFull
from tests.relay.wire import (
    anonymous,
    deposit,
    envelope,
    item,
    registered,
    relay_at,
    subscribed,
)

pytestmark = pytest.mark.usefixtures("engine")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_full_disk_answers_relay_full_and_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    limits = Limits(database_bytes=80 * 16_384)
    async with relay_at(tmp_path, limits=limits) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as wire:
            stored = 0
            while True:
                outcomes = await deposit(wire, *(item(bob) for _ in range(16)))
                assert len({one.outcome for one in outcomes}) == 1, "a commit is all or nothing"
                if outcomes[0].outcome == f.Outcome.RELAY_FULL:
                    assert outcomes[0].retry_after_s > 0
                    break
                stored += 16
            assert stored
            carol = item(bob)
            async with subscribed(relay, bob) as device:
                assert len(await device.delivered(stored)) == stored
                await relay.services.writer.barrier()
                assert [one.outcome for one in await deposit(wire, carol)] == [f.Outcome.STORED]
                assert (await device.delivered(1))[0].id == carol.id


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_request_on_a_full_disk_is_refused_as_full(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")

        def bound(raw: Any) -> None:
            (pages,) = raw.execute("PRAGMA page_count").fetchone()
            raw.execute(f"PRAGMA max_page_count = {pages}")
            with pytest.raises(Exception, match="full"):
                raw.execute("INSERT INTO payloads VALUES (1, zeroblob(10000000))")

        await relay.services.db.outside_transactions(bound)

        async def fill(tx: Any) -> None:
            raise DiskFull("no room")

        with pytest.raises(DiskFull):
            await relay.services.db.write(fill)
        async with anonymous(relay) as wire:
            answers = {
                outcome.outcome
                for _ in range(20)
                for outcome in await deposit(
                    wire, *(item(bob, payload=envelope(size=BUCKETS[2])) for _ in range(8))
                )
            }
            assert f.Outcome.RELAY_FULL in answers
