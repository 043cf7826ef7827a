"""Bundles: two people without a relay, and everything exactly once when it is back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from restante.client.bundling.reading import _delivery
from restante.errors import UserError
from restante.protocol.bundle import MAGIC, BundledEnvelope, BundleReader, hint_of
from restante.store.client_account import tokens
from tests.client.two_people import two_people
from tests.client.world import a_world, bodies, connected, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path


def envelopes(file: Path) -> list[BundledEnvelope]:
    reader = BundleReader()
    return list(reader.push(file.read_bytes()))


async def test_two_people_talk_by_files_and_nothing_doubles_when_the_relay_is_back(
    tmp_path: Path,
) -> None:
    first, back = tmp_path / "to-bob", tmp_path / "to-alice"
    async with two_people(tmp_path) as two:
        alice, bob = two.alice, two.bob
        await reaches(alice, await alice.send(two.to_bob, "with a relay"), "delivered")
        await reaches(bob, await bob.send(two.to_alice, "yes"), "delivered")
        await two.world.relay.stop()
        said = [await alice.send(two.to_bob, f"in the hut {n}") for n in range(3)]
        await alice.edit(said[0].id, "in the hut, at last")
        made = await alice.bundle_export(str(first), conversation=two.to_bob)
        assert (made.messages >= 3, made.without_session) == (True, [])
        assert {(await alice.message(each.id)).state for each in said} == {"queued"}
        assert first.stat().st_mode & 0o777 == 0o600
        taken = await bob.bundle_import(str(first))
        assert (taken.known, taken.others, taken.is_whole) == (0, 0, True)
        assert taken.taken == made.envelopes
        expected = ["with a relay", "yes", "in the hut, at last", "in the hut 1", "in the hut 2"]
        await shows(bob, two.to_alice, expected)
        again = await bob.bundle_import(str(first))
        assert (again.taken, again.known) == (0, made.envelopes)
        # Back: an answer, and that they have arrived.
        await bob.mark_read(two.to_alice)
        await bob.send(two.to_alice, "read it by the fire")
        answered = await bob.bundle_export(str(back))
        assert answered.envelopes >= 2
        await alice.bundle_import(str(back))
        for each in said:
            await reaches(alice, each, "read")
        await shows(alice, two.to_bob, [*expected, "read it by the fire"])
        # Written once more, it is the same envelopes; somebody else's are nobody's here.
        second = await alice.bundle_export(str(tmp_path / "again"))
        ids = {each.id for each in envelopes(first)}
        assert ids <= {each.id for each in envelopes(tmp_path / "again")}
        assert second.envelopes >= made.envelopes
        others = await alice.bundle_import(str(first))
        assert (others.taken, others.others) == (0, made.envelopes)
        # The relay is back: all of it goes there as well, and changes nothing.
        await two.world.relay.start()
        for each in (alice, bob):
            await each.retry_now()
            await connected(each)
        for one, key in ((alice, two.to_bob), (bob, two.to_alice)):
            assert await bodies(one, key) == [*expected, "read it by the fire"]
            assert (await one.status()).outbox_count == 0
        await reaches(bob, await bob.send(two.to_alice, "and on"), "delivered")


async def test_what_a_bundle_shows_of_whom_it_is_for(tmp_path: Path) -> None:
    """Neither mailbox nor token, nor that two bundles are for the same person."""
    async with two_people(tmp_path) as two:
        await reaches(two.alice, await two.alice.send(two.to_bob, "x"), "delivered")
        await reaches(two.bob, await two.bob.send(two.to_alice, "y"), "delivered")
        await two.world.relay.stop()
        await two.alice.send(two.to_bob, "the safe is behind the map")
        files = [tmp_path / "one", tmp_path / "two"]
        for file in files:
            await two.alice.bundle_export(str(file))
        own = await two.bob._context.read(tokens)
        bobs = two.bob._running().own
        mailbox = next(each.entry.mailbox for each in bobs.manifest.devices)
        assert mailbox is not None
        shown = [file.read_bytes() for file in files]
        for content in shown:
            assert mailbox not in content
            assert not [each for each in own if each.token in content]
            assert b"behind the map" not in content
        first, second = (envelopes(file)[0] for file in files)
        assert first.id == second.id
        assert first.mailbox_hint != second.mailbox_hint
        assert first.token_hint != second.token_hint


async def test_what_is_no_bundle_or_a_part_of_one_says_so(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        await reaches(two.alice, await two.alice.send(two.to_bob, "x"), "delivered")
        await reaches(two.bob, await two.bob.send(two.to_alice, "y"), "delivered")
        with pytest.raises(UserError, match="Nothing waits"):
            await two.alice.bundle_export(str(tmp_path / "nothing"))
        await two.world.relay.stop()
        for number in range(3):
            await two.alice.send(two.to_bob, f"{number}")
        file, part = tmp_path / "whole", tmp_path / "part"
        await two.alice.bundle_export(str(file))
        with pytest.raises(UserError, match="exists already"):
            await two.alice.bundle_export(str(file))
        part.write_bytes(b"hello")
        with pytest.raises(UserError, match="no bundle"):
            await two.bob.bundle_import(str(part))
        part.write_bytes(b"hello" * 100)
        with pytest.raises(UserError, match="no bundle"):
            await two.bob.bundle_import(str(part))
        with pytest.raises(UserError, match="can't be read"):
            await two.bob.bundle_import(str(tmp_path / "nowhere"))
        content = file.read_bytes()
        part.write_bytes(content[:-100])
        taken = await two.bob.bundle_import(str(part))
        assert (taken.taken, taken.is_whole) == (2, False)
        part.write_bytes(content[: len(MAGIC) + 5_000] + b"\xff" * 9_000)
        with pytest.raises(UserError, match="is damaged"):
            await two.bob.bundle_import(str(part))
        flipped = bytearray(content)
        flipped[-1_000] ^= 1
        part.write_bytes(flipped)
        tampered = await two.bob.bundle_import(str(part))
        assert (tampered.taken, tampered.known, tampered.unopened) == (0, 2, 1)
        await shows(two.bob, two.to_alice, ["x", "y", "0", "1"])
        # Whoever changed it keeps nothing from him: what was sent under that id still comes.
        await two.world.relay.start()
        for each in (two.bob, two.alice):
            await each.retry_now()
            await connected(each)
        await shows(two.bob, two.to_alice, ["x", "y", "0", "1", "2"])


async def test_whom_there_is_no_session_with_is_named(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        world.online("alice") as alice,
    ):
        to_alice, to_bob = await introduce(bob, alice)
        await world.relay.stop()
        await alice.send(to_bob, "hello")
        with pytest.raises(UserError, match="no session with bob@"):
            await alice.bundle_export(str(tmp_path / "x"))
        await world.relay.start()
        await alice.retry_now()
        await connected(alice)
        await shows(bob, to_alice, ["hello"])


async def test_who_has_no_token_of_ours_comes_as_a_stranger(tmp_path: Path) -> None:
    """A file brings nobody past the request lane: its token hint must be one of ours."""
    async with two_people(tmp_path) as two:
        live = [each.token for each in await two.bob._context.read(tokens) if each.is_live]
        nonce, made = b"n" * 16, partial(BundledEnvelope, id=b"i" * 16, payload=bytes(4096))
        hint = hint_of(nonce, b"i" * 16, live[3])
        ours = made(mailbox_hint=bytes(16), token_hint=hint)
        theirs = made(mailbox_hint=bytes(16), token_hint=bytes(16))
        assert (_delivery(ours, nonce, live).lane, _delivery(theirs, nonce, live).lane) == (0, 1)
