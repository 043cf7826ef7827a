"""Attack 50: receipts tell nobody by their timing who reads whom: they wait, and in one batch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.client.world import QUICK, a_world, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

PATIENT = replace(QUICK, receipt_jitter_s=1_000_000.0)
"""So long that a pause drawn from it never ends during a test, but by one chance in 10^4."""


async def test_a_receipt_is_not_the_echo_of_its_message(tmp_path: Path) -> None:
    async with a_world(tmp_path, tapped=True) as world, world.online("alice") as alice:
        assert world.tap is not None
        async with world.online("bob", tuning=PATIENT) as bob:
            to_bob, to_alice = await introduce(alice, bob)
            sent = []
            for number in range(5):
                sent.append(await alice.send(to_bob, f"text {number}"))
                await reaches(alice, sent[-1], "relayed")
            await shows(bob, to_alice, [f"text {number}" for number in range(5)])
            before = len(world.tap.deposits())
            # All of Bob's own work is done; what is left is the pause.
            assert await bob.retry_now() is None
            assert [(await alice.message(each.id)).state for each in sent] == ["relayed"] * 5
            assert len(world.tap.deposits()) == before
            # A one-shot command is about to end: it sends what it owes, in one envelope.
            assert await bob.synchronise(timeout_s=30)
            for message in sent:
                await reaches(alice, message, "delivered")
            assert len(world.tap.deposits()) == before + 1


async def test_what_is_owed_survives_the_engine(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob", tuning=PATIENT) as bob:
            to_bob, to_alice = await introduce(alice, bob)
            sent = await alice.send(to_bob, "hello")
            await shows(bob, to_alice, ["hello"])
        assert (await alice.message(sent.id)).state == "relayed"
        async with world.online("bob"):
            await reaches(alice, sent, "delivered")
