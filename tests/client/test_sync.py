"""What is done on one device of an account is seen on the others, over a real relay."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restante.client.interface import ContactState, Trust
from restante.errors import UserError
from restante.store.client_account import tokens
from tests.client.second_device import a_second_device
from tests.client.world import (
    QUICK,
    World,
    a_world,
    connected,
    eventually,
    introduce,
    reaches,
    shows,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.client.interface import Contact, Conversation
    from restante.store.client_account import TokenRow


@asynccontextmanager
async def two_devices(world: World) -> AsyncIterator[tuple[LocalEngine, LocalEngine]]:
    """Alice on two devices that know each other."""
    async with world.online("alice") as one:
        await a_second_device(world, one, "alice2")
        async with world.online("alice2") as two:
            await connected(two)
            yield one, two


async def the_contact(engine: LocalEngine, key: str) -> Contact | None:
    return next((each for each in await engine.contacts() if each.key == key), None)


async def the_line(engine: LocalEngine, key: str) -> Conversation | None:
    return next((each for each in await engine.conversations() if each.key == key), None)


async def test_what_one_device_sends_the_other_shows_with_its_receipts(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        two_devices(world) as (one, two),
    ):
        to_bob, to_alice = await introduce(one, bob)
        await one.send(to_bob, "from one")
        await shows(two, to_bob, ["from one"])

        async def is_delivered() -> bool:
            (message,) = await two.messages(to_bob, start=0, count=1)
            return message.state == "delivered" and message.sender.is_me

        await eventually(two, is_delivered)
        await shows(bob, to_alice, ["from one"])
        await two.send(to_bob, "from two")
        await shows(bob, to_alice, ["from one", "from two"])
        await shows(one, to_bob, ["from one", "from two"])
        await bob.send(to_alice, "to both")
        for each in (one, two):
            await shows(each, to_bob, ["from one", "from two", "to both"])
        lines = await two.consume("tail")  # receipts among them, whenever they came
        assert [line.message.body for line in lines if line.type == "message"] == ["to both"]


async def test_what_is_read_on_one_device_is_read_on_the_other(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        two_devices(world) as (one, two),
    ):
        to_bob, to_alice = await introduce(one, bob)
        sent = await bob.send(to_alice, "read me")
        for each in (one, two):
            await shows(each, to_bob, ["read me"])
        await one.mark_read(to_bob, up_to=sent.id)

        async def is_read() -> bool:
            line = await the_line(two, to_bob)
            return line is not None and line.unread_count == 0

        await eventually(two, is_read)


async def test_what_is_decided_about_people_holds_on_both(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        two_devices(world) as (one, two),
    ):
        added = await one.contact_add(await bob.contact_code(), petname="Bobby")

        async def is_known() -> bool:
            return await the_contact(two, added.key) == added

        await eventually(two, is_known)
        await two.contact_rename(added.key, "Robert")
        await two.set_verified(added.key, verified=False)

        async def is_changed() -> bool:
            found = await the_contact(one, added.key)
            return found is not None and (found.petname, found.trust) == (
                "Robert",
                Trust.UNVERIFIED,
            )

        await eventually(one, is_changed)
        await one.contact_block(added.key)

        async def is_blocked() -> bool:
            found = await the_contact(two, added.key)
            return found is not None and found.state is ContactState.BLOCKED

        await eventually(two, is_blocked)


async def test_a_request_that_one_device_accepts_is_accepted_on_both(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        two_devices(world) as (one, two),
    ):
        to_alice = (await bob.contact_add(world.address("alice"))).key
        await bob.send(to_alice, "let me in")

        async def is_asked() -> bool:
            found = await one.contacts()
            return bool(found) and found[0].state is ContactState.REQUEST

        await eventually(one, is_asked)
        key = (await one.contacts())[0].key
        await one.contact_accept(key)

        async def is_accepted() -> bool:
            found = await the_contact(two, key)
            return found is not None and found.state is ContactState.ACCEPTED

        await eventually(two, is_accepted)
        await shows(two, key, ["let me in"])


async def test_a_device_that_was_away_catches_up(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with two_devices(world) as (one, two):
            to_bob, to_alice = await introduce(one, bob)
            await two.synchronise(timeout_s=30)
        async with world.online("alice") as one:
            for number in range(5):
                await one.send(to_bob, f"a{number}")
            await shows(bob, to_alice, [f"a{number}" for number in range(5)])
            await bob.send(to_alice, "answer")
            await shows(one, to_bob, [*(f"a{number}" for number in range(5)), "answer"])
            assert await one.synchronise(timeout_s=30)
        async with world.online("alice2") as two:
            await shows(two, to_bob, [*(f"a{number}" for number in range(5)), "answer"])


async def test_what_is_chosen_for_a_conversation_is_chosen_on_both(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        two_devices(world) as (one, two),
    ):
        to_bob, _ = await introduce(one, bob)
        await one.set_muted(to_bob, until="2100-01-01T00:00:00Z")
        await one.set_chat_pinned(to_bob, pinned=True)
        await one.set_archived(to_bob, archived=True)
        assert (await one.set_alerts(to_bob, level="mentions")).alerts == "mentions"
        with pytest.raises(UserError, match="all, mentions, none"):
            await one.set_alerts(to_bob, level="loud")
        mine = await one.set_draft(to_bob, "Dear B")
        assert (mine.muted_until, mine.pinned, mine.archived, mine.draft) == (
            "2100-01-01T00:00:00.000Z",
            True,
            True,
            "Dear B",
        )

        async def is_the_same() -> bool:
            return await the_line(two, to_bob) == mine

        await eventually(two, is_the_same)
        await two.set_muted(to_bob, until=None)
        await two.set_alerts(to_bob, level="all")
        plain = await two.set_draft(to_bob, "")

        async def is_taken_back() -> bool:
            return await the_line(one, to_bob) == plain

        await eventually(one, is_taken_back)


async def test_a_setting_holds_on_both(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, two_devices(world) as (one, two):
        assert await one.settings() == {
            "receipts": "on",
            "typing": "off",
            "presence": "off",
            "files": "on",
            "keywords": "",
        }
        await one.set_setting("receipts", "off")
        changed = await one.set_setting("keywords", " usual,\tdeploy\x1b ")
        assert changed["keywords"] == "usual,    deploy"
        with pytest.raises(UserError, match="too many keywords"):
            await one.set_setting("keywords", "x" * 1001)

        async def is_changed() -> bool:
            return await two.settings() == changed

        await eventually(two, is_changed)
        with pytest.raises(UserError, match="receipts"):
            await one.set_setting("colour", "on")


async def test_a_blocked_contact_s_bucket_has_one_token_on_both(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        two_devices(world) as (one, two),
    ):
        to_bob, to_alice = await introduce(one, bob)
        await one.send(to_bob, "hello")
        await shows(bob, to_alice, ["hello"])
        before = await one._context.read(tokens)
        await one.contact_block(to_bob)
        assert await one._context.read(tokens) != before

        async def is_rotated() -> bool:
            theirs = await two._context.read(tokens)
            return _live(theirs) == _live(await one._context.read(tokens))

        await eventually(two, is_rotated)
        key = await two.resolve("self")
        await two.send(key, "still here")
        await shows(one, key, ["still here"])


def _live(found: list[TokenRow]) -> list[TokenRow]:
    return [each for each in found if each.is_live]


async def test_a_device_that_never_came_holds_nothing_up(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        world.online("alice") as alice,
    ):
        await a_second_device(world, alice, "never")
        to_bob, to_alice = await introduce(alice, bob)
        await alice.send(to_bob, "hello")
        await shows(bob, to_alice, ["hello"])
        assert await alice.synchronise(timeout_s=30)
        assert (await alice.status()).outbox_count == 0


async def test_what_is_marked_as_unread_stands_out_on_both_until_it_is_read(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        two_devices(world) as (one, two),
    ):
        to_bob, to_alice = await introduce(one, bob)
        sent = await bob.send(to_alice, "come back to this")
        for each in (one, two):
            await shows(each, to_bob, ["come back to this"])
        await one.mark_read(to_bob, up_to=sent.id)
        assert (await one.mark_unread(to_bob)).marked_unread

        async def is_marked() -> bool:
            line = await the_line(two, to_bob)
            return line is not None and line.marked_unread and not line.unread_count

        await eventually(two, is_marked)
        await two.mark_read(to_bob, up_to=sent.id)

        async def is_over() -> bool:
            line = await the_line(one, to_bob)
            return line is not None and not line.marked_unread

        await eventually(one, is_over)


async def test_what_could_not_be_sent_has_failed_on_both_until_it_is_sent(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        two_devices(world) as (one, two),
    ):
        to_bob, to_alice = await introduce(one, bob)
        await one.send(to_bob, "hello")
        await shows(bob, to_alice, ["hello"])
        await shows(two, to_bob, ["hello"])
        await world.relay.stop()
        with world.relay.file() as connection:
            gone = connection.execute("SELECT * FROM devices WHERE account = 1").fetchall()
            connection.execute("UPDATE accounts SET name = 'nobody' WHERE name = 'bob'")
            connection.execute("UPDATE devices SET mailbox = randomblob(16) WHERE account = 1")
        assert gone
        await world.relay.start()
        sent = await one.send(to_bob, "into the void")

        async def failed_there() -> bool:
            found = await two.messages(to_bob, start=1, count=1)
            return bool(found) and found[0].state == "failed"

        await reaches(one, sent, "failed")
        await eventually(two, failed_there)
        with pytest.raises(UserError, match="another device"):
            await two.retry(sent.id)


async def test_who_is_blocked_is_blocked_on_the_other_device_at_once(tmp_path: Path) -> None:
    slow = replace(QUICK, receipt_jitter_s=3600.0)
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with world.online("alice") as alice:
            to_bob, _ = await introduce(alice, bob)
            await a_second_device(world, alice, "alice2")
            async with world.online("alice2") as two:
                await connected(two)
                assert await alice.synchronise(timeout_s=30)
        async with (
            world.online("alice", tuning=slow) as one,
            world.online("alice2", tuning=slow) as two,
        ):
            await connected(one)
            await connected(two)
            await one.contact_block(to_bob)

            async def is_blocked() -> bool:
                found = await the_contact(two, to_bob)
                return found is not None and found.state is ContactState.BLOCKED

            await eventually(two, is_blocked)


async def test_a_receipt_that_was_lost_is_said_again_with_the_next_one(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with world.online("alice") as alice:
            to_bob, to_alice = await introduce(alice, bob)
            first = await reaches(alice, await alice.send(to_bob, "first"), "relayed")
        await shows(bob, to_alice, ["first"])
        assert await bob.synchronise(timeout_s=30)
        await world.relay.stop()
        (receipt,) = world.relay.waiting()
        world.relay.drop(receipt)
        await world.relay.start()
        async with world.online("alice") as alice:
            assert (await alice.message(first.id)).state == "relayed"
            await reaches(alice, await alice.send(to_bob, "second"), "delivered")
            await reaches(alice, first, "delivered")
