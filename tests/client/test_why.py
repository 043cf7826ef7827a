"""What `why` tells of a message: each thing that happened to it, by device, and what it means."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restante.client import tracing
from restante.errors import UserError
from tests.client.linked import a_new_device, link
from tests.client.world import QUICK, a_world, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.client.interface import Message


async def events(engine: LocalEngine, message: Message) -> list[str]:
    return [line.event for line in (await engine.why(message.id)).lines]


async def test_a_message_is_followed_from_the_outbox_to_its_reader(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            bobs_device = (await bob.status()).device
        await world.relay.stop()
        sent = await alice.send(to_bob, "hello")
        assert await events(alice, sent) == ["queued"]
        await world.relay.start()
        await alice.retry_now()
        sent = await reaches(alice, sent, "relayed")
        told = await alice.why(sent.id)
        assert [line.event for line in told.lines if line.event != "waiting"] == [
            *("queued", "sealed", "relayed")
        ]
        assert {line.device for line in told.lines} == {None, bobs_device}
        assert "kept until" in (told.lines[-1].detail or "")
        assert "comes for it" in told.says
        async with world.online("bob") as bob:
            await shows(bob, to_alice, ["hello"])
            (arrived,) = await bob.messages(to_alice, start=0, count=1)
            assert await events(bob, arrived) == ["fetched", "decrypted"]
            sent = await reaches(alice, sent, "delivered")
        last = (await alice.why(sent.id)).lines[-1]
        assert (last.event, last.device) == ("delivered", bobs_device)


async def test_what_was_missing_tells_that_it_was_asked_for_and_came(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            alices_device = (await alice.status()).device
        await reaches(alice, await alice.send(to_bob, "lost"), "relayed")
        await reaches(alice, await alice.send(to_bob, "seen"), "relayed")
        await world.relay.stop()
        world.relay.drop(world.relay.waiting()[-2])
        await world.relay.start()
        async with world.online("bob", tuning=replace(QUICK, resend_grace_s=600.0)) as bob:
            await shows(bob, to_alice, ["[gap]", "seen"])
            gap, _ = await bob.messages(to_alice, start=0, count=2)
            told = await bob.why(gap.id)
            assert [(line.event, line.device) for line in told.lines] == [
                ("asked for", alices_device)
            ]
            assert "Only the device that sent it" in told.says
        async with world.online("bob") as bob:
            await bob.retry_now()
            await shows(bob, to_alice, ["lost", "seen"])
            lost, _ = await bob.messages(to_alice, start=0, count=2)
            assert await events(bob, lost) == ["fetched", "decrypted", "repaired"]
            assert "asked for at" in str((await bob.why(lost.id)).lines[-1].detail)


async def test_a_copy_tells_when_it_came_from_the_other_device(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
    ):
        await link(bob, laptop)
        key = await bob.resolve("self")
        await bob.send(key, "a note")
        await shows(laptop, key, ["a note"])
        (copy,) = await laptop.messages(key, start=0, count=1)
        told = await laptop.why(copy.id)
        assert [line.event for line in told.lines] == ["fetched", "decrypted"]
        assert {line.device for line in told.lines} == {(await bob.status()).device}


async def test_a_message_that_was_taken_back_says_so(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, _ = await introduce(alice, bob)
        await world.relay.stop()
        sent = await alice.send(to_bob, "never mind")
        await alice.cancel(sent.id)
        assert await events(alice, sent) == ["queued", "taken back"]
        with pytest.raises(UserError, match="no message with this id"):
            await alice.why("ab" * 16)


async def test_what_happened_long_ago_is_forgotten(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, _ = await introduce(alice, bob)
        sent = await alice.send(to_bob, "hello")
        context = alice._context
        late_ms = context.now_ms() + tracing.KEPT_S * 1000
        await context.write(lambda rows: tracing.forget_old(rows, late_ms - 60_000))
        assert "queued" in await events(alice, sent)
        await reaches(alice, sent, "relayed")
        await context.write(lambda rows: tracing.forget_old(rows, late_ms + 60_000))
        assert await events(alice, sent) == []
