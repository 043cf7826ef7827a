"""Attack 44: a relay repeats what was said on a sender key; a removed member goes on using theirs.

Held by: a message's key and tag are gone once it was opened; what is said counts from members
alone, whatever log its writer goes by (G13), and nothing is sealed on a key that somebody who was
removed has (G17).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.client.large_party import a_large_party
from tests.client.liars import rejoin
from tests.client.party import hears, is_noticed, said
from tests.client.world import reaches

if TYPE_CHECKING:
    from pathlib import Path


async def test_neither_a_repeated_message_nor_one_of_somebody_removed_counts(
    tmp_path: Path,
) -> None:
    async with a_large_party(tmp_path) as party:
        key = await party.group()
        await party.carol.send(key, "Once")
        await hears(party.alice, key, ["Once"])
        await hears(party.bob, key, ["Once"])
        await party.alice.group_remove(key, [party.to_carol])
        await is_noticed(party.carol, key, "removed you")
        await is_noticed(party.bob, key, "removed ")
        # Carol still has her chain, and so have the others.
        await party.carol._context.write(lambda rows: rejoin(rows, bytes.fromhex(key)))
        stayed = await party.carol.send(key, "I never left")
        await reaches(party.carol, stayed, "relayed")
        last = await party.carol.send((await party.carol.contacts())[0].key, "Did you get that?")
        await reaches(party.carol, last, "delivered")
        await party.world.relay.stop()
        waiting = party.world.relay.waiting()
        for envelope in waiting:
            party.world.relay.plant(envelope, id_=bytes(15) + bytes([len(waiting)]))
        await party.world.relay.start()
        for each in (party.alice, party.bob):
            await each.synchronise(timeout_s=30)
        assert await said(party.alice, key) == ["Once"]
        assert await said(party.bob, key) == ["Once"]
