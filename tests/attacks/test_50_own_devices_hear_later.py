"""Attack 50: what one's own devices tell each other doesn't show a relay who writes to whom.

A deposit names a mailbox, and an account's mailboxes are known: so what goes to one's own devices
goes on a connection of its own, and at another moment than what it is about.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restante.protocol import frames as f
from tests.client.second_device import a_second_device
from tests.client.world import QUICK, a_world, connected, eventually, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from tests.client.tap import Talk, Tap

PATIENT = replace(QUICK, receipt_jitter_s=1_000_000.0)
"""So long that a pause drawn from it never ends during a test, but by one chance in 10^4."""


def mailboxes(engine: LocalEngine) -> set[bytes]:
    assert engine._own is not None
    return {device.entry.mailbox or b"" for device in engine._own.manifest.devices}


async def test_what_is_sent_is_not_echoed_to_own_devices(tmp_path: Path) -> None:
    async with a_world(tmp_path, tapped=True) as world:
        tap = world.tap
        assert tap is not None
        async with world.online("alice") as alice, world.online("bob") as bob:
            await a_second_device(world, alice, "alice2")
            to_bob, _ = await introduce(alice, bob)
            async with world.online("alice2") as alice2:
                await connected(alice2)
                for each in (alice2, alice, alice2):
                    assert await each.synchronise(timeout_s=30)
        async with world.online("alice", tuning=PATIENT) as alice:
            assert await alice.synchronise(timeout_s=30)
            ours = mailboxes(alice)
            before = len(to_alice(tap, ours))
            for number in range(3):
                await reaches(alice, await alice.send(to_bob, f"text {number}"), "relayed")
            assert len(to_alice(tap, ours)) == before
            assert await alice.synchronise(timeout_s=30)
            # Three copies, in one envelope.
            assert len(to_alice(tap, ours)) == before + 1
        async with world.online("alice2") as alice2:
            await shows(alice2, to_bob, [f"text {number}" for number in range(3)])
        for talk in tap.talks:
            assert len(about_alice(talk, ours)) <= 1


async def test_who_is_blocked_is_told_alone(tmp_path: Path) -> None:
    async with a_world(tmp_path, tapped=True) as world:
        tap = world.tap
        assert tap is not None
        async with world.online("alice") as alice, world.online("bob") as bob:
            await a_second_device(world, alice, "alice2")
            to_bob, _ = await introduce(alice, bob)
            async with world.online("alice2") as alice2:
                await connected(alice2)
                for each in (alice2, alice, alice2):
                    assert await each.synchronise(timeout_s=30)
        async with (
            world.online("alice", tuning=PATIENT) as alice,
            world.online("alice2", tuning=PATIENT) as alice2,
        ):
            assert await alice.synchronise(timeout_s=30)
            ours = mailboxes(alice)
            before = len(to_alice(tap, ours))
            await reaches(alice, await alice.send(to_bob, "not to be echoed"), "relayed")
            await alice.contact_block(to_bob)

            async def is_blocked() -> bool:
                return [each.state for each in await alice2.contacts()] == ["blocked"]

            await eventually(alice2, is_blocked)
            assert len(to_alice(tap, ours)) == before + 1
            assert not await alice2.messages(to_bob, start=0, count=9)


def to_alice(tap: Tap, ours: set[bytes]) -> list[bytes]:
    """The mailboxes of Alice's that something was deposited for."""
    targets = [each.mailbox for item in tap.deposits() for each in item.targets]
    return [each for each in targets if each in ours]


def about_alice(talk: Talk, ours: set[bytes]) -> set[bool]:
    """Whether what a connection named was Alice's: mailboxes, and the name she is looked up by."""
    named = {
        each.mailbox in ours
        for frame in talk.by_client
        if isinstance(frame, f.Deposit)
        for item in frame.items
        for each in item.targets
    }
    looked_up = {
        frame.name == "alice"
        for frame in talk.by_client
        if isinstance(frame, f.FetchManifest | f.FetchPrekeys)
    }
    return named | looked_up
