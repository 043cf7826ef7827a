"""Attack 42: who was removed from a group reads on, or goes on writing.

Held by: what is said is sealed for members alone, by the log as it stands then (G12), and counts
from members alone (G13). What a revoked device writes into the log counts for nobody, for the log
names the list that is without it (G7, G21).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.protocol import group as g
from restante.protocol.content import Kind
from restante.protocol.group import Field, GroupLog
from tests.client.liars import forged, rejoin, tells
from tests.client.linked import a_new_device, link
from tests.client.party import a_party, hears, is_in, is_noticed, said
from tests.client.world import eventually, reaches

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine


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


async def test_what_a_revoked_device_writes_into_the_log_counts_for_nobody(
    tmp_path: Path,
) -> None:
    async with a_party(tmp_path) as party, a_new_device(party.world, "laptop") as laptop:
        await link(party.alice, laptop, name="laptop")
        key = await party.group()
        await is_in(laptop, key, members=3)
        stolen = laptop._services.running().own
        acts = (
            g.SetField(field=int(Field.NAME), number=0, text="Stolen"),
            g.Remove(account=bytes.fromhex(party.to_carol)),
        )
        entry = await laptop._context.read(lambda rows: forged(laptop, rows, key, *acts))
        log = GroupLog(entries=[entry], manifests=[stolen.manifest.signed.to_bytes()], tokens=[])
        before = (await party.bob.group(key)).entries
        # Bob is the thief's friend, and hands on what it wrote: to Carol before she can know.
        await tells(party.bob, key, party.to_carol, Kind.GROUP_LOG, log)
        await is_noticed(party.carol, key, "removed you")
        await party.alice.device_revoke("laptop")
        await tells(party.bob, key, stolen.account_id.hex(), Kind.GROUP_LOG, log)
        for each in (party.alice, party.carol):
            assert '"Stolen"' in await is_noticed(each, key, "no effect")
            await has_entries(each, key, before + 2)
        await party.carol.send(key, "I am still in it")
        for each in (party.alice, party.bob, party.carol):
            await hears(each, key, ["I am still in it"])
            await has_entries(each, key, before + 2)
            shown = await each.group(key)
            assert shown.conversation.title == "Walkers"
            assert len(shown.members) == 3


async def has_entries(engine: LocalEngine, key: str, entries: int) -> None:
    async def look() -> bool:
        return (await engine.group(key)).entries == entries

    await eventually(engine, look)
