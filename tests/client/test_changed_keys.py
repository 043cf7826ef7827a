"""A known address with another key: what is verified waits for the user, the rest is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.client.interface import ContactState, Trust
from restante.errors import ExitCode, UserError
from tests.client.linked import a_new_device, link
from tests.client.names_given_away import give_name_away, two_messages_paused, until_paused
from tests.client.world import (
    a_world,
    bodies,
    eventually,
    introduce,
    reaches,
    shows,
    the_conversation,
)

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine


async def test_a_changed_key_pauses_what_is_queued_and_loses_nothing(tmp_path: Path) -> None:
    async with two_messages_paused(tmp_path) as (alice, not_bob, to_bob, paused):
        assert [message.state for message in paused] == ["queued", "queued"]
        assert all("accept-key" in str(message.error) for message in paused)
        told = await alice.why(paused[0].id)
        assert [line.detail for line in told.lines if line.event == "waiting"][-1] == paused[
            0
        ].error
        contact = next(each for each in await alice.contacts() if each.key == to_bob)
        assert contact.trust is Trust.CHANGED
        assert "[notice]" in await bodies(alice, to_bob)
        assert await alice.synchronise(
            timeout_s=30
        )  # waiting for a decision is nothing to wait for
        assert (await alice.status()).outbox_count == 2
        assert await not_bob.conversations() == []
        with pytest.raises(UserError, match="Nothing is sent") as refused:
            await alice.send(to_bob, "three")
        assert refused.value.exit_code is ExitCode.UNTRUSTED


async def test_accepting_the_key_sends_what_was_paused_in_order(tmp_path: Path) -> None:
    async with two_messages_paused(tmp_path) as (alice, not_bob, to_bob, paused):
        accepted = await alice.accept_key(to_bob)
        assert (accepted.trust, accepted.petname) == (Trust.UNVERIFIED, "Bob")
        assert accepted.key != to_bob
        for message in paused:
            await reaches(alice, message, "relayed")
        key = await the_conversation(not_bob)
        await shows(not_bob, key, ["one", "two"])
        await not_bob.contact_accept(key)
        for message in paused:
            assert (await reaches(alice, message, "delivered")).conversation == accepted.key
        # What was said to the old key stays with the old key; who goes on there goes on here.
        assert await bodies(alice, to_bob) == ["begin", "[notice]", "[notice]"]
        assert await alice.resolve("Bob") == accepted.key
        again = await alice.send(to_bob, "three")
        assert again.conversation == accepted.key
        await reaches(alice, again, "delivered")
        assert await alice.accept_key(to_bob) == next(
            each for each in await alice.contacts() if each.key == accepted.key
        )


async def test_the_number_of_a_changed_key_is_the_new_ones_and_verifies_it(tmp_path: Path) -> None:
    async with two_messages_paused(tmp_path) as (alice, not_bob, to_bob, paused):
        asked = await alice.safety_number(to_bob)
        assert asked.trust is Trust.CHANGED
        # Whoever has the address now adds Alice, and shows the number.
        alices = await not_bob.contact_add(await alice.contact_code())
        shown = await not_bob.safety_number(alices.key)
        assert shown.digits == asked.digits
        with pytest.raises(UserError, match="not the number") as refused:
            await alice.compare_safety_number(to_bob, "1" * 60)
        assert refused.value.exit_code is ExitCode.UNTRUSTED
        with pytest.raises(UserError, match="60 digits"):
            await alice.compare_safety_number(to_bob, "12345")
        with pytest.raises(UserError, match="Look at the number first"):
            await alice.set_verified(to_bob, verified=True)
        assert (await alice.set_verified(to_bob, verified=False)).trust is Trust.CHANGED
        assert (await alice.message(paused[0].id)).state == "queued"
        verified = await alice.compare_safety_number(to_bob, shown.payload)
        assert verified.trust is Trust.VERIFIED
        for message in paused:
            await reaches(alice, message, "delivered")


async def test_own_devices_agree_where_a_moved_message_stands(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, _ = await introduce(alice, bob)
            await reaches(alice, await alice.send(to_bob, "begin"), "delivered")
        async with a_new_device(world, "alice-laptop") as laptop:
            await link(alice, laptop, name="laptop")
            await shows(laptop, to_bob, ["begin"])
            await give_name_away(world, "bob")
            async with world.online("bob") as not_bob:
                paused = await until_paused(alice, await alice.send(to_bob, "one"))
                accepted = await alice.accept_key(to_bob)
                await reaches(alice, paused, "relayed")
                await not_bob.contact_accept(await the_conversation(not_bob))
                await reaches(alice, paused, "delivered")
                texts = [each for each in await bodies(alice, accepted.key) if each[0] != "["]
                assert texts == ["one"]

                async def agrees() -> bool:
                    there = [await bodies(laptop, key) for key in (to_bob, accepted.key)]
                    return [[e for e in each if e[0] != "["] for each in there] == [
                        ["begin"],
                        ["one"],
                    ]

                await eventually(laptop, agrees)


async def test_a_changed_key_pauses_every_own_device_and_one_decision_holds_on_all(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, _ = await introduce(alice, bob)
            await reaches(alice, await alice.send(to_bob, "begin"), "delivered")
        async with a_new_device(world, "alice-laptop") as laptop:
            await link(alice, laptop, name="laptop")
            await shows(laptop, to_bob, ["begin"])
            await give_name_away(world, "bob")
            async with world.online("bob") as not_bob:
                on_alice = await until_paused(alice, await alice.send(to_bob, "one"))
                await eventually(laptop, lambda: _is_changed(laptop, to_bob))
                with pytest.raises(UserError, match="Nothing is sent") as refused:
                    await laptop.send(to_bob, "two")
                assert refused.value.exit_code is ExitCode.UNTRUSTED
                number = (await alice.safety_number(to_bob)).payload

                async def shows_the_new_number() -> bool:
                    return (await laptop.safety_number(to_bob)).payload == number

                await eventually(laptop, shows_the_new_number)
                assert await not_bob.conversations() == []
                decided = await laptop.compare_safety_number(to_bob, number)
                assert decided.trust is Trust.VERIFIED
                await reaches(alice, on_alice, "relayed")
                assert (await alice.message(on_alice.id)).conversation == decided.key
                await shows(not_bob, await the_conversation(not_bob), ["one"])
                assert {each.key: each.trust for each in await alice.contacts()} == {
                    to_bob: Trust.CHANGED,
                    decided.key: Trust.VERIFIED,
                }


async def _is_changed(engine: LocalEngine, key: str) -> bool:
    return any(e.key == key and e.trust is Trust.CHANGED for e in await engine.contacts())


async def test_blocking_is_the_other_decision(tmp_path: Path) -> None:
    async with two_messages_paused(tmp_path) as (alice, not_bob, to_bob, paused):
        await alice.contact_block(to_bob)
        for message in paused:
            assert (await reaches(alice, message, "failed")).error is not None
        assert await not_bob.conversations() == []


async def test_a_pause_outlives_a_restart(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        async with world.online("alice") as alice:
            async with world.online("bob") as bob:
                to_bob, _ = await introduce(alice, bob)
                await reaches(alice, await alice.send(to_bob, "begin"), "delivered")
            await give_name_away(world, "bob")
            async with world.online("bob"):
                paused = await until_paused(alice, await alice.send(to_bob, "one"))
        async with world.online("bob") as not_bob, world.online("alice") as alice:
            await alice.retry_now()
            assert await alice.synchronise(timeout_s=30)
            assert (await alice.message(paused.id)).state == "queued"
            assert await not_bob.conversations() == []
            await alice.accept_key(to_bob)
            await reaches(alice, paused, "relayed")


async def test_an_unverified_key_that_changes_is_followed_with_a_notice(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob = (await alice.contact_add(world.address("bob"))).key
            await alice.send(to_bob, "begin")
            await bob.contact_add(await alice.contact_code())
            await eventually(alice, lambda: _is_accepted(alice, to_bob))
            with pytest.raises(UserError, match="has not changed"):
                await alice.accept_key(to_bob)
        await give_name_away(world, "bob")
        async with world.online("bob") as new_bob:
            sent = await reaches(alice, await alice.send(to_bob, "go on"), "relayed")
            assert sent.conversation != to_bob
            assert await bodies(alice, sent.conversation) == ["go on", "[notice]"]
            assert await bodies(alice, to_bob) == ["begin", "[notice]"]
            followed = next(
                each for each in await alice.contacts() if each.key == sent.conversation
            )
            assert (followed.trust, followed.state) == (Trust.UNVERIFIED, ContactState.PENDING)
            await shows(new_bob, await the_conversation(new_bob), ["go on"])


async def _is_accepted(engine: LocalEngine, key: str) -> bool:
    found = await engine.contacts()
    return any(each.key == key and each.state is ContactState.ACCEPTED for each in found)
