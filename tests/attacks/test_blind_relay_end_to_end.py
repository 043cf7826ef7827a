"""What a relay, and whoever listens before it, sees: nothing that is said, nobody who says it.

Everything that two people's engines send and receive goes through a recording proxy; the relay's
files are read while envelopes wait in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.protocol import frames as f
from restante.protocol.codec import encode
from restante.protocol.ids import AccountId, DeviceId
from restante.protocol.limits import BUCKETS
from tests.client.world import a_world, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

    from tests.client.tap import Tap

PLAINTEXTS = (
    "Meet me at the old bridge",
    "Grüße aus Århus 🌉",
    "a" * 10_000,
    "quoted answer",
)
PETNAME = "Bobby Tables"


def needles() -> list[bytes]:
    return [text.encode()[:40] for text in PLAINTEXTS] + [PETNAME.encode(), b"bobby tables"]


async def test_no_plaintext_and_no_sender_reaches_the_relay(tmp_path: Path) -> None:
    async with a_world(tmp_path, tapped=True) as world:
        assert world.tap is not None
        async with world.online("alice") as alice:
            async with world.online("bob") as bob:
                to_bob, to_alice = await introduce(alice, bob)
                await alice.contact_rename(to_bob, PETNAME)
                first = await alice.send(to_bob, PLAINTEXTS[0])
                await reaches(alice, first, "delivered")
                await bob.send(to_alice, PLAINTEXTS[3], quote=first.id)
                await shows(alice, to_bob, [PLAINTEXTS[0], PLAINTEXTS[3]])
            for text in PLAINTEXTS[1:3]:
                await reaches(alice, await alice.send(to_bob, text), "relayed")
            held = b"".join(
                path.read_bytes() for path in (tmp_path / "relay").iterdir() if path.is_file()
            )
            waiting = world.relay.waiting()
            assert alice._own is not None
            own = alice._own
            senders = [
                *who_is(own.account_id, own.device_id),
                own.root.raw,
                own.device.key.raw,
                own.device.identity.public.raw,
                b"alice",
                world.address("alice").encode(),
            ]
        assert waiting
        wire = b"".join(message for talk in world.tap.talks for message in talk.messages)
        for needle in needles():
            assert needle not in wire
            assert needle not in held
        for envelope in waiting:
            assert len(envelope.payload) in BUCKETS
            for sender in senders:
                assert sender not in envelope.payload
        deposits = b"".join(encode(item) for item in world.tap.deposits())
        for sender in senders:
            assert sender not in deposits


async def test_who_deposits_never_says_who_it_is(tmp_path: Path) -> None:
    async with a_world(tmp_path, tapped=True) as world:
        assert world.tap is not None
        async with world.online("alice") as alice, world.online("bob") as bob:
            to_bob, _ = await introduce(alice, bob)
            await reaches(alice, await alice.send(to_bob, "hello"), "delivered")
        assert_two_kinds(world.tap)


async def test_envelopes_on_the_wire_have_three_sizes(tmp_path: Path) -> None:
    async with a_world(tmp_path, tapped=True) as world:
        assert world.tap is not None
        async with world.online("alice") as alice, world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            for size in (1, 1000, 1700, 9000, 14_000, 20_000, 50_000):
                await reaches(alice, await alice.send(to_bob, "x" * size), "delivered")
            await reaches(bob, await bob.send(to_alice, "y" * 3000), "delivered")
        deposits = world.tap.deposits()
        assert {len(item.payload) for item in deposits} == set(BUCKETS)
        # One time to live for all: it must not tell a receipt from a text.
        assert len({(item.ttl_s, item.ephemeral, len(item.targets)) for item in deposits}) == 1


def who_is(account_id: AccountId, device_id: DeviceId) -> list[bytes]:
    """An account's and a device's id, raw and as text."""
    return [account_id, device_id, account_id.hex().encode(), device_id.hex().encode()]


def assert_two_kinds(tap: Tap) -> None:
    """A connection either says who it is, or deposits and fetches; never both."""
    anonymous = (f.FetchManifest, f.FetchPrekeys, f.FetchCode, f.Deposit)
    said = [[type(frame) for frame in talk.by_client] for talk in tap.talks if talk.by_client]
    devices = [talk for talk in said if f.Authenticate in talk]
    others = [talk for talk in said if f.Authenticate not in talk]
    assert devices
    assert any(f.Deposit in talk for talk in others)
    assert not any(kind in talk for talk in devices for kind in anonymous)
    assert all(set(talk) <= {f.Anonymous, *anonymous} for talk in others)
