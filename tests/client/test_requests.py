"""Strangers and the blocked: what they may leave, what they learn, and when their words count."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restante.client.clock import SystemClock
from restante.client.interface import ContactState, Trust
from restante.client.requests import MAX_REQUESTS, REQUEST_LANE_BYTES
from restante.errors import ExitCode, UserError
from restante.protocol.address import Address
from restante.protocol.code import parse_code
from restante.protocol.ids import Token
from restante.store.client_contacts import contact, contacts, upsert_contact
from tests.client.outsider import a_text, an_outsider
from tests.client.world import (
    World,
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
    from restante.store.client_rows import Rows


async def the_state(engine: LocalEngine, key: str) -> ContactState:
    return next(each.state for each in await engine.contacts() if each.key == key)


async def test_a_stranger_waits_as_a_request_and_gets_no_receipt(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        bobs = await alice.contact_add(world.address("bob"))
        sent = await alice.send(bobs.key, "Hello stranger")
        key = await the_conversation(bob)
        await shows(bob, key, ["Hello stranger"])
        assert await the_state(bob, key) is ContactState.REQUEST
        assert [line.type for line in await bob.consume("tail")] == ["request"]
        await reaches(alice, sent, "relayed")
        assert await bob.synchronise(timeout_s=30)
        assert (await alice.message(sent.id)).state == "relayed"


async def test_an_accepted_stranger_gets_token_and_receipts(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        bobs = await alice.contact_add(world.address("bob"))
        sent = await alice.send(bobs.key, "Hello stranger")
        key = await the_conversation(bob)
        assert (await bob.contact_accept(key)).state is ContactState.ACCEPTED
        await reaches(alice, sent, "delivered")
        assert await the_state(alice, bobs.key) is ContactState.ACCEPTED
        await alice.send(bobs.key, "now as a contact")
        await shows(bob, key, ["Hello stranger", "now as a contact"])
        assert [line.type for line in await bob.consume("tail")] == ["request", "message"]


async def test_an_answer_accepts(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        bobs = await alice.contact_add(world.address("bob"))
        await alice.send(bobs.key, "Hello")
        key = await the_conversation(bob)
        await bob.send(key, "Who is there?")
        await shows(alice, bobs.key, ["Hello", "Who is there?"])
        assert await the_state(bob, key) is ContactState.ACCEPTED


async def test_past_the_request_lane_messages_await_acceptance_and_then_go(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        bobs = await alice.contact_add(world.address("bob"))
        texts = [f"message {number}" for number in range(REQUEST_LANE_BYTES // 16_384 + 2)]
        sent = [await alice.send(bobs.key, text) for text in texts]
        for message in sent[:-2]:
            await reaches(alice, message, "relayed")
        for message in sent[-2:]:
            await reaches(alice, message, "awaiting acceptance")
        assert await alice.synchronise(timeout_s=30), "what awaits acceptance is no failure"
        key = await the_conversation(bob)
        await shows(bob, key, texts[:-2])
        await bob.contact_accept(key)
        await shows(bob, key, texts)
        for message in sent:
            await reaches(alice, message, "delivered")


async def test_who_has_our_code_is_no_stranger(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        bobs = await alice.contact_add(await bob.contact_code())
        sent = await alice.send(bobs.key, "Hello")
        await reaches(alice, sent, "delivered")
        key = await the_conversation(bob)
        assert await the_state(bob, key) is ContactState.ACCEPTED
        assert (await bob.contacts())[0].trust is Trust.UNVERIFIED


async def test_a_stranger_who_finds_no_room_cannot_tell_and_comes_in_later(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
        world.online("carol") as carol,
    ):
        at_carol = await carol.contact_add(world.address("bob"))
        await carol.send(at_carol.key, "first")
        carols = await the_conversation(bob)
        await bob._context.write(lambda rows: fill_up(rows, carols))
        bobs = await alice.contact_add(world.address("bob"))
        await reaches(alice, await alice.send(bobs.key, "one"), "relayed")

        async def is_told() -> bool:
            return "strangers wait" in str((await bob.status()).error)

        await eventually(bob, is_told)
        assert not await knows(bob, world.address("alice"))
        await bob.contact_block(carols)
        assert (await bob.status()).error is None
        await reaches(alice, await alice.send(bobs.key, "two"), "relayed")

        await eventually(bob, lambda: knows(bob, world.address("alice")))


async def knows(engine: LocalEngine, address: str) -> bool:
    return address in [each.address for each in await engine.contacts()]


def fill_up(rows: Rows, key: str) -> None:
    """Have as many requests as there is room for, all like the one that is there."""
    (model,) = [row for row in contacts(rows) if row.account_id.hex() in key]
    for number in range(MAX_REQUESTS - 1):
        upsert_contact(rows, replace(model, account_id=number.to_bytes(16, "big")))


async def test_the_blocked_sees_only_what_an_offline_contact_would_show(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
        world.online("carol") as carol,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        from_carol, to_carol = await introduce(bob, carol)
        sent = await alice.send(to_bob, "before")
        await reaches(alice, sent, "delivered")
        await bob.contact_block(to_alice)
        await bob.synchronise(timeout_s=30)
        after = await alice.send(to_bob, "after the block")
        await reaches(alice, after, "relayed")
        # Something that certainly comes later has come: the blocked message was dealt with.
        assert to_carol
        await carol.send(to_carol, "hello")
        await shows(bob, from_carol, ["hello"])
        assert await bob.synchronise(timeout_s=30)
        assert await bodies(bob, to_alice) == ["before"]
        assert (await alice.message(after.id)).state == "relayed"
        with pytest.raises(UserError, match="blocked"):
            await bob.send(to_alice, "no")


async def test_the_blocked_is_answered_in_all_as_if_they_were_offline(tmp_path: Path) -> None:
    """Messages, changes, signals, keys, codes: Bob is there and has blocked her, Dora is away."""
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        await alice.set_setting("typing", "on")
        await alice.set_setting("presence", "on")
        async with world.online("bob") as bob:
            async with world.online("dora") as dora:
                codes = {"bob": await bob.contact_code(), "dora": await dora.contact_code()}
                to_bob, to_alice = await introduce(alice, bob)
                to_dora, _ = await introduce(alice, dora)
                for engine in (bob, dora):
                    await engine.set_setting("typing", "on")
                    await engine.set_setting("presence", "on")
                first = {
                    name: await reaches(alice, await alice.send(key, "before"), "delivered")
                    for name, key in (("bob", to_bob), ("dora", to_dora))
                }
                assert await alice.synchronise(timeout_s=30)
            await bob.contact_block(to_alice)
            assert await bob.synchronise(timeout_s=30)
            by_blocked = await seen_of(world, alice, "bob", to_bob, first["bob"].id, codes["bob"])
            assert await bob.synchronise(timeout_s=30)
            assert await bodies(bob, to_alice) == ["before"]
            states = [each.state for each in await alice.messages(to_bob, start=0, count=9)]
        away = await seen_of(world, alice, "dora", to_dora, first["dora"].id, codes["dora"])
        assert by_blocked == away
        assert [each.state for each in await alice.messages(to_dora, start=0, count=9)] == states


async def seen_of(
    world: World, alice: LocalEngine, name: str, key: str, first: str, code: str
) -> list[object]:
    """All that Alice sees of somebody when she tries everything."""
    sent = await reaches(alice, await alice.send(key, "are you there?"), "relayed")
    await alice.edit(sent.id, "hello?")
    await alice.react(first, "\N{THUMBS UP SIGN}")
    await alice.typing(key, is_typing=True)
    is_done = await alice.synchronise(timeout_s=30)
    shown = await alice.message(sent.id)
    line = next(each for each in await alice.conversations() if each.key == key)
    directory = alice._services.directory
    address = Address.parse(world.address(name))
    newest = await directory.newest(address)
    row = await alice._context.read(lambda rows: contact(rows, bytes.fromhex(key)))
    assert row is not None
    devices = [each.device_id for each in newest.devices]
    bundles = await directory.bundles(address, devices, Token(row.token or b""))
    held = await directory.by_code(parse_code(code))
    told = await alice.why(sent.id)
    return [
        is_done,
        (shown.state, shown.error, shown.edited),
        (line.is_online, line.seen_at, line.contact, line.trust),
        [(each.one_time is None, each.kem.kind) for each in bundles.values()],
        held.found.moved,
        [each.event for each in told.lines],
        (await alice.status()).outbox_count,
    ]


async def test_the_others_of_a_blocked_ones_bucket_keep_writing_as_contacts(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
        world.online("carol") as carol,
    ):
        code = await bob.contact_code()  # one code, one bucket: both get its token
        at_alice, at_carol = await alice.contact_add(code), await carol.contact_add(code)
        await reaches(alice, await alice.send(at_alice.key, "from alice"), "delivered")
        await reaches(carol, await carol.send(at_carol.key, "from carol"), "delivered")
        alices = await bob.resolve(world.address("alice"))
        carols = await bob.resolve(world.address("carol"))
        await bob.contact_block(alices)
        assert await bob.synchronise(timeout_s=30)
        await reaches(carol, await carol.send(at_carol.key, "still here"), "delivered")
        await shows(bob, carols, ["from carol", "still here"])
        # The code leads to the bucket's new token: who adds it now is no stranger either.
        async with world.online("dora") as dora:
            at_dora = await dora.contact_add(await bob.contact_code())
            await reaches(dora, await dora.send(at_dora.key, "hi"), "delivered")


async def test_a_block_changes_nothing_where_the_code_leads(tmp_path: Path) -> None:
    """Else who was blocked would find another token there, and know that others were told."""
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        code = await bob.contact_code()
        at_bob = await alice.contact_add(code)
        await reaches(alice, await alice.send(at_bob.key, "by your code"), "delivered")
        assert await bob.synchronise(timeout_s=30)
        assert await alice.synchronise(timeout_s=30)
        found = await alice._services.directory.by_code(parse_code(code))
        held = await alice._context.read(lambda rows: [row.token for row in contacts(rows)])
        assert found.token not in held, "each contact has a token of a bucket of its own"
        await bob.contact_block(await bob.resolve(world.address("alice")))
        assert await bob.synchronise(timeout_s=30)
        assert await bob.contact_code() == code
        again = await alice._services.directory.by_code(parse_code(code))
        assert again.token == found.token


async def test_unblocking_is_adding_again(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        await bob.contact_block(to_alice)
        again = await bob.contact_add(await alice.contact_code())
        assert again.state is ContactState.ACCEPTED
        await alice.send(to_bob, "thank you")
        await shows(bob, to_alice, ["thank you"])


async def test_an_impostor_of_a_known_address_is_shown_as_such(tmp_path: Path) -> None:
    """A hello may claim any address; only the relay's word, and a code's pin, say whose it is."""
    now_ms = SystemClock().now_ms()
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        alices = await bob.contact_add(await alice.contact_code())
        bobs = Address.parse(world.address("bob"))
        async with an_outsider(world.address("alice"), now_s=now_ms // 1000) as mallory:
            session = await mallory.begin(bobs, token=None, now_s=now_ms // 1000)
            text = a_text("It's me, Alice. New phone.", now_ms=now_ms)
            sealed = await mallory.seal(session, text, bobs)
            await mallory.deposit(bobs, sealed.envelope)
            key = await _other_conversation(bob, alices.key)
        line = next(each for each in await bob.conversations() if each.key == key)
        assert (line.trust, line.contact) == (Trust.CHANGED, ContactState.REQUEST)
        assert await bob.resolve(world.address("alice")) == alices.key
        with pytest.raises(UserError, match="somebody else") as refused:
            await bob.contact_accept(key)
        assert refused.value.exit_code is ExitCode.UNTRUSTED
        with pytest.raises(UserError, match="has changed"):
            await bob.send(key, "Who are you?")


async def _other_conversation(engine: LocalEngine, known: str) -> str:
    async def look() -> str | None:
        found = [each.key for each in await engine.conversations() if each.key != known]
        return found[0] if found else None

    key = await eventually(engine, look)
    assert key is not None
    return key
