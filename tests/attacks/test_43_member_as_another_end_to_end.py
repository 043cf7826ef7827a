"""Attack 43: a member speaks as another.

Held by: the author is whose session opened the envelope, and no field (C1, G13).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.protocol.content import Kind
from restante.protocol.group import GroupContent
from restante.store import client_groups as store
from tests.client.liars import forged_text, tells
from tests.client.party import a_party, hears, said
from tests.client.world import eventually

if TYPE_CHECKING:
    from pathlib import Path


async def test_what_a_member_says_is_theirs_whatever_it_looks_like(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        key = await party.group()
        sent = await party.alice.send(key, "I pay")
        await hears(party.bob, key, ["I pay"])
        own = party.bob._services.running().own
        packed = await party.bob._context.read(
            lambda rows: (
                store.group_row(rows, bytes.fromhex(key)),
                forged_text(rows, sent.id, "I pay nothing"),
            )
        )
        group, content = packed
        assert group is not None
        body = GroupContent(heads=group.head_list, content=content)
        to_carol = next(
            m.key for m in (await party.bob.group(key)).members if m.address.startswith("carol@")
        )
        await tells(party.bob, key, to_carol, Kind.GROUP_CONTENT, body)
        await party.bob.send(key, "Truly")

        async def arrived() -> bool:
            return "Truly" in await said(party.carol, key)

        await eventually(party.carol, arrived)
        for each in await party.carol.messages(key, start=0, count=99):
            if each.body == "I pay":
                assert each.sender.address == party.world.address("alice")
            elif each.kind == "text":
                assert each.sender.address == party.world.address("bob")
                assert each.sender.device == own.device_id.hex()
