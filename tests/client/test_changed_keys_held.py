"""A changed key that nobody has decided about: no look-up, request or card ends the pause."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from restante.client.changes import Changes
from restante.client.interface import ContactState, Trust
from restante.client.lifecycle.key_changes import note_changed, note_forked, proposed
from restante.errors import ExitCode, UserError
from restante.store.client_contacts import contact
from tests.client.names_given_away import give_name_away, two_messages_paused, until_paused
from tests.client.world import a_world, connected, eventually, introduce, reaches

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.client.interface import Message
    from restante.store.client_rows import Rows


@asynccontextmanager
async def refused(
    alice: LocalEngine, not_bob: LocalEngine, to_bob: str, paused: list[Message], *, sentence: str
) -> AsyncIterator[None]:
    """What happens inside is refused (4), and leaves all as it was."""
    heard = await not_bob.conversations()
    with pytest.raises(UserError, match=sentence) as error:
        yield
    assert error.value.exit_code is ExitCode.UNTRUSTED
    known = next(each for each in await alice.contacts() if each.key == to_bob)
    assert (known.trust, known.petname) == (Trust.CHANGED, "Bob")
    for message in paused:
        now = await alice.message(message.id)
        assert (now.state, now.conversation) == ("queued", to_bob)
        assert "Paused" in str(now.error)
    assert [each.key for each in await not_bob.conversations()] == [each.key for each in heard]


async def test_neither_the_address_nor_a_card_gives_the_place_of_a_paused_contact(
    tmp_path: Path,
) -> None:
    async with two_messages_paused(tmp_path) as (alice, not_bob, to_bob, paused):
        address = next(each.address for each in await alice.contacts() if each.key == to_bob)
        async with refused(alice, not_bob, to_bob, paused, sentence="contact code"):
            await alice.contact_add(address)

        def impostor(rows: Rows) -> bytes:
            known = contact(rows, bytes.fromhex(to_bob))
            assert known is not None
            shown = proposed(rows, known)
            assert shown is not None
            return shown.account_id

        who = await alice._context.read(impostor)
        async with refused(alice, not_bob, to_bob, paused, sentence="contact code"):
            await alice._grammar().sharing._contacts.add(address, petname=None, account_id=who)
        decided = await alice.contact_add(await not_bob.contact_code())
        assert (decided.trust, decided.petname) == (Trust.VERIFIED, "Bob")
        for message in paused:
            assert (await reaches(alice, message, "delivered")).conversation == decided.key
        assert (await alice.contact_add(address)).trust is Trust.VERIFIED


async def test_the_request_of_whoever_has_the_address_now_does_not_give_it_either(
    tmp_path: Path,
) -> None:
    async with two_messages_paused(tmp_path) as (alice, not_bob, to_bob, paused):
        alices = await not_bob.contact_add(await alice.contact_code())
        await not_bob.send(alices.key, "It's me, Bob. New phone.")

        async def request() -> str | None:
            found = await alice.conversations()
            keys = [each.key for each in found if each.contact is ContactState.REQUEST]
            return keys[0] if keys else None

        key = await eventually(alice, request)
        assert key is not None
        for accept in (alice.contact_accept, alice.accept_key):
            async with refused(alice, not_bob, to_bob, paused, sentence="contact code"):
                await accept(key)
        accepted = await alice.accept_key(to_bob)  # that is the decision
        assert (accepted.key, accepted.petname) == (key, "Bob")
        for message in paused:
            assert (await reaches(alice, message, "delivered")).conversation == key


async def test_somebody_known_from_elsewhere_does_not_go_on_in_a_verified_place(
    tmp_path: Path,
) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
        world.online("mallory") as mallory,
    ):
        to_bob, _ = await introduce(alice, bob)
        await alice.contact_add(world.address("mallory"))
        head = mallory._services.own.manifest

        def shown_as_bob(rows: Rows) -> None:
            row = contact(rows, bytes.fromhex(to_bob))
            assert row is not None
            now = note_changed(
                rows, Changes(), row, head, own_account=alice._services.own.account_id, now_ms=1
            )
            assert now.trust == Trust.CHANGED

        await alice._context.write(shown_as_bob)
        with pytest.raises(UserError, match="Nothing is sent"):
            await alice.send(to_bob, "for Bob")
        with pytest.raises(UserError, match="whom you know as"):
            await alice.accept_key(to_bob)
        with pytest.raises(UserError, match="Nothing is sent"):
            await alice.send(to_bob, "for Bob")


async def test_a_fork_is_not_ended_by_adding_the_address_again(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, _ = await introduce(alice, bob)
        await alice.contact_rename(to_bob, "Bob")
        await alice._context.write(lambda rows: fork(rows, to_bob))
        for again in (alice.contact_add(world.address("bob")), alice.contact_accept(to_bob)):
            async with refused(alice, bob, to_bob, [], sentence="Paused"):
                await again
        number = await alice.safety_number(to_bob)
        assert (await alice.compare_safety_number(to_bob, number.payload)).trust is Trust.VERIFIED
        await reaches(alice, await alice.send(to_bob, "go on"), "delivered")


async def test_a_number_that_was_read_before_the_key_changed_verifies_nothing(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, _ = await introduce(alice, bob)
            await alice.contact_rename(to_bob, "Bob")
            await reaches(alice, await alice.send(to_bob, "begin"), "delivered")
        with pytest.raises(UserError, match="Look at the number first"):
            await alice.set_verified(to_bob, verified=True)
        read = await alice.safety_number(to_bob, printed=True)
        await give_name_away(world, "bob")
        async with world.online("bob") as not_bob:
            paused = [await until_paused(alice, await alice.send(to_bob, "one"))]
            for digits in (read.payload, read.digits, None):
                async with refused(alice, not_bob, to_bob, paused, sentence="another number"):
                    await alice.set_verified(to_bob, verified=True, digits=digits)
            async with refused(alice, not_bob, to_bob, paused, sentence="not the number"):
                await alice.compare_safety_number(to_bob, read.payload)
            await alice.safety_number(to_bob, printed=True)
            decided = await alice.set_verified(to_bob, verified=True)
            assert (decided.trust, decided.petname) == (Trust.VERIFIED, "Bob")
            await reaches(alice, paused[0], "relayed")


async def test_the_number_of_one_who_was_followed_is_not_that_of_who_was_there(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob = (await alice.contact_add(world.address("bob"), petname="Bob")).key
            await connected(bob)
        read = (await alice.safety_number(to_bob)).payload
        await give_name_away(world, "bob")
        async with world.online("bob"):
            sent = await reaches(alice, await alice.send(to_bob, "hello"), "relayed")
            assert await alice.resolve("Bob") == sent.conversation != to_bob
            for key in (to_bob, sent.conversation):
                with pytest.raises(UserError, match="another number"):
                    await alice.set_verified(key, verified=True, digits=read)
            assert {each.trust for each in await alice.contacts()} == {
                Trust.CHANGED,
                Trust.UNVERIFIED,
            }


async def test_an_old_conversation_decides_nothing_about_who_goes_on_in_it(tmp_path: Path) -> None:
    async with two_messages_paused(tmp_path) as (alice, _, to_bob, paused):
        goes_on = (await alice.accept_key(to_bob)).key
        await reaches(alice, paused[-1], "relayed")
        await alice._context.write(lambda rows: fork(rows, goes_on))
        with pytest.raises(UserError, match="Paused") as error:
            await alice.accept_key(to_bob)
        assert error.value.exit_code is ExitCode.UNTRUSTED
        known = next(each for each in await alice.contacts() if each.key == goes_on)
        assert known.trust is Trust.CHANGED


def fork(rows: Rows, key: str) -> None:
    """Take note of a second list that a contact has signed."""
    row = contact(rows, bytes.fromhex(key))
    assert row is not None
    note_forked(rows, Changes(), row, now_ms=1)
