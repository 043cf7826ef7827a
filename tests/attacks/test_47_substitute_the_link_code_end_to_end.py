"""Attack 47 end to end: somebody between the screens, with a code of their own for the old one.

Mallory answers the new device as if she were the old one, and has the old one follow a code of
hers. The digits that the new device shows are not those that the old one has: hers gets nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from restante.client.interface import LinkState
from restante.client.linking.rendezvous import Rendezvous
from restante.crypto.linking import OldDevice
from restante.crypto.randomness import SystemRandomness
from restante.errors import ExitCode, UserError
from restante.protocol.code import parse_code
from restante.protocol.ids import link_slot
from restante.protocol.linking import LinkSlot
from tests.client.linked import a_new_device, comes_to, digits_of
from tests.client.world import a_world

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.crypto.keys import RootKey

RANDOM = SystemRandomness()


async def answer(mallory: LocalEngine, text: str, root: RootKey, nursery: trio.Nursery) -> str:
    """Answer a new device's code in the old one's place; return the digits that both have then."""
    code = parse_code(text)
    rendezvous = Rendezvous(mallory._context, nursery, code.relay())
    offer = await rendezvous.look(link_slot(code.secret, LinkSlot.OFFER))
    assert offer is not None
    exchange = OldDevice.open(RANDOM, code, offer)
    await rendezvous.put(exchange.slot(LinkSlot.ACCEPT), exchange.reply(root))
    _, reveal = await rendezvous.wait_for(exchange.slot(LinkSlot.REVEAL))
    digits = exchange.reveal(reveal)
    await rendezvous.close()
    return digits


async def test_the_digits_of_two_linkings_differ_and_nobody_is_let_in(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
        a_new_device(world, "mallory") as mallory,
    ):
        own = bob._own
        assert own is not None
        true = await laptop.link_begin(address=world.address("bob"))
        hers = await mallory.link_begin(address=world.address("bob"))
        assert true.code is not None
        assert hers.code is not None
        async with trio.open_nursery() as nursery:
            between = await answer(mallory, true.code, own.root, nursery)
            nursery.cancel_scope.cancel()
        assert await digits_of(laptop) == between  # the victim's screen shows what she has
        await bob.link_open(hers.code)
        with pytest.raises(UserError, match="somebody is in between") as refused:
            await bob.link_confirm(await digits_of(laptop))
        assert refused.value.exit_code is ExitCode.UNTRUSTED
        await comes_to(mallory, LinkState.FAILED)
        assert [each.is_this for each in await bob.devices()] == [True]
        assert (await mallory.status()).address is None
        # And the true code is used up: whoever follows it now learns that somebody was there first.
        with pytest.raises(UserError, match="used already"):
            await bob.link_open(true.code)
