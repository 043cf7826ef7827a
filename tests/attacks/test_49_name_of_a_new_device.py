"""Attack 49: a code that somebody else made, for a device whose name moves the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from restante.client.linking.rendezvous import Rendezvous
from restante.crypto import own_keys
from restante.crypto.linking import NewDevice
from restante.crypto.randomness import SystemRandomness
from restante.protocol.ids import MailboxId
from restante.protocol.linking import LinkSlot
from restante.protocol.text import printable
from tests.client.world import a_world

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = SystemRandomness()

HOSTILE = "laptop\x1b]0;owned\x07\x1b[2J\u202e\r\nconfirmed"


async def test_a_new_devices_name_is_safe_where_its_digits_are_asked_for(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        own = bob._own
        assert own is not None
        device = own_keys.generate_device(RANDOM)
        exchange = NewDevice.start(
            RANDOM,
            device=device,
            entry=own_keys.device_entry(device, mailbox=MailboxId(RANDOM.random(16)), now_s=1),
            name=HOSTILE,
            address=own.address,
        )
        async with trio.open_nursery() as nursery:
            rendezvous = Rendezvous(bob._context, nursery, own.address.relay)
            await rendezvous.put(exchange.slot(LinkSlot.OFFER), exchange.offer)

            async def answer() -> None:
                _, acceptance = await rendezvous.wait_for(exchange.slot(LinkSlot.ACCEPT))
                reveal, digits = exchange.accept(acceptance)
                await rendezvous.put(exchange.slot(LinkSlot.REVEAL), reveal)
                said.append(digits)

            said: list[str] = []
            nursery.start_soon(answer)
            shown = await bob.link_open(str(exchange.code))
            assert shown.name == printable(shown.name, multiline=False) != ""
            listed = await bob.link_confirm(said[0])
            assert listed.name == printable(listed.name, multiline=False)
            await rendezvous.close()
            nursery.cancel_scope.cancel()
