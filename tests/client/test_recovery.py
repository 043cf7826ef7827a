"""The recovery kit, and an account that comes back on an empty machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.client.interface import Trust
from restante.errors import ExitCode, UserError
from restante.store.client_account import load_account
from tests.client.kits import an_empty_profile, confirm_kit
from tests.client.moves import at, is_at, two_relays
from tests.client.world import (
    a_world,
    bodies,
    connected,
    eventually,
    introduce,
    reaches,
    shows,
    the_conversation,
)

if TYPE_CHECKING:
    from pathlib import Path


async def test_the_kit_is_confirmed_by_three_words_and_the_secret_is_erased(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        assert (await alice.status()).recovery == "unconfirmed"
        kit = await alice.recovery_kit()
        assert kit.address == world.address("alice")
        assert len(kit.words) == 24
        root = await alice._context.read(load_account)
        assert root is not None
        assert root.root_secret is not None
        with pytest.raises(UserError, match="Ask first"):
            await alice.recovery_confirm(kit.words[:3])
        asked = await alice.recovery_challenge()
        assert len(set(asked)) == 3
        assert all(1 <= place <= 24 for place in asked)
        right = [kit.words[place - 1] for place in asked]
        with pytest.raises(UserError, match=f"Word {asked[1]} "):
            await alice.recovery_confirm(
                [right[0], "zoo" if right[1] != "zoo" else "abandon", right[2]]
            )
        with pytest.raises(
            UserError, match="Ask first"
        ):  # a wrong guess is followed by other words
            await alice.recovery_confirm(right)
        assert (await alice.recovery_kit()).words == kit.words
        asked = await alice.recovery_challenge()
        status = await alice.recovery_confirm([kit.words[place - 1][:4].upper() for place in asked])
        assert status.recovery == "confirmed"
        with pytest.raises(UserError, match="on paper alone"):
            await alice.recovery_kit()
        after = await alice._context.read(load_account)
        assert after is not None
        assert after.root_secret is None
        assert after.account_secret == root.account_secret
        log = world.profile("alice") / "profile.db-wal"
        assert not log.exists() or log.stat().st_size == 0


async def test_an_account_comes_back_and_its_contacts_find_it(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with world.online("alice") as alice:
            to_alice, to_bob = await introduce(bob, alice)
            await reaches(bob, await bob.send(to_alice, "before"), "delivered")
            await shows(alice, to_bob, ["before"])
            words = await confirm_kit(alice)
        world.profile("alice").rename(tmp_path / "the-lost-machine")
        async with an_empty_profile(world.profile("alice")) as alice:
            status = await alice.recover(
                address=world.address("alice"), words="\n".join(words).upper()
            )
            assert (status.address, status.recovery) == (world.address("alice"), "confirmed")
            await connected(alice)
            assert await alice.conversations() == []
            # Bob's device finds the old one gone, asks, and goes on with the new one by itself.
            lost = await bob.send(to_alice, "after")
            await reaches(bob, lost, "relayed")
            assert (await bob.conversations())[0].trust is Trust.VERIFIED
            key = await the_conversation(alice)
            await shows(alice, key, ["after"])
            await alice.contact_accept(key)
            await reaches(bob, lost, "delivered")
            await alice.send(key, "it's me")
            await shows(bob, to_alice, ["before", "after", "it's me"])
            assert await bob.resolve(world.address("alice")) == to_alice
            number = await alice.safety_number(key)
            assert number.digits == (await bob.safety_number(to_alice)).digits


async def test_the_old_devices_learn_that_they_were_superseded(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with world.online("alice") as thief:
            to_alice, to_bob = await introduce(bob, thief)
            await reaches(bob, await bob.send(to_alice, "before"), "delivered")
            words = (await thief.recovery_kit()).words
            async with an_empty_profile(tmp_path / "new") as alice:
                await alice.recover(address=world.address("alice"), words=" ".join(words))

                async def says_so() -> bool:
                    return "recovered" in ((await thief.status()).error or "")

                await eventually(thief, says_so)
                assert await bodies(thief, to_bob) == ["before"]
                with pytest.raises(UserError, match="recovered"):
                    await thief.send(to_bob, "it is still me")
        async with world.online("alice") as thief:
            assert "recovered" in ((await thief.status()).error or "")


@pytest.mark.parametrize("to", ["another relay", "another name", "both, one after the other"])
async def test_the_kits_address_leads_to_where_the_account_has_moved(
    tmp_path: Path, to: str
) -> None:
    async with two_relays(tmp_path) as (world, other), world.online("alice") as thief:
        kit = await thief.recovery_kit()
        stops = {"another relay": [at(other, "alice")], "another name": [world.address("ally")]}
        moves = stops.get(to) or [world.address("ally"), at(other, "alice")]
        for address in moves:
            await thief.account_move(address=address)
            await connected(thief)
        async with an_empty_profile(tmp_path / "new") as alice:
            status = await alice.recover(address=kit.address, words=" ".join(kit.words))
            assert status.address == moves[-1]

            async def says_so() -> bool:
                return "recovered" in ((await thief.status()).error or "")

            await eventually(thief, says_so)
            async with world.online("bob") as bob:
                found = await bob.contact_add(kit.address)
                assert found.address == moves[-1]
                await reaches(bob, await bob.send(found.key, "is it you?"), "relayed")
            await the_conversation(alice)


async def test_nothing_is_recovered_where_the_account_is_no_more(tmp_path: Path) -> None:
    async with (
        two_relays(tmp_path) as (world, other),
        world.online("alice") as alice,
        an_empty_profile(tmp_path / "new") as empty,
    ):
        kit = await alice.recovery_kit()
        words = " ".join(kit.words)
        await alice.account_move(address=at(other, "alice"))
        await connected(alice)
        await other.stop()
        with pytest.raises(UserError, match=r"has moved from .* try again later") as refused:
            await empty.recover(address=kit.address, words=words)
        assert refused.value.exit_code is ExitCode.UNAVAILABLE
        other.forget_everything()
        await other.start()
        async with world.online("bob") as bob:  # somebody else has the name there now
            await bob.account_move(address=at(other, "alice"))
            with pytest.raises(UserError, match="shows another account") as refused:
                await empty.recover(address=kit.address, words=words)
            assert refused.value.exit_code is ExitCode.UNTRUSTED
        assert (await empty.status()).address is None


async def test_it_is_recovered_where_it_was_once_the_relay_after_that_is_gone(
    tmp_path: Path,
) -> None:
    async with two_relays(tmp_path) as (world, other):
        async with world.online("alice") as alice, world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await reaches(bob, await bob.send(to_alice, "one"), "delivered")
            kit = await alice.recovery_kit()
            await alice.account_move(address=at(other, "alice"))
            await connected(alice)
            await is_at(bob, to_alice, at(other, "alice"))
        await other.stop()
        async with an_empty_profile(tmp_path / "new") as alice, world.online("bob") as bob:
            words = " ".join(kit.words)
            with pytest.raises(UserError, match="--stay"):
                await alice.recover(address=kit.address, words=words)
            status = await alice.recover(address=kit.address, words=words, stays=True)
            assert status.address == kit.address
            await connected(alice)
            # He has followed the move, so he takes her code; it is the person whom he knows.
            found = await bob.contact_add(await alice.contact_code())
            assert (found.key, found.address) == (to_alice, kit.address)
            await reaches(bob, await bob.send(to_alice, "two"), "delivered")
            await shows(alice, to_bob, ["two"])


async def test_words_that_are_wrong_or_another_accounts_change_nothing(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
        an_empty_profile(tmp_path / "new") as empty,
    ):
        words = (await alice.recovery_kit()).words
        with pytest.raises(UserError, match="Word 2, 'xyzzy'"):
            await empty.recover(
                address=world.address("alice"), words=" ".join([words[0], "xyzzy", *words[2:]])
            )
        with pytest.raises(UserError, match="23 words"):
            await empty.recover(address=world.address("alice"), words=" ".join(words[:23]))
        with pytest.raises(UserError, match="another account's") as refused:
            await empty.recover(address=world.address("bob"), words=" ".join(words))
        assert refused.value.exit_code is ExitCode.UNTRUSTED
        with pytest.raises(UserError, match="knows nobody"):
            await empty.recover(address=world.address("nobody"), words=" ".join(words))
        assert (await empty.status()).address is None
        with pytest.raises(UserError, match="already"):
            await bob.recover(address=world.address("alice"), words=" ".join(words))
        assert await alice.synchronise(timeout_s=30)  # and Alice's device is still hers
