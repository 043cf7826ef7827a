"""What relays and disks refuse: each is said on the message, nothing is lost, and it goes later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
import trio

from restante.client.interface import MessageChanged, Trust
from restante.errors import ExitCode, StoreError, UserError
from tests.client.relays import GENEROUS
from tests.client.world import (
    PATIENCE_S,
    a_world,
    bodies,
    connected,
    eventually,
    introduce,
    key_of,
    reaches,
    shows,
    the_conversation,
)

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.client.interface import Message


async def until_error(engine: LocalEngine, message: Message, says: str) -> Message:
    async def look() -> Message | None:
        found = await engine.message(message.id)
        return found if says in (found.error or "") else None

    found = await eventually(engine, look)
    assert found is not None
    return found


async def test_a_full_mailbox_is_said_and_the_message_goes_when_there_is_room(
    tmp_path: Path,
) -> None:
    small = msgspec.structs.replace(GENEROUS, mailbox_envelopes=3)
    async with a_world(tmp_path, limits=small) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await reaches(alice, await alice.send(to_bob, "begin"), "delivered")
            await reaches(bob, await bob.send(to_alice, "go on"), "delivered")
            await world.relay.emptied()
        texts = [str(number) for number in range(5)]
        sent = [await alice.send(to_bob, text) for text in texts]
        full = await until_error(alice, sent[3], "full")  # those behind it wait in line
        assert full.state == "queued"
        assert "mailbox_envelopes" in str(full.error), "the limit is named"
        assert (await alice.status()).outbox_count == 2
        async with world.online("bob") as bob:
            await shows(bob, to_alice, ["begin", "go on", *texts[:3]])
            await world.relay.emptied()  # acks are on their way when a message is shown
            await alice.retry_now()
            await shows(bob, to_alice, ["begin", "go on", *texts])
            for message in sent:
                assert (await reaches(alice, message, "delivered")).error is None


async def test_slow_down_is_heeded_and_said(tmp_path: Path) -> None:
    strict = msgspec.structs.replace(GENEROUS, requests_per_network=1, request_burst=3)
    async with (
        a_world(tmp_path, limits=strict) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        bobs = await alice.contact_add(world.address("bob"))
        texts = [f"stranger {number}" for number in range(5)]
        await world.relay.stop()  # so that all go with one frame
        sent = [await alice.send(bobs.key, text) for text in texts]
        said: set[str | None] = set()
        with trio.fail_after(PATIENCE_S):
            async with alice.subscribe() as events:
                await world.relay.start()
                await alice.retry_now()
                async for event in events:
                    if isinstance(event, MessageChanged):
                        said.add(event.message.error)
                    if (await alice.message(sent[-1].id)).state == "relayed":
                        break
        assert any("asks to slow down" in sentence for sentence in said if sentence)
        key = await the_conversation(bob)
        await shows(bob, key, texts)


async def test_somebody_else_under_a_verified_address_stops_the_sending(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, _ = await introduce(alice, bob)
            await reaches(alice, await alice.send(to_bob, "begin"), "delivered")
        await world.relay.stop()
        with world.relay.file() as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("DELETE FROM accounts WHERE name = 'bob'")
        await world.relay.start()
        world.profile("bob").rename(tmp_path / "the-real-bob")
        async with world.online("bob") as not_bob:
            waits = await alice.send(to_bob, "for your eyes only")
            waits = await until_error(alice, waits, "has changed")
            assert waits.state == "queued"
            assert (await alice.conversations())[0].trust is Trust.CHANGED
            with pytest.raises(UserError, match="has changed") as refused:
                await alice.send(to_bob, "really?")
            assert refused.value.exit_code is ExitCode.UNTRUSTED
            # Their address alone convinces nobody; a code, handed over in person, does.
            again = await alice.contact_add(await not_bob.contact_code())
            assert again.key != to_bob
            await reaches(alice, waits, "delivered")
            assert (await alice.message(waits.id)).conversation == again.key


async def test_a_verified_address_is_not_taken_over_by_adding_it_again(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            await introduce(alice, bob)
        await world.relay.stop()
        with world.relay.file() as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("DELETE FROM accounts WHERE name = 'bob'")
        await world.relay.start()
        world.profile("bob").rename(tmp_path / "the-real-bob")
        async with world.online("bob"):
            with pytest.raises(UserError, match="another key") as refused:
                await alice.contact_add(world.address("bob"))
            assert refused.value.exit_code is ExitCode.UNTRUSTED


async def test_a_vanished_account_fails_the_message(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, _ = await introduce(alice, bob)
            await reaches(alice, await alice.send(to_bob, "begin"), "delivered")
        await world.relay.stop()
        with world.relay.file() as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("DELETE FROM accounts WHERE name = 'bob'")
        await world.relay.start()
        failed = await reaches(alice, await alice.send(to_bob, "anybody?"), "failed")
        assert "no such account" in str(failed.error)
        assert await alice.synchronise(timeout_s=30)


async def limit_disk(engine: LocalEngine, *, full: bool) -> None:
    """Let a profile's database grow no further, or as far as it likes."""

    def work(connection: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]  # type: ignore[attr-defined]
        most = pages if full else 1_000_000
        connection.execute(f"PRAGMA max_page_count = {most}")  # type: ignore[attr-defined]

    await engine._context.database.outside_transactions(work)


async def write_much(engine: LocalEngine, key: str) -> None:
    """Write a megabyte."""
    for _ in range(50):
        await engine.send(key, "x" * 20_000)


async def test_a_full_disk_refuses_acks_nothing_and_recovers(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        await reaches(alice, await alice.send(to_bob, "begin"), "delivered")
        await limit_disk(bob, full=True)
        with pytest.raises(StoreError, match="room"):
            await write_much(bob, to_alice)
        kept_by_bob = len(await bob.messages(to_alice, start=0, count=512))
        texts = ["y" * 30_000 + str(number) for number in range(6)]
        sent = [await alice.send(to_bob, text) for text in texts]
        for message in sent:
            await reaches(alice, message, "relayed")

        async def said() -> bool:
            return "room" in str((await bob.status()).error)

        await eventually(bob, said)
        await limit_disk(bob, full=False)
        await bob.retry_now()
        for message in sent:
            await reaches(alice, message, "delivered")
        found = await bodies(bob, to_alice)
        assert [body for body in found if body.startswith("y")] == texts
        assert len(found) == kept_by_bob + len(texts)
        await connected(bob)


async def test_a_wrong_key_opens_nothing_and_says_so(tmp_path: Path) -> None:
    from restante.client.engine import open_engine

    async with a_world(tmp_path) as world:
        async with world.online("alice"):
            pass
        assert key_of("alice") != key_of("mallory")
        with pytest.raises(StoreError):
            async with open_engine(world.profile("alice"), key_of("mallory")):
                pytest.fail("it opened")
