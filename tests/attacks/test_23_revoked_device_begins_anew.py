"""Attack 23 by a revoked device: it begins sessions again and again, with all that it ever knew.

Held by: a hello counts only if the newest accepted manifest of its account lists the device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.clock import SystemClock
from restante.protocol.address import Address
from restante.protocol.ids import DeviceId
from restante.store.client_account import tokens
from restante.store.client_contacts import contacts
from restante.store.client_sessions import sessions_of, sessions_with
from tests.client.linked import a_new_device, link
from tests.client.outsider import a_text, an_outsider
from tests.client.world import (
    a_world,
    bodies,
    connected,
    eventually,
    introduce,
    reaches,
    shows,
    the_conversation,
)

if TYPE_CHECKING:
    from pathlib import Path

    from restante.store.client_rows import Rows


async def test_its_hellos_open_nowhere_and_change_no_session(tmp_path: Path) -> None:
    now_ms = SystemClock().now_ms()
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        await link(bob, laptop, name="laptop")
        await reaches(alice, await alice.send(to_bob, "to both"), "delivered")
        assert await the_conversation(laptop) == to_alice  # it comes with the history
        await reaches(laptop, await laptop.send(to_alice, "from the laptop"), "delivered")
        stolen = laptop._own
        assert stolen is not None
        known = await laptop._context.read(alices_token)
        gone = DeviceId(stolen.device_id)
        await bob.device_revoke("laptop")

        async def has_ended() -> bool:
            return not await alice._context.read(lambda rows: sessions_of(rows, gone))

        await eventually(alice, has_ended)
        await connected(alice)
        before = await alice._context.read(sessions_of_everybody)
        async with an_outsider(world.address("bob"), now_s=now_ms // 1000) as thief:
            thief.device, thief.manifest = stolen.device, stolen.manifest
            alices = Address.parse(world.address("alice"))
            for number in range(4):
                session = await thief.begin(alices, token=known, now_s=now_ms // 1000)
                text = a_text(f"it is me {number}", now_ms=now_ms + number, counter=number + 7)
                sealed = await thief.seal(session, text, alices)
                await thief.deposit(alices, sealed.envelope, token=known)
        await reaches(bob, await bob.send(to_alice, "so far so good"), "delivered")
        texts = ["to both", "from the laptop", "so far so good"]
        await shows(alice, to_bob, texts)
        assert await alice.synchronise(timeout_s=30)
        assert await bodies(alice, to_bob) == texts
        assert await alice._context.read(sessions_of_everybody) == before
        assert len(await alice.conversations()) == 1


def alices_token(rows: Rows) -> bytes | None:
    """The token that opens the contact lane of the account's only contact."""
    assert tokens(rows)
    (token,) = [row.token for row in contacts(rows) if row.state != "self"]
    return token


def sessions_of_everybody(rows: Rows) -> set[bytes]:
    return {
        session.session_id
        for row in contacts(rows)
        for session in sessions_with(rows, row.account_id)
    }
