"""Attack 3: a relay shows a recovering client the manifest of before an earlier recovery.

Held by: a recovery's generation is the time, or past all that is shown; so it is higher than that
of the recovery that the relay hides, and contacts who saw that one accept it.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from restante.client.engine import open_engine
from restante.client.interface import Trust
from tests.client.world import (
    QUICK,
    TurnedClock,
    a_world,
    introduce,
    key_of,
    reaches,
    shows,
    the_conversation,
)

if TYPE_CHECKING:
    from pathlib import Path


async def test_contacts_accept_a_recovery_that_was_shown_a_stale_manifest(tmp_path: Path) -> None:
    places = [tmp_path / "second", tmp_path / "third"]
    for place in places:
        place.mkdir()
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with world.online("alice") as alice:
            to_alice, _ = await introduce(bob, alice)
            await reaches(bob, await bob.send(to_alice, "one"), "delivered")
            words = " ".join((await alice.recovery_kit()).words)
        await world.relay.stop()
        shutil.copytree(tmp_path / "relay", tmp_path / "stale")
        await world.relay.start()
        async with open_engine(places[0], key_of("2"), tuning=QUICK) as alice:
            await alice.recover(address=world.address("alice"), words=words)
            two = await bob.send(to_alice, "two")
            await shows(alice, await the_conversation(alice), ["two"])
            await reaches(bob, two, "relayed")
        await world.relay.stop()
        shutil.rmtree(tmp_path / "relay")
        shutil.move(tmp_path / "stale", tmp_path / "relay")
        await world.relay.start()
        later = TurnedClock(ahead_ms=60_000)
        async with open_engine(places[1], key_of("3"), tuning=QUICK, clock=later) as alice:
            await alice.recover(address=world.address("alice"), words=words)
            three = await bob.send(to_alice, "three")
            await shows(alice, await the_conversation(alice), ["three"])
            await reaches(bob, three, "relayed")
        found = next(each for each in await bob.contacts() if each.key == to_alice)
        assert found.trust is Trust.VERIFIED
