"""Attack 50: that somebody has read is said as late, and as many at once, as that it arrived."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.client.world import QUICK, a_world, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

PATIENT = replace(QUICK, receipt_jitter_s=1_000_000.0)
"""So long that a pause drawn from it never ends during a test, but by one chance in 10^4."""


async def test_reading_is_not_echoed(tmp_path: Path) -> None:
    async with a_world(tmp_path, tapped=True) as world, world.online("alice") as alice:
        assert world.tap is not None
        async with world.online("bob", tuning=PATIENT) as bob:
            to_bob, to_alice = await introduce(alice, bob)
            texts = [f"text {number}" for number in range(5)]
            sent = [await alice.send(to_bob, text) for text in texts]
            for message in sent:
                await reaches(alice, message, "relayed")
            await shows(bob, to_alice, texts)
            before = len(world.tap.deposits())
            for message in sent:  # one after the other, as somebody does who scrolls
                await bob.mark_read(to_alice, up_to=message.id)
            await bob.retry_now()
            assert len(world.tap.deposits()) == before
            assert [(await alice.message(each.id)).state for each in sent] == ["relayed"] * 5
            assert await bob.synchronise(timeout_s=30)
            for message in sent:
                await reaches(alice, message, "read")
            # Delivered and read are one word of his, in one envelope.
            assert len(world.tap.deposits()) == before + 1
