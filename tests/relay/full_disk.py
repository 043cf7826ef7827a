"""A relay on a disk that fills up: `python -m tests.relay.full_disk DIR`, DIR a small file system.

Ends with 0 when all is as it should be: what was answered STORED is there and is delivered once,
the rest was told that there is no room, and with room it goes on by itself.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import trio

from restante.errors import WireCode
from restante.protocol import frames as f
from restante.relay.limits import Limits
from restante.relay.server import RunningRelay
from tests.relay.wire import (
    anonymous,
    authenticated,
    deposit,
    item,
    person,
    registered,
    relay_at,
    subscribed,
)

BALLAST_BYTES = 18 * 1024 * 1024
"""Of 24 MiB. It is the room that comes back: what waits takes some in the journal, in the file once
that is folded, and in the journal again when it is deleted; with less, acks wait for more."""
FRAME = 16
LONGEST_S = 60


async def registers(relay: RunningRelay) -> Any:
    """Have somebody new register; return the answer."""
    eve = person(f"eve{os.urandom(4).hex()}")
    async with authenticated(relay, eve) as stranger:
        return await stranger.ask(
            f.Register,
            name=eve.name,
            invite=None,
            manifest=eve.manifest(relay.address).to_bytes(),
            tokens=eve.hashes,
        )


async def main(place: Path) -> None:
    """Fill the disk, see what is said, make room, and see that nothing was lost."""
    ballast = place / "ballast"
    ballast.write_bytes(bytes(BALLAST_BYTES))
    accepted: set[bytes] = set()
    async with relay_at(place, limits=Limits(deposits_leave_bytes=0)) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as wire:

            async def leave() -> set[int]:
                items = [item(bob) for _ in range(FRAME)]
                outcomes = await deposit(wire, *items)
                stored = {
                    one.id
                    for one, result in zip(items, outcomes, strict=True)
                    if result.outcome == f.Outcome.STORED
                }
                accepted.update(stored)
                return {result.outcome for result in outcomes}

            async def fill() -> None:
                while (said := await leave()) == {f.Outcome.STORED}:
                    pass
                assert said == {f.Outcome.RELAY_FULL}, said

            await fill()
            assert len(accepted) > FRAME
            with trio.fail_after(LONGEST_S):
                # Where the journal was being folded when the room ended, it has some again.
                while isinstance(answer := await registers(relay), f.Done):
                    await fill()
            assert answer.code == WireCode.FULL, answer
            async with subscribed(relay, bob) as device:
                first = {one.id for one in await device.delivered(FRAME, ack=False)}
                assert first <= accepted, "reading goes on"
            ballast.unlink()
            with trio.fail_after(LONGEST_S):
                while await leave() != {f.Outcome.STORED}:  # noqa: ASYNC110  # a disk tells nobody
                    await trio.sleep(0.05)
        async with subscribed(relay, bob) as device:
            items = await device.delivered(len(accepted))
            await device.ask(f.FetchPrekeyState)  # who hangs up at once takes unread acks along
        assert {one.id for one in items} == accepted
        assert len(items) == len(accepted), "each is delivered once"
        async with subscribed(relay, bob) as device:
            assert await device.drained() == [], "and acked"


async def by_itself(place: Path) -> None:
    """Fill the disk with deposits alone: what is fetched then makes room for the next."""
    limits = Limits(deposits_leave_bytes=8 * 1024 * 1024)
    async with relay_at(place, limits=limits) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as wire:

            async def leave() -> set[int]:
                outcomes = await deposit(wire, *(item(bob) for _ in range(FRAME)))
                return {result.outcome for result in outcomes}

            stored = 0
            while (said := await leave()) == {f.Outcome.STORED}:
                stored += FRAME
            assert said == {f.Outcome.RELAY_FULL}, said
            assert isinstance(await registers(relay), f.Done), "others still have some room"
            async with subscribed(relay, bob) as device:
                await device.delivered(stored)
                with trio.fail_after(LONGEST_S):
                    while await leave() != {f.Outcome.STORED}:  # noqa: ASYNC110  # the same
                        await trio.sleep(0.05)


async def both(place: Path) -> None:
    """Once with others that fill the disk, and once without."""
    await main(place)
    shutil.rmtree(place / "relay")
    await by_itself(place)


if __name__ == "__main__":
    trio.run(both, Path(sys.argv[1]))
