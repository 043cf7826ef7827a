"""Attack 35: kill -9 at every named point. No key is used twice, nothing is lost, nothing doubled.

A client process of its own plays the scene and kills itself at the point; then it is simply run
again. What the relay was told is read off the wire.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from tests.attacks.killing import play
from tests.client.world import a_world, introduce, reaches, shows
from tests.processes import ROOT

if TYPE_CHECKING:
    from tests.client.tap import Tap

REGISTERING = ("account.kept", "account.registered", "prekeys.kept")
SENDING = (
    "send.filed",
    "send.kept",
    "outbox.sealing",
    "outbox.sealed",
    "outbox.deposited",
    "outbox.settling",
    "outbox.settled",
)
RECEIVING = (
    "inbox.arrived",
    "inbox.opened",
    "inbox.kept",
    "inbox.acked",
    "receipts.queued",
    "outbox.sealing",
    "outbox.deposited",
    "outbox.settled",
)


def assert_no_key_was_used_twice(tap: Tap) -> None:
    """A lookup tag stands for one message key: two envelopes must never bear one tag."""
    by_tag = defaultdict(set)
    by_id = defaultdict(set)
    for item in tap.deposits():
        if len(item.payload) == 4096:  # a message; hellos repeat the tag of their session
            by_tag[item.payload[:16]].add(item.payload)
        by_id[item.id].add(item.payload)
    assert by_tag
    assert all(len(payloads) == 1 for payloads in by_tag.values())
    assert all(len(payloads) == 1 for payloads in by_id.values())


async def test_registering_is_finished_wherever_it_was_killed(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        for point in REGISTERING:
            name = point.replace(".", "-")
            await play(world, name, kill_at=point, scene="register", address=world.address(name))
            passes = await play(world, name, scene="register", address=world.address(name))
            assert passes["prekeys.kept"] >= 1 or point == "prekeys.kept"
            async with world.online(name) as engine, world.online("friend") as friend:
                friends = await friend.contact_add(await engine.contact_code())
                sent = await friend.send(friends.key, "Are you there?")
                await reaches(friend, sent, "delivered")


async def test_sending_loses_and_doubles_nothing_wherever_it_is_killed(tmp_path: Path) -> None:
    async with a_world(tmp_path, tapped=True) as world, world.online("bob") as bob:
        async with world.online("alice") as alice:
            to_bob, to_alice = await introduce(alice, bob)
            await alice.send(to_bob, "begin")
            await shows(bob, to_alice, ["begin"])
            await bob.send(to_alice, "go on")
            await shows(alice, to_bob, ["begin", "go on"])
        expected = ["begin", "go on"]
        for run, point in enumerate(SENDING, 1):
            texts = [f"{point} {number}" for number in range(3)]
            job = {"scene": "send", "to": world.address("bob"), "texts": texts, "run": run}
            await play(world, "alice", kill_at=point, **job)
            await play(world, "alice", **job)
            expected += texts
            await shows(bob, to_alice, expected)
        async with world.online("alice") as alice:
            for message in await alice.messages(to_bob, start=0, count=100):
                if message.sender.is_me:
                    await reaches(alice, message, "delivered")
        assert world.tap is not None
        assert_no_key_was_used_twice(world.tap)


async def test_receiving_loses_and_doubles_nothing_wherever_it_is_killed(tmp_path: Path) -> None:
    async with a_world(tmp_path, tapped=True) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await alice.send(to_bob, "begin")
            await shows(bob, to_alice, ["begin"])
            await bob.send(to_alice, "go on")
            await shows(alice, to_bob, ["begin", "go on"])
        expected = ["begin", "go on"]
        for point in RECEIVING:
            texts = [f"{point} {number}" for number in range(3)]
            sent = [await alice.send(to_bob, text) for text in texts]
            for message in sent:
                await reaches(alice, message, "relayed")
            await play(world, "bob", kill_at=point, scene="receive")
            await play(world, "bob", scene="receive")
            expected += texts
            for message in sent:
                await reaches(alice, message, "delivered")
        async with world.online("bob") as bob:
            await shows(bob, to_alice, expected)
            lines = await bob.consume("tail", limit=500)
            arrived = [line.message.body for line in lines if line.type == "message"]
            assert arrived == [text for text in expected if text != "go on"]
        assert world.tap is not None
        assert_no_key_was_used_twice(world.tap)


async def test_every_point_named_in_the_code_is_killed_at() -> None:
    """A new point in the client is a new place where a crash is interesting: some test names it."""
    named = set()
    for path in (ROOT / "restante" / "client").rglob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if "reach(" in line and '"' in line:
                named.add(line.split('"')[1])
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    assert named >= {*REGISTERING, *SENDING, *RECEIVING}
    assert [point for point in sorted(named) if f'"{point}"' not in tests] == []
