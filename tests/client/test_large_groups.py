"""Large groups: one envelope for all, on its sender's key. Here three people are many."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from restante.client.changes import Changes
from restante.client.groups import lost_keys, telling
from restante.client.groups.chains import LIVES_MS
from restante.crypto import kdf, sender_keys
from restante.crypto.randomness import SystemRandomness
from restante.crypto.tags import tag
from restante.protocol.group import Add, Remove, Role, SenderKeyAsk
from restante.store.client_contacts import contact
from restante.store.client_sender_keys import chains_of as stored_chains
from restante.store.client_sender_keys import drop_chain, put_chain
from tests.client.large_party import LARGE, a_large_party, chains_of
from tests.client.linked import a_new_device, link
from tests.client.party import hears, is_in, said
from tests.client.relays import open_relay
from tests.client.world import (
    PATIENCE_S,
    TurnedClock,
    a_world,
    eventually,
    introduce,
    reaches,
)

if TYPE_CHECKING:
    from pathlib import Path

    from restante.store.client_rows import Rows


async def test_one_envelope_is_stored_once_and_read_by_all(tmp_path: Path) -> None:
    async with a_large_party(tmp_path) as party:
        key = await party.group()
        first = await party.alice.send(key, "Hello, all")
        await hears(party.bob, key, ["Hello, all"])
        await hears(party.carol, key, ["Hello, all"])
        await reaches(party.alice, first, "delivered")
        await party.bob.send(key, "Hello, Carol")
        await hears(party.carol, key, ["Hello, all", "Hello, Carol"])
        await party.alice.edit(first.id, "Hello, everybody")
        await hears(party.carol, key, ["Hello, everybody", "Hello, Carol"])
        assert len(await chains_of(party.carol, party.alice, key)) == 1


async def test_who_is_away_gets_it_later_and_the_relay_keeps_it_once(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, AsyncExitStack() as stack:
        alice = await stack.enter_async_context(world.online("alice", tuning=LARGE))
        async with world.online("bob") as bob, world.online("carol") as carol:
            to_bob, _ = await introduce(alice, bob)
            to_carol, _ = await introduce(alice, carol)
            key = (await alice.group_new("Walkers", [to_bob, to_carol])).conversation.key
            await is_in(bob, key)
            await is_in(carol, key)
            await alice.send(key, "Who is there?")
            await hears(bob, key, ["Who is there?"])
            await hears(carol, key, ["Who is there?"])
            for each in (alice, bob, carol):
                await each.synchronise(timeout_s=30)
        await world.relay.emptied()
        sent = await alice.send(key, "Nobody")
        await reaches(alice, sent, "relayed")
        waiting = world.relay.waiting()
        assert len(waiting) == 2
        assert len({each.payload for each in waiting}) == 1
        with world.relay.file() as file:
            assert file.execute("SELECT count(*) FROM payloads").fetchone() == (1,)
        async with world.online("bob") as bob, world.online("carol") as carol:
            await hears(bob, key, ["Who is there?", "Nobody"])
            await hears(carol, key, ["Who is there?", "Nobody"])


async def test_the_log_goes_up_once_for_all_who_are_new(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, AsyncExitStack() as stack:
        alice = await stack.enter_async_context(world.online("alice", tuning=LARGE))
        async with world.online("bob") as bob, world.online("carol") as carol:
            to_bob, _ = await introduce(alice, bob)
            to_carol, _ = await introduce(alice, carol)
            for each in (alice, bob, carol):
                await each.synchronise(timeout_s=PATIENCE_S)
        await world.relay.emptied()
        key = (await alice.group_new("Walkers", [to_bob, to_carol])).conversation.key
        assert await alice.synchronise(timeout_s=PATIENCE_S)
        with world.relay.file() as file:
            assert file.execute("SELECT count(*) FROM payloads").fetchone() == (1,)
        assert len(world.relay.waiting()) == 4  # a key for each, and the log for both
        async with world.online("bob") as bob, world.online("carol") as carol:
            for each in (bob, carol):
                assert len((await is_in(each, key, members=3)).members) == 3
            assert len(await chains_of(bob, alice, key)) == 1


async def test_who_is_taken_out_learns_nothing_of_who_is_new_by_the_same_entry(
    tmp_path: Path,
) -> None:
    async with a_large_party(tmp_path) as party, party.world.online("dave") as dave:
        alice, bob = party.alice, party.bob
        to_dave, _ = await introduce(alice, dave)
        key = await party.group()
        await alice.send(key, "Hello, Bob")
        for each in (bob, party.carol):
            await hears(each, key, ["Hello, Bob"])
        device = alice._services.running().own.device_id

        async def heard() -> dict[bytes, int]:
            found = await party.carol._context.read(
                lambda rows: stored_chains(rows, bytes.fromhex(key), device)
            )
            return {each.chain: each.number for each in found}

        before = await heard()
        accounts = [each._services.running().own.account_id for each in (bob, dave)]
        context, own, changes = alice._context, alice._services.running().own, Changes()

        def work(rows: Rows) -> None:
            ledger = context.shelf.open(rows, bytes.fromhex(key))
            acts = [
                Remove(account=accounts[0]),
                Add(account=accounts[1], role=int(Role.MEMBER), link=None),
            ]
            telling.write_entry(rows, changes, context, own, ledger=ledger, acts=acts)

        await context.write(work)
        await alice._services.tell(changes)
        await is_in(dave, key, members=3)

        async def is_out() -> bool:
            return (await bob.group(key)).conversation.group.role is None

        await eventually(bob, is_out)
        assert await bob._context.read(lambda rows: contact(rows, accounts[1])) is None

        async def is_told() -> bool:
            return to_dave in {each.key for each in (await party.carol.group(key)).members}

        await eventually(party.carol, is_told)
        # She heard of it on a key that Bob never had, and nothing more on the one that he has.
        after = await heard()
        assert after.keys() > before.keys()
        assert {chain: after[chain] for chain in before} == before


async def test_a_log_that_was_lost_on_its_way_is_asked_for(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, AsyncExitStack() as stack:
        alice = await stack.enter_async_context(world.online("alice", tuning=LARGE))
        async with world.online("bob") as bob:
            to_bob, _ = await introduce(alice, bob)
            for each in (alice, bob):
                await each.synchronise(timeout_s=PATIENCE_S)
        await world.relay.emptied()
        key = (await alice.group_new("Walkers", [to_bob])).conversation.key
        assert await alice.synchronise(timeout_s=PATIENCE_S)
        with world.relay.file() as file:  # as if the relay had lost what is for many
            file.execute("DELETE FROM waiting WHERE shared IS NOT NULL")
            file.commit()
        await alice.send(key, "Hello, Bob")
        async with world.online("bob") as bob:
            await hears(bob, key, ["Hello, Bob"])
            assert len((await bob.group(key)).members) == 2


async def test_two_relays_get_the_log_once_each_and_one_may_be_away(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, AsyncExitStack() as stack:
        other = await stack.enter_async_context(open_relay(tmp_path / "other"))
        alice, bob = [
            await stack.enter_async_context(world.online(name, tuning=LARGE))
            for name in ("alice", "bob")
        ]
        world.relay, first = other, world.relay
        carol = await stack.enter_async_context(world.online("carol", tuning=LARGE))
        to_bob, _ = await introduce(alice, bob)
        to_carol, _ = await introduce(alice, carol)
        await alice.synchronise(timeout_s=PATIENCE_S)
        await other.stop()
        key = (await alice.group_new("Walkers", [to_bob, to_carol])).conversation.key
        await is_in(bob, key, members=3)
        await alice.send(key, "Who is there?")
        await hears(bob, key, ["Who is there?"])
        await other.start()
        for each in (alice, bob, carol):
            await each.retry_now()
        await is_in(carol, key, members=3)
        await hears(carol, key, ["Who is there?"])
        await carol.send(key, "I am")
        await hears(bob, key, ["Who is there?", "I am"])
        assert first is not other


async def test_who_was_taken_out_reads_no_later_change_of_the_group(tmp_path: Path) -> None:
    async with a_large_party(tmp_path) as party:
        key = await party.group()
        [before] = await chains_of(party.carol, party.alice, key)
        await party.alice.group_remove(key, [party.to_carol])
        await is_in(party.bob, key, members=2)
        assert await chains_of(party.bob, party.alice, key) == [before], "told on the key there was"
        await party.alice.group_set(key, name="Talkers")

        async def is_renamed() -> bool:
            return (await party.bob.group(key)).conversation.title == "Talkers"

        await eventually(party.bob, is_renamed)
        assert (await chains_of(party.bob, party.alice, key))[0] != before
        last = await party.alice.send(party.to_carol, "You are out")
        await reaches(party.alice, last, "delivered")
        assert await chains_of(party.carol, party.alice, key) == [before]
        assert (await party.carol.group(key)).conversation.title == "Walkers"


async def test_a_removal_changes_the_key_before_the_next_message(tmp_path: Path) -> None:
    async with a_large_party(tmp_path) as party:
        key = await party.group()
        await party.alice.send(key, "For three")
        await hears(party.carol, key, ["For three"])
        before = await chains_of(party.carol, party.alice, key)
        await party.alice.group_remove(key, [party.to_carol])
        await party.alice.send(key, "For two")
        await hears(party.bob, key, ["For three", "For two"])
        now = await chains_of(party.bob, party.alice, key)
        assert now[0] not in before
        last = await party.alice.send(party.to_carol, "You are out")
        await reaches(party.alice, last, "delivered")
        assert await chains_of(party.carol, party.alice, key) == before
        assert await said(party.carol, key) == ["For three"]


async def test_a_key_is_replaced_after_a_week_and_after_a_hundred_messages(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with a_world(tmp_path) as world, AsyncExitStack() as stack:
        alice = await stack.enter_async_context(world.online("alice", tuning=LARGE, clock=clock))
        bob = await stack.enter_async_context(world.online("bob", tuning=LARGE, clock=clock))
        to_bob, _ = await introduce(alice, bob)
        key = (await alice.group_new("Walkers", [to_bob])).conversation.key
        await is_in(bob, key)
        seen, heard = set[bytes](), list[str]()

        async def speaks(text: str) -> int:
            """Say something, and return on how many keys there was something to read so far."""
            await alice.send(key, text)
            heard.append(text)
            await hears(bob, key, heard)
            seen.update(await chains_of(bob, alice, key))
            return len(seen)

        assert await speaks("At first") == 1
        assert await speaks("Then") == 1
        clock.ahead_ms = LIVES_MS - 60_000
        assert await speaks("Before the week is over") == 1
        clock.ahead_ms = LIVES_MS + 60_000
        assert await speaks("After it") == 2
        device = alice._services.running().own.device_id

        def used_up(rows: Rows) -> None:
            [last] = stored_chains(rows, bytes.fromhex(key), device)
            put_chain(rows, replace(last, number=sender_keys.MESSAGES))

        await alice._context.write(used_up)
        assert await speaks("The hundred and first") == 3


async def test_a_key_that_a_revoked_device_has_is_used_no_more(tmp_path: Path) -> None:
    async with a_large_party(tmp_path) as party:
        async with a_new_device(party.world, "bob2") as second:
            linked = await link(party.bob, second)
            key = await party.group()
            await is_in(second, key)
            await party.alice.send(key, "For all of you")
            await hears(second, key, ["For all of you"])
            [before] = await chains_of(second, party.alice, key)
        await party.bob.device_revoke(linked.id)
        assert await party.bob.synchronise(timeout_s=PATIENCE_S)

        async def knows_of_it() -> bool:
            group = await party.alice.group(key)
            return group.entries > 2

        await eventually(party.alice, knows_of_it)
        await party.alice.send(key, "For what is left")
        await hears(party.bob, key, ["For all of you", "For what is left"])
        assert before not in (await chains_of(party.alice, party.alice, key))


async def test_who_comes_later_reads_from_then_on(tmp_path: Path) -> None:
    async with a_large_party(tmp_path) as party:
        begun = await party.alice.group_new("Walkers", [party.to_bob])
        key = begun.conversation.key
        await is_in(party.bob, key)
        await party.alice.send(key, "Before")
        await hears(party.bob, key, ["Before"])
        await party.alice.group_add(key, [party.to_carol])
        await is_in(party.carol, key)
        await party.alice.send(key, "After")
        await hears(party.carol, key, ["After"])

        async def one_chain() -> bool:
            return len(await chains_of(party.carol, party.alice, key)) == 1

        await eventually(party.carol, one_chain)
        assert await chains_of(party.bob, party.alice, key) == await chains_of(
            party.carol, party.alice, key
        )


async def test_a_key_that_was_lost_is_asked_for_and_what_it_missed_comes(tmp_path: Path) -> None:
    async with a_large_party(tmp_path) as party:
        key = await party.group()
        await party.alice.send(key, "First")
        await hears(party.bob, key, ["First"])
        [chain] = await chains_of(party.bob, party.alice, key)
        # As if the key for what comes next had never come.
        await party.bob._context.write(lambda rows: drop_chain(rows, chain))
        await party.alice.send(key, "Second")
        await hears(party.carol, key, ["First", "Second"])
        for _ in range(20):  # asked and answered without a word to the user
            for each in (party.bob, party.alice):
                assert await each.synchronise(timeout_s=PATIENCE_S)
            if await chains_of(party.bob, party.alice, key):
                break
        assert await chains_of(party.bob, party.alice, key) == [chain]
        assert await said(party.bob, key) == ["First"]
        await party.alice.send(key, "Third")
        await hears(party.bob, key, ["First", "Second", "Third"])


async def test_a_key_is_given_again_to_a_member_alone_and_for_a_tag_that_was_used(
    tmp_path: Path,
) -> None:
    async with a_large_party(tmp_path) as party, party.world.online("mallory") as mallory:
        key = await party.group()
        to_mallory, to_alice = await introduce(party.alice, mallory)
        await party.alice.send(key, "Hello")
        await hears(party.bob, key, ["Hello"])
        group_id, own = bytes.fromhex(key), party.alice._services.running().own
        [row] = await party.alice._context.read(
            lambda rows: stored_chains(rows, group_id, own.device_id)
        )
        chain = sender_keys.stored_sender(row.secret, id=row.chain, group=group_id, number=0)
        used = tag(kdf.sender_tags(chain.tags, chain.id), 0)

        def asks(rows: Rows, who: bytes, device: bytes, about: bytes) -> int:
            changes, whom = Changes(), contact(rows, who)
            assert whom is not None
            lost_keys.answer(
                rows,
                changes,
                own,
                whom,
                group_id=group_id,
                device_id=device,
                asked=SenderKeyAsk(tag=about),
                randomness=SystemRandomness(),
                now_ms=1,
            )
            return int(changes.is_outbox_due)

        bob = party.bob._services.running().own
        theirs = mallory._services.running().own
        for who, about, answers in ((theirs, used, 0), (bob, bytes(16), 0), (bob, used, 1)):
            found = await party.alice._context.write(
                lambda rows, w=who, a=about: asks(rows, w.account_id, w.device_id, a)
            )
            assert found == answers
        assert to_mallory
        assert to_alice
