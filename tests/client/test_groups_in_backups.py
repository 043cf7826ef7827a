"""Groups in backups: a restored device is in them again; what is in no backup of them."""

from __future__ import annotations

import random
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from restante.client.backing_up.reading import read_items, read_through
from restante.errors import UserError
from restante.protocol.backup import (
    BackupGroup,
    BackupGroupEntry,
    BackupManifest,
    BackupMember,
)
from restante.protocol.group import ActKind, SignedEntry
from restante.protocol.history_part import pack_item
from restante.store.client_groups import entries, members
from tests.client.kits import an_empty_profile, confirm_kit
from tests.client.made_backups import nobody
from tests.client.made_pictures import a_picture, encoded
from tests.client.party import hears, is_in, is_noticed
from tests.client.world import (
    QUICK,
    a_world,
    connected,
    eventually,
    introduce,
    reaches,
    shows,
)
from tests.rounds import rounds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.client.interface import BackupMade
    from restante.crypto.keys import BackupKey
    from tests.client.world import World


@asynccontextmanager
async def three(world: World) -> AsyncIterator[tuple[LocalEngine, LocalEngine, LocalEngine, str]]:
    """Alice's group with Bob and Carol, who don't know each other."""
    async with (
        world.online("alice") as alice,
        world.online("carol") as carol,
        world.online("bob") as bob,
    ):
        to_bob, _ = await introduce(alice, bob)
        to_carol, _ = await introduce(alice, carol)
        begun = await alice.group_new("Walkers", [to_bob, to_carol])
        key = begun.conversation.key
        for each in (bob, carol):
            await is_in(each, key, members=3)
        yield alice, carol, bob, key


async def backed_up(engine: LocalEngine, path: Path) -> BackupMade:
    """Make a backup, and prove that it restores."""
    made = await engine.backup_create(str(path))
    assert made.left_out == 0
    checked = await engine.backup_verify(str(path))
    assert checked.messages == made.messages
    return made


@pytest.mark.parametrize("most_pairwise", [32, 1], ids=["small", "large"])
async def test_a_restored_device_reads_and_writes_in_its_groups(
    tmp_path: Path, most_pairwise: int
) -> None:
    """Bob's: of the two others he knows one only from the group, and she knows him only so."""
    tuning = replace(QUICK, most_pairwise=most_pairwise)
    file, lost = tmp_path / "bob.backup", tmp_path / "the-lost-machine"
    async with a_world(tmp_path) as world:  # noqa: SIM117  # three people, of whom one goes
        async with (
            world.online("alice", tuning=tuning) as alice,
            world.online("carol", tuning=tuning) as carol,
        ):
            async with world.online("bob", tuning=tuning) as bob:
                to_bob, _ = await introduce(alice, bob)
                to_carol, _ = await introduce(alice, carol)
                begun = await alice.group_new("Walkers", [to_bob, to_carol])
                key = begun.conversation.key
                await is_in(bob, key, members=3)
                await is_in(carol, key, members=3)
                await bob.send(key, "before")
                await carol.send(key, "me too")
                for each in (alice, bob, carol):
                    await has(each, key, "before", "me too")
                kit = " ".join(await confirm_kit(bob))
                made = await backed_up(bob, file)
                words = " ".join(made.words or [])
            world.profile("bob").rename(lost)
            # The group goes on without him.
            await alice.group_set(key, name="Hikers")
            await alice.group_role(key, to_carol, "admin")
            await is_called(carol, key, "Hikers")
            async with an_empty_profile(world.profile("bob"), tuning=tuning) as bob:
                await bob.backup_restore(str(file), words=words, kit=kit)
                await connected(bob)
                shown = await is_in(bob, key, members=3)
                assert {each.role for each in shown.members} >= {"owner", "member"}
                await has(bob, key, "before", "me too")
                await is_called(bob, key, "Hikers")  # asked for, for nobody has written since
                await bob.send(key, "it's me")
                for each in (alice, carol):
                    await has(each, key, "before", "me too", "it's me")
                await alice.send(key, "welcome back")
                await carol.send(key, "who are you?")
                for each in (alice, bob, carol):
                    await has(each, key, "it's me", "welcome back", "who are you?")
                # The log names the list with the new device alone: of the lost one nothing counts.
                for each in (alice, bob, carol):
                    await eventually(each, partial(tells_of_devices, each, bob, key))
                # Again: nothing changes. And the next backup restores as well.
                await bob.backup_restore(str(file))
                assert (await bob.group(key)).conversation.title == "Hikers"
                await backed_up(bob, tmp_path / "bob.2")


async def test_a_restored_device_hears_that_it_was_removed_meanwhile_and_nothing_after(
    tmp_path: Path,
) -> None:
    file = tmp_path / "bob.backup"
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            key = (await alice.group_new("Walkers", [to_bob])).conversation.key
            await is_in(bob, key, members=2)
            kit = " ".join(await confirm_kit(bob))
            words = " ".join((await backed_up(bob, file)).words or [])
        world.profile("bob").rename(tmp_path / "the-lost-machine")
        await alice.group_set(key, name="Hikers")
        await alice.group_remove(key, [to_bob])
        until_then = await log_of(alice, key)
        await alice.group_set(key, name="Without Bob")
        async with an_empty_profile(world.profile("bob")) as bob:
            await bob.backup_restore(str(file), words=words, kit=kit)
            await is_noticed(bob, key, "removed you")
            with pytest.raises(UserError, match="not in"):
                await bob.send(key, "Anybody there?")
            # What came after the removal is on its way to nobody: what is said later overtakes it.
            await reaches(alice, await alice.send(to_bob, "Sorry!"), "delivered")
            await shows(bob, to_alice, ["Sorry!"])
            told = await log_of(bob, key)
            assert until_then <= told
            assert len(told - until_then) == 1  # Bob's own, of before he knew
            assert (await bob.group(key)).conversation.title == "Hikers"


async def has(engine: LocalEngine, key: str, *texts: str) -> None:
    """Wait until these texts are in a group, each once."""

    async def look() -> bool:
        found = [each.body for each in await engine.messages(key, start=0, count=512)]
        return all(found.count(text) == 1 for text in texts)

    await eventually(engine, look, patience_s=60)


async def is_called(engine: LocalEngine, key: str, name: str) -> None:
    """Wait until a group has a name."""

    async def look() -> bool:
        return (await engine.group(key)).conversation.title == name

    await eventually(engine, look, patience_s=60)


async def log_of(engine: LocalEngine, key: str) -> set[bytes]:
    found = await engine._context.read(lambda rows: entries(rows, bytes.fromhex(key)))
    return {each.hash for each in found}


async def tells_of_devices(engine: LocalEngine, bob: LocalEngine, key: str) -> bool:
    """Whether a log says what Bob's does, and that his list of devices is another."""
    said = await acts_in(engine, key)
    return ActKind.DEVICES in said and said == await acts_in(bob, key)


async def acts_in(engine: LocalEngine, key: str) -> list[int]:
    """The kinds of all that a group's log says, sorted."""
    found = await engine._context.read(lambda rows: entries(rows, bytes.fromhex(key)))
    bodies = [SignedEntry(body=each.body, signature=each.signature).entry() for each in found]
    return sorted(act.kind for body in bodies for act in body.acts)


async def test_a_backup_has_a_groups_log_and_no_key_of_it(tmp_path: Path) -> None:
    file = tmp_path / "bob.backup"
    async with a_world(tmp_path) as world, three(world) as (alice, _, bob, key):
        await bob.send(key, "kept")
        await hears(alice, key, ["kept"])
        await alice.group_invite(key)
        (tmp_path / "sea.png").write_bytes(encoded(a_picture(40, 20), "PNG"))
        await alice.group_set(key, description="On Sundays", picture=str(tmp_path / "sea.png"))
        town = await alice.group_new("Town", [], space=True)
        await alice.space_add(town.conversation.key, "square", category="Places")
        await backed_up(alice, tmp_path / "alice.backup")
        wanted = await log_of(alice, key)

        async def is_whole() -> bool:
            return await log_of(bob, key) == wanted

        await eventually(bob, is_whole)
        await backed_up(bob, file)
        backup_key = await bob._doors.backups.key(None)
        items = [item for _, item in read_items(file, backup_key)]
        kinds = [type(each) for each in items]
        assert kinds.count(BackupGroupEntry) == len(wanted)
        assert kinds.count(BackupGroup) == 1
        assert kinds.count(BackupManifest) >= 1
        assert kinds.count(BackupMember) == 1  # Carol; Alice is a contact
        assert kinds.index(BackupGroup) > max(
            at for at, kind in enumerate(kinds) if kind is BackupGroupEntry
        )
        packed = b"".join(map(pack_item, items))
        await bob.backup_verify(str(file))
        own = await bob._context.read(lambda rows: members(rows, bytes.fromhex(key)))
        assert len(own) == 3
        # What a member is said to be is compared, too: a row that doesn't follow is found out.
        await bob._context.write(
            lambda rows: rows._connection.execute("UPDATE group_members SET role = 4").rowcount
        )
        await bob.backup_create(str(tmp_path / "wrong"))
        with pytest.raises(UserError, match="a group of it does not restore"):
            await bob.backup_verify(str(tmp_path / "wrong"))
        every_flipped_byte_fails(file, backup_key, packed)


def every_flipped_byte_fails(file: Path, key: BackupKey, packed: bytes) -> None:
    """A small backup with a group, one byte changed at a time."""
    chance, size = random.Random(37), file.stat().st_size
    assert len(packed) > 1000
    with file.open("r+b", buffering=0) as changed:
        for at in sorted({*range(0, size, rounds(size // 64, 1)), size - 1}):
            changed.seek(at)
            before = changed.read(1)
            changed.seek(at)
            changed.write(bytes([before[0] ^ (1 << chance.randrange(8))]))
            with pytest.raises(UserError):
                read_through(file, key, nobody)
            changed.seek(at)
            changed.write(before)
