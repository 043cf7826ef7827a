"""Making a backup and taking one in, killed at every named point, are simply done again."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from restante.client.interface import FileState
from restante.crypto.randomness import SystemRandomness
from tests.attacks.killing import play
from tests.client.files_seen import stands
from tests.client.kits import an_empty_profile, confirm_kit
from tests.client.made_backups import all_messages
from tests.client.world import a_world, connected, introduce, shows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAKING = ("new_file.written", "new_file.named", "backup.noting", "backup.noted")
TAKING_IN = (
    "backup.filed",
    "restore.filed",
    "restore.file_named",
    "restore.file_kept",
    "restore.kept",
)
RANDOM = SystemRandomness()


async def test_no_file_is_left_whose_words_nobody_was_shown(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        async with world.online("alice") as alice:
            await alice.send(await alice.resolve("self"), "a note")
        for number, point in enumerate(MAKING, 1):
            file = tmp_path / f"{number}.backup"
            await play(world, "alice", kill_at=point, scene="back_up", file=str(file))
            assert file.exists() == (point != "new_file.written")
        async with world.online("alice") as alice:
            # None was told of any words before the last one was noted; none is shown again.
            with pytest.raises(Exception, match="exists already"):
                await alice.backup_create(str(tmp_path / "2.backup"))
            made = await alice.backup_create(str(tmp_path / "1.backup"))
            assert made.number == len(MAKING) + 1
            assert not (tmp_path / ".1.backup.growing").exists(), "what a kill left is gone"
            for number in (1, 2, 3, 4):
                checked = await alice.backup_verify(str(tmp_path / f"{number}.backup"))
                assert checked.messages == 1
            assert len({each.number for each in await alice.backups()}) == 2


async def test_words_that_a_kill_kept_from_being_shown_come_with_the_next_one(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        async with world.online("alice"):
            pass
        first, second = tmp_path / "1.backup", tmp_path / "2.backup"
        await play(world, "alice", kill_at="new_file.named", scene="back_up", file=str(first))
        async with world.online("alice") as alice:
            made = await alice.backup_create(str(second))
            words = " ".join(made.words or [])
            assert (await alice.backup_verify(str(first), words=words)).number == 1


async def test_a_restore_that_was_killed_is_done_again_and_nothing_doubles(
    tmp_path: Path, soak_rounds: Callable[[int, int], int]
) -> None:
    report, file = tmp_path / "report.bin", tmp_path / "a.backup"
    report.write_bytes(RANDOM.random(70_000))
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with world.online("alice") as alice:
            to_alice, to_bob = await introduce(bob, alice)
            for number in range(soak_rounds(3, 40)):
                await bob.send(to_alice, f"number {number}")
            await shows(alice, to_bob, [f"number {n}" for n in range(soak_rounds(3, 40))])
            sent = await alice.send_file(to_bob, path=str(report), caption="the report")
            await stands(alice, sent, FileState.HERE)
            kit = " ".join(await confirm_kit(alice))
            words = " ".join((await alice.backup_create(str(file))).words or [])
            before = [each.id for each in await all_messages(alice, to_bob)]
        job = {"scene": "restore", "file": str(file), "words": words, "kit": kit}
        place = world.profile("new")
        for point in TAKING_IN:
            place.mkdir(exist_ok=True)
            await play(world, "new", kill_at=point, **job)
            async with an_empty_profile(place) as alice:
                await alice.backup_restore(str(file), words=words, kit=kit)
                await connected(alice)
                assert [each.id for each in await all_messages(alice, to_bob)] == before
                await stands(alice, sent, FileState.HERE)
            assert len(list((place / "files").iterdir())) == 1
            shutil.rmtree(place)
