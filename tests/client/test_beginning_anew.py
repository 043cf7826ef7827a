"""New sessions by the user's word: what is late still opens, and nothing is lost by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from restante.client.sessions import sending_session
from restante.errors import UserError
from restante.protocol.ids import DeviceId
from restante.store.client_queries.compiling import Query
from restante.store.client_tables import sessions
from tests.client.linked import a_new_device, link
from tests.client.world import PATIENCE_S, a_world, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.store.client_rows import Rows

_DAMAGE = Query(update(sessions).values(state=b"damaged"))


async def sends_on(engine: LocalEngine, other: LocalEngine) -> bytes | None:
    """Return the session that a device would send to another on."""
    device = DeviceId(bytes.fromhex(str((await other.status()).device)))

    def read(rows: Rows) -> bytes | None:
        session = sending_session(rows, device)
        return None if session is None else session.facts.session_id

    return await engine._context.read(read)


async def test_both_go_on_in_a_new_session_and_late_messages_still_open(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await reaches(alice, await alice.send(to_bob, "begin"), "delivered")
            await reaches(bob, await bob.send(to_alice, "go on"), "delivered")
            before = await sends_on(bob, alice)
            assert await bob.synchronise(timeout_s=PATIENCE_S)
        await reaches(alice, await alice.send(to_bob, "late"), "relayed")
        await world.relay.stop()
        async with world.online("bob") as bob:
            assert (await bob.contact_reset(to_alice)).key == to_alice
            assert await sends_on(bob, alice) is None
            await world.relay.start()
            await bob.retry_now()
            await shows(bob, to_alice, ["begin", "go on", "late"])
            await reaches(bob, await bob.send(to_alice, "anew"), "delivered")
            await reaches(alice, await alice.send(to_bob, "so do I"), "delivered")
            after = await sends_on(bob, alice)
            assert after == await sends_on(alice, bob)
            assert after not in {None, before}
            await shows(alice, to_bob, ["begin", "go on", "late", "anew", "so do I"])


async def test_a_session_that_is_damaged_is_mended_by_it(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        await reaches(bob, await bob.send(to_alice, "begin"), "delivered")
        await reaches(alice, await alice.send(to_bob, "go on"), "delivered")
        await bob._context.write(lambda rows: rows.run(_DAMAGE))
        await bob.contact_reset(to_alice)
        await reaches(bob, await bob.send(to_alice, "mended"), "delivered")


async def test_ones_own_devices_begin_anew_too(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
    ):
        await link(bob, laptop)
        key = await bob.resolve("self")
        await bob.send(key, "one")
        await shows(laptop, key, ["one"])
        before = await sends_on(bob, laptop)
        await bob.contact_reset(key)
        await bob.send(key, "two")
        await shows(laptop, key, ["one", "two"])
        assert await sends_on(bob, laptop) not in {None, before}


async def test_nobody_is_written_to_who_is_not_in_touch(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, _ = await introduce(alice, bob)
        await alice.contact_block(to_bob)
        with pytest.raises(UserError, match="Accept them first"):
            await alice.contact_reset(to_bob)
