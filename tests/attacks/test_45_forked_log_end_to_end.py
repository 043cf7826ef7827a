"""Attack 45: a device tells members of a group different stories.

Held by: two entries of one number are kept, told of to everybody, and change nothing (G2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.protocol import group as g
from restante.protocol.content import Kind
from restante.protocol.group import GroupLog
from tests.client.liars import forged, tells
from tests.client.party import a_party, is_in, is_noticed
from tests.client.world import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine


async def test_a_device_that_tells_two_stories_is_found_out(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        key = await party.group()
        await party.alice.group_role(key, party.to_bob, "admin")

        async def bob_may() -> bool:
            found = await party.bob.group(key)
            return any(each.is_me and each.role == "admin" for each in found.members)

        await eventually(party.bob, bob_may)
        members = {m.address.partition("@")[0]: m.key for m in (await party.bob.group(key)).members}
        manifests = [party.bob._services.running().own.manifest.signed.to_bytes()]
        for name, story in (("alice", "For Alice"), ("carol", "For Carol")):
            entry = await party.bob._context.read(
                lambda rows, said=story: forged(
                    party.bob, rows, key, g.SetField(field=1, number=0, text=said)
                )
            )
            log = GroupLog(entries=[entry], manifests=manifests, tokens=[])
            await tells(party.bob, key, members[name], Kind.GROUP_LOG, log)

        for engine, name in ((party.alice, "For Alice"), (party.carol, "For Carol")):

            async def is_called(of: LocalEngine = engine, title: str = name) -> bool:
                return (await of.group(key)).conversation.title == title

            await eventually(engine, is_called)
        await party.alice.send(key, "What is it called with you?")
        await party.carol.send(key, "And with you?")
        for engine in (party.alice, party.carol):
            await is_noticed(engine, key, "told different people different things")
            assert (await is_in(engine, key)).conversation.title == "Walkers"
