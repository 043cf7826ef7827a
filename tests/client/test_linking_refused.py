"""What keeps a device from being linked: each is said on both sides, and leaves nothing behind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest
import trio

from restante.client.changes import Changes
from restante.client.interface import LinkState
from restante.client.linking.own_manifest import change_devices, signing_account
from restante.crypto import own_keys
from restante.crypto.randomness import SystemRandomness
from restante.errors import ExitCode, UserError
from restante.protocol.ids import MailboxId
from restante.protocol.limits import MAX_DEVICES
from restante.store import failpoints
from tests.client.linked import a_new_device, comes_to, digits_of, link
from tests.client.relays import GENEROUS
from tests.client.world import QUICK, World, a_world

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.store.client_rows import Rows

RANDOM = SystemRandomness()
IMPATIENT = replace(QUICK, link_patience_s=3.0)  # each step in it, on a busy machine too


async def code_of(new: LocalEngine, world: World, name: str = "bob") -> str:
    shown = await new.link_begin(address=world.address(name))
    assert shown.code is not None
    return shown.code


async def is_alone(engine: LocalEngine) -> bool:
    return [each.is_this for each in await engine.devices()] == [True]


def other(digits: str) -> str:
    return f"{(int(digits) + 1) % 1_000_000:06}"


async def test_wrong_digits_burn_the_code_and_nothing_is_signed(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
    ):
        code = await code_of(laptop, world)
        await bob.link_open(code)
        digits = await digits_of(laptop)
        for no_guess in ("", "12345", "1234567", "six of them", "١٢٣٤٥٦"):
            with pytest.raises(UserError, match="six digits"):
                await bob.link_confirm(no_guess)
        with pytest.raises(UserError, match="not the digits") as refused:
            await bob.link_confirm(other(digits))
        assert refused.value.exit_code is ExitCode.UNTRUSTED
        assert "worth nothing" in str((await comes_to(laptop, LinkState.FAILED)).error)
        with pytest.raises(UserError, match="No new device waits"):
            await bob.link_confirm(digits)
        with pytest.raises(UserError, match="used already"):
            await bob.link_open(code)
        assert await is_alone(bob)
        assert (await laptop.status()).address is None
        await link(bob, laptop)  # the next code is as good as new
        assert not await is_alone(bob)


async def test_spaces_in_the_digits_are_no_mistake(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
    ):
        await bob.link_open(f"  {await code_of(laptop, world)}\n")
        digits = await digits_of(laptop)
        await bob.link_confirm(f" {digits[:3]} {digits[3:]} ")
        assert await bob.link_confirm(digits) == (await bob.devices())[1]  # asked again: the same
        await comes_to(laptop, LinkState.LINKED)


async def test_ended_on_the_new_device(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
    ):
        code = await code_of(laptop, world)
        await laptop.link_cancel()
        assert "ended here" in str((await comes_to(laptop, LinkState.FAILED)).error)
        with pytest.raises(UserError, match="ended on the new device"):
            await bob.link_open(code)
        await bob.link_open(await code_of(laptop, world))
        digits = await digits_of(laptop)
        await laptop.link_cancel()
        with pytest.raises(UserError, match="ended on the new device"):
            await bob.link_confirm(digits)
        assert await is_alone(bob)


async def test_ended_on_the_old_device(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
    ):
        await bob.link_open(await code_of(laptop, world))
        digits = await digits_of(laptop)
        await bob.link_cancel()
        assert "ended on the other device" in str((await comes_to(laptop, LinkState.FAILED)).error)
        with pytest.raises(UserError, match="No new device waits"):
            await bob.link_confirm(digits)


async def test_ended_on_the_old_device_while_the_digits_are_compared(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
        trio.open_nursery() as nursery,
    ):
        await bob.link_open(await code_of(laptop, world))
        digits = await digits_of(laptop)

        def end_it(point: str) -> None:
            if point == "linking.comparing":
                nursery.start_soon(bob.link_cancel)

        failpoints.observe(end_it)
        try:
            with pytest.raises(UserError, match="ended here"):
                await bob.link_confirm(digits)
        finally:
            failpoints.observe(lambda _: None)
        assert "ended on the other device" in str((await comes_to(laptop, LinkState.FAILED)).error)
        assert await is_alone(bob)


async def test_a_device_that_is_signed_for_is_linked_whoever_ends_it_then(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
        trio.open_nursery() as nursery,
    ):
        await bob.link_open(await code_of(laptop, world))
        digits = await digits_of(laptop)

        def end_it(point: str) -> None:
            if point == "linking.signed":
                nursery.start_soon(bob.link_cancel)

        failpoints.observe(end_it)
        try:
            linked = await bob.link_confirm(digits)
        finally:
            failpoints.observe(lambda _: None)
        await comes_to(laptop, LinkState.LINKED)
        assert linked == (await bob.devices())[1]


async def test_an_expired_code_is_worth_nothing_on_either_side(tmp_path: Path) -> None:
    soon_over = replace(QUICK, link_ttl_s=0.2)
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with a_new_device(world, "laptop", tuning=soon_over) as laptop:
            code = await code_of(laptop, world)
            assert "expired" in str((await comes_to(laptop, LinkState.FAILED)).error)
            with pytest.raises(UserError, match="ended on the new device"):
                await bob.link_open(code)
        async with a_new_device(world, "laptop") as laptop:
            code = await code_of(laptop, world)
            await world.relay.stop()
            with world.relay.file() as connection:
                connection.execute("DELETE FROM slots")  # as the relay does when their time is over
            await world.relay.start()
            with pytest.raises(UserError, match="expired, or was cancelled"):
                await bob.link_open(code)


async def test_a_code_that_was_used_is_used_up(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
    ):
        code = await code_of(laptop, world)
        assert await code_of(laptop, world) == code  # the same linking, as it stands
        opened = await bob.link_open(code)
        assert await bob.link_open(code) == opened
        await bob.link_confirm(await digits_of(laptop))
        with pytest.raises(UserError, match="used already") as refused:
            await bob.link_open(code)
        assert refused.value.exit_code is ExitCode.UNTRUSTED
        assert len(await bob.devices()) == 2


async def test_what_is_no_code_for_this_account_says_so(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
    ):
        code = await code_of(laptop, world, "alice")
        with pytest.raises(UserError, match=r"alice@.* this profile is bob@"):
            await bob.link_open(code)
        elsewhere = code.replace(f"127.0.0.1:{world.relay.port}", "relay.example")
        with pytest.raises(UserError, match=r"alice@relay\.example; this profile is alice@"):
            await alice.link_open(elsewhere)
        with pytest.raises(UserError, match="doesn't link a device"):
            await bob.link_open(await alice.contact_code())
        for damaged in (
            "",
            "hello",
            code[:-1],
            code[:20],
            code.replace("restante:d", "restante:x"),
        ):
            with pytest.raises(UserError):
                await alice.link_open(damaged)
        flipped = code[:12] + ("A" if code[12] != "A" else "B") + code[13:]
        with pytest.raises(UserError, match="doesn't fit it") as forged:
            await alice.link_open(flipped)
        assert forged.value.exit_code is ExitCode.UNTRUSTED
        await alice.link_open(code)  # none of that has spent it


async def test_a_wrong_address_is_said_before_any_code_is_shown(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, a_new_device(world, "laptop") as laptop:
        for wrong, why in (
            ("bob", "@"),
            (world.address("nobody"), "knows nobody"),
            ("bob@127.0.0.1:1", "127.0.0.1:1"),
        ):
            with pytest.raises(UserError, match=why):
                await laptop.link_begin(address=wrong)
        assert await laptop.link_state() is None
        async with world.online("bob") as bob:
            with pytest.raises(UserError, match="already"):
                await bob.link_begin(address=world.address("bob"))
            with pytest.raises(UserError, match="1 to 64"):
                await laptop.link_begin(address=world.address("bob"), name="  ")


async def test_another_address_ends_the_linking_before(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice"),
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
    ):
        first = await code_of(laptop, world, "bob")
        await code_of(laptop, world, "alice")
        with pytest.raises(UserError, match="ended on the new device"):
            await bob.link_open(first)


async def test_a_relay_that_is_lost_midway_is_waited_for(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
    ):
        code = await code_of(laptop, world)
        await world.relay.stop()
        await world.relay.start()
        await bob.link_open(code)
        digits = await digits_of(laptop)
        await world.relay.stop()
        await world.relay.start()
        await bob.link_confirm(digits)
        await comes_to(laptop, LinkState.LINKED)


async def test_a_relay_that_stays_lost_leaves_the_account_as_it_was(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob", tuning=IMPATIENT) as bob,
        a_new_device(world, "laptop") as laptop,
    ):
        code = await code_of(laptop, world)
        await bob.link_open(code)
        digits = await digits_of(laptop)
        await world.relay.stop()
        with pytest.raises(UserError, match="relay was lost, and nothing was linked"):
            await bob.link_confirm(digits)
        assert await is_alone(bob)
        await world.relay.start()


async def test_a_grant_that_cannot_be_handed_over_is_taken_back(tmp_path: Path) -> None:
    no_room = msgspec.structs.replace(GENEROUS, slots=3)  # for the grant, and to say cancelled
    async with (
        a_world(tmp_path, limits=no_room) as world,
        world.online("bob", tuning=IMPATIENT) as bob,
        a_new_device(world, "laptop") as laptop,
    ):
        await bob.link_open(await code_of(laptop, world))
        with pytest.raises(UserError, match="revoked again"):
            await bob.link_confirm(await digits_of(laptop))
        assert await is_alone(bob)
        assert await bob.synchronise(timeout_s=10)
        own = bob._own
        assert own is not None
        assert own.manifest.sequence == 3  # both are signed, and the relay has both
        await laptop.link_cancel()


async def test_a_new_device_that_is_gone_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("bob", tuning=IMPATIENT) as bob:
        async with a_new_device(world, "laptop") as laptop:
            code = await code_of(laptop, world)
        with pytest.raises(UserError, match="doesn't answer any more"):
            await bob.link_open(code)


async def test_no_more_than_thirty_two_devices(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
    ):
        await fill(bob, MAX_DEVICES)
        with pytest.raises(UserError, match="32 devices, and that is the most") as refused:
            await bob.link_open(await code_of(laptop, world))
        assert refused.value.exit_code is ExitCode.LIMITED
        await bob._running().mailbox.published()  # a manifest of 32 fits everywhere


async def fill(engine: LocalEngine, count: int) -> None:
    """Give an account so many devices, all but one of which are nobody's."""

    def work(rows: Rows) -> None:
        own, _ = signing_account(rows)
        listed: Sequence[own_keys.DeviceEntry] = [each.entry for each in own.manifest.devices]
        added = [
            own_keys.device_entry(
                own_keys.generate_device(RANDOM), mailbox=MailboxId(RANDOM.random(16)), now_s=1
            )
            for _ in range(count - len(listed))
        ]
        change_devices(rows, Changes(), [*listed, *added], context=engine._context)

    await engine._context.write(work)
    await engine.reload()


async def test_only_the_first_device_lets_others_in_and_the_others_say_which(
    tmp_path: Path,
) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
        a_new_device(world, "tablet") as tablet,
    ):
        await bob.device_rename((await bob.devices())[0].id, "Desk at home")
        await link(bob, laptop, name="laptop")
        with pytest.raises(UserError, match="that is Desk at home"):
            await laptop.link_open(await code_of(tablet, world))
        with pytest.raises(UserError, match="that is Desk at home"):
            await laptop.device_revoke("laptop")
