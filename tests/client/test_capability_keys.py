"""A capability key writes into one conversation; what it writes is its owner's on both sides."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from restante.client.capability_keys.sending import named_message, read_secret, send_by_key
from restante.errors import UserError
from restante.protocol.codec import encode
from restante.protocol.grant import Grant, GrantReader, GrantSecret
from tests.client.linked import a_new_device, link
from tests.client.two_people import becomes, two_people
from tests.client.world import a_world, eventually, introduce, reaches, shows
from tests.processes import PATIENCE_S, clean_environment, start

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.client.interface import NewKey


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


async def a_key(
    alice: LocalEngine, to_bob: str, bob: LocalEngine, to_alice: str, *, name: str | None = None
) -> NewKey:
    """Bob answers Alice, who makes a key that may write to him."""
    await reaches(bob, await bob.send(to_alice, "hi"), "delivered")
    await shows(alice, to_bob, ["hi"])
    return await alice.key_new(to_bob, messages=5, until=in_days(1), name=name)


async def say(secret: str, text: str) -> bytes:
    """Send a text by a key, under a name of its own: however often, it is one message."""
    read = read_secret(secret)
    message_id = named_message(read, text)
    await send_by_key(read, text, message_id=message_id, now_ms=int(time.time() * 1000))
    return message_id


async def test_what_a_key_sends_is_acknowledged_to_its_owner_until_it_is_revoked(
    tmp_path: Path,
) -> None:
    async with two_people(tmp_path) as two:
        made = await a_key(two.alice, two.to_bob, two.bob, two.to_alice, name="build server")
        assert (made.device.name, made.device.is_key) == ("build server", True)
        for _ in range(2):  # a retry of the script's, shown and counted once
            message_id = await say(made.secret, "The build is red.")
        await shows(two.bob, two.to_alice, ["hi", "The build is red."])
        await shows(two.alice, two.to_bob, ["hi", "The build is red."])
        got = await two.bob.message(message_id.hex())
        mine = await two.alice.message(message_id.hex())
        assert (got.sender.is_me, got.sender.device) == (False, made.device.id)
        assert mine.sender.is_me
        await becomes(two.alice, mine, lambda it: it.state == "delivered")
        (key,) = [each for each in await two.alice.devices() if each.is_key]
        assert key.grant is not None
        assert (key.grant.used, key.grant.messages) == (1, 5)
        assert not any(each.is_key for each in await two.alice.device_revoke(made.device.id))
        with pytest.raises(UserError, match="revoked"):
            await say(made.secret, "Still here?")


async def test_all_devices_of_both_show_what_a_key_sends(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
        a_new_device(world, "tablet") as tablet,
    ):
        await link(bob, laptop)
        await link(alice, tablet)
        to_bob, to_alice = await introduce(alice, bob)
        made = await a_key(alice, to_bob, bob, to_alice)
        with pytest.raises(UserError, match="first device"):
            await tablet.key_new(to_bob, messages=1, until=in_days(1))
        for messages, until in ((0, in_days(1)), (5, in_days(-1)), (5, in_days(400)), (5, "soon")):
            with pytest.raises(UserError):
                await alice.key_new(to_bob, messages=messages, until=until)
        await say(made.secret, "To all of you.")
        for engine, key in ((alice, to_bob), (bob, to_alice), (laptop, to_alice), (tablet, to_bob)):
            await shows(engine, key, ["hi", "To all of you."])


async def test_a_key_goes_along_when_its_owner_moves_also_for_who_was_away(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            made = await a_key(alice, to_bob, bob, to_alice)
        await alice.account_move(address=world.address("alicia"), invite=None)
        await say(made.secret, "From where she went.")
        await shows(alice, to_bob, ["hi", "From where she went."])
        async with world.online("bob") as bob:
            await shows(bob, to_alice, ["hi", "From where she went.", "[notice]"])


async def test_a_key_for_a_group_writes_there_to_all_who_are_in_it(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
        world.online("carol") as carol,
    ):
        to_bob, _ = await introduce(alice, bob)
        to_carol, _ = await introduce(alice, carol)
        group = (await alice.group_new("ops", [to_bob, to_carol])).conversation.key
        for each in (bob, carol):
            await eventually(each, partial(is_in, each, group))
        made = await alice.key_new(group, messages=2, until=in_days(1), name="build server")
        assert made.device.grant is not None
        assert made.device.grant.to == "ops"
        await say(made.secret, "The build is red.")
        for each in (alice, bob, carol):
            await texts(each, group, ["The build is red."])
        # Bob and Carol are no contacts of each other; what Alice's key says is hers for both.
        assert (await carol.messages(group, start=0, count=50))[-1].sender.name
        await say(made.secret, "It is green.")
        await say(made.secret, "Is anybody there?")  # more than it may
        await alice.group_remove(group, [to_carol])
        await texts(bob, group, ["The build is red.", "It is green."])

        async def is_withdrawn() -> bool:
            return not any(each.is_key for each in await alice.devices())

        await eventually(alice, is_withdrawn)
        assert await alice.synchronise(timeout_s=60)

        async def is_refused() -> bool:
            try:
                await say(made.secret, "Carol must not read this.")
            except UserError as error:
                return "revoked" in str(error)
            return False

        await eventually(alice, is_refused)
        await texts(carol, group, ["The build is red.", "It is green."])


async def is_in(engine: LocalEngine, group: str) -> bool:
    try:
        return bool((await engine.group(group)).members)
    except UserError:
        return False


async def texts(engine: LocalEngine, group: str, expected: list[str]) -> None:
    """Wait until a group shows these texts; what it says of itself is left out."""

    async def look() -> bool:
        found = await engine.messages(group, start=0, count=50)
        return [each.body for each in found if each.kind == "text"] == expected

    await eventually(engine, look)


def a_secret(address: str) -> str:
    """Make the secret of a key whose owner and reader are said to be at an address."""
    grant = Grant(
        version=1,
        conversation=os.urandom(16),
        messages=1,
        until_s=int(time.time()) + 3600,
        salt=os.urandom(16),
    )
    somebody = GrantReader(
        address=address, account=os.urandom(16), generation=0, sequence=1, token=None
    )
    return GrantSecret(
        version=1,
        signing_seed=os.urandom(32),
        identity_secret=os.urandom(32),
        owner=somebody,
        grant=encode(grant),
        readers=[somebody],
        label="ops",
    ).to_text()


def test_ctrl_c_ends_what_a_key_sends_to_a_silent_relay_with_130_and_no_word() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(PATIENCE_S)
        secret = a_secret(f"bob@127.0.0.1:{silent.getsockname()[1]}")
        process = start(
            *("restante", "send", "ops", "are you there?"),
            env=clean_environment(RESTANTE_GRANT=secret),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with silent.accept()[0]:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out, err) == (130, b"", b"")
