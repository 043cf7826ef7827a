"""Attack 42: who was removed from a group reads on, or goes on writing.

Held by: what is said is sealed for members alone, by the log as it stands then (G12), and counts
from members alone (G13).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.client.liars import rejoin
from tests.client.party import a_party, hears, is_noticed, said
from tests.client.world import reaches

if TYPE_CHECKING:
    from pathlib import Path


async def test_who_is_removed_gets_nothing_that_was_still_waiting(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        key = await party.group()
        await party.alice.send(key, "For all of us")
        await hears(party.carol, key, ["For all of us"])
        await party.world.relay.stop()
        waiting = await party.alice.send(key, "Written before, sent after")
        await party.alice.group_remove(key, [party.to_carol])
        await party.world.relay.start()
        await party.alice.retry_now()
        await party.bob.retry_now()
        await hears(party.bob, key, ["For all of us", "Written before, sent after"])
        await is_noticed(party.carol, key, "removed you")
        # Carol goes on as if she had never heard of it.
        await party.carol._context.write(lambda rows: rejoin(rows, bytes.fromhex(key)))
        await party.carol.send(key, "I am still here")
        last = await party.alice.send(party.to_carol, "No, you are not")
        await reaches(party.alice, last, "delivered")
        await party.carol.synchronise(timeout_s=30)
        assert await said(party.alice, key) == ["For all of us", "Written before, sent after"]
        assert await said(party.carol, key) == ["For all of us", "I am still here"]
        carol = party.carol._services.running().own.device_id.hex()
        sealed = {line.device for line in (await party.alice.why(waiting.id)).lines}
        assert carol not in sealed
