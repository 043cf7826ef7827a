"""Attack 41: somebody gets into a group by a word that is no member's: the relay's, or their own.

Held by: an entry counts only by the signature of a device that its author's root vouches for (G1)
and by its author's right (G4); a content counts from members alone (G13).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from restante.client.groups import ledger as ledgers
from restante.client.queueing import control_content
from restante.protocol import group as g
from restante.protocol.codec import encode
from restante.protocol.content import Kind, Text
from restante.protocol.group import GroupContent, GroupLog, Role
from restante.store import client_groups as store
from tests.client.liars import forged, tells
from tests.client.party import a_party, hears, said
from tests.client.world import introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path


async def test_nobody_gets_into_a_group_by_their_own_word(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party, party.world.online("mallory") as mallory:
        key = await party.group()
        to_mallory, to_bob = await introduce(party.bob, mallory)
        own = mallory._services.running().own
        heads, alice = await party.bob._context.read(
            lambda rows: (
                ledgers.load(rows, bytes.fromhex(key)).log.heads,
                store.group_row(rows, bytes.fromhex(key)).adder,  # type: ignore[union-attr]
            )
        )
        adds = g.Add(account=own.account_id, role=int(Role.MEMBER), link=None)
        manifests = [own.manifest.signed.to_bytes()]
        for author in (own.account_id, alice):
            entry = await mallory._context.read(
                lambda rows, who=author: forged(
                    mallory, rows, key, adds, author=who, parents=list(heads)
                )
            )
            log = GroupLog(entries=[entry], manifests=manifests, tokens=[])
            await tells(mallory, key, to_bob, Kind.GROUP_LOG, log)
        text = encode(Text(text="Let me in", quote=None, mentions=[]))
        content = control_content(Kind.TEXT, None, now_ms=1, randomness=mallory._context.randomness)
        said_there = msgspec.structs.replace(
            content, conversation=bytes.fromhex(key), counter=1, body=text
        ).to_bytes()
        body = GroupContent(heads=list(heads), content=said_there)
        await tells(mallory, key, to_bob, Kind.GROUP_CONTENT, body)
        await mallory.send(to_bob, "Did that work?")
        await shows(party.bob, to_mallory, ["Did that work?"])
        assert len((await party.bob.group(key)).members) == 3
        assert await said(party.bob, key) == []
        sent = await party.bob.send(key, "Among ourselves")
        await hears(party.carol, key, ["Among ourselves"])
        await reaches(party.bob, sent, "delivered")
        sealed = {line.device for line in (await party.bob.why(sent.id)).lines if line.device}
        assert own.device_id.hex() not in sealed
