"""Files in backups: they come along, and stand where they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from restante.client.interface import FileState
from restante.crypto.randomness import SystemRandomness
from restante.errors import UserError
from tests.client.backup_folder import names_in
from tests.client.files_seen import stands
from tests.client.kits import an_empty_profile, confirm_kit
from tests.client.world import (
    a_world,
    introduce,
)

RANDOM = SystemRandomness()


async def test_files_come_along_and_stand_where_they_were(tmp_path: Path) -> None:
    report, backup = tmp_path / "report.bin", tmp_path / "a.backup"
    report.write_bytes(RANDOM.random(150_000))
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with world.online("alice") as alice:
            _, to_bob = await introduce(bob, alice)
            sent = await alice.send_file(to_bob, path=str(report), caption="the report")
            await stands(alice, sent, FileState.HERE)
            await alice.set_timer(to_bob, timer_s=3600)
            goes = await alice.send_file(to_bob, path=str(report), caption="not for long")
            await stands(alice, goes, FileState.HERE)
            kit = await confirm_kit(alice)
            made = await alice.backup_create(str(backup))
            assert (made.files, made.disappearing, made.left_out) == (1, 1, 0)
            await alice.backup_verify(str(backup))
            without = await alice.backup_create(f"{backup}.2", files=False)
            assert (without.files, without.messages) == (0, made.messages)
            assert without.size_bytes < made.size_bytes or made.size_bytes == 16 * 65_553 + 56
            # One that is damaged here is found out: the backup of it is no good.
            lie_about(world.profile("alice") / "files")
            damaged = await alice.backup_create(f"{backup}.3")
            assert damaged.files == 1
            with pytest.raises(UserError, match="a file in it isn't"):
                await alice.backup_verify(f"{backup}.3")
        world.profile("alice").rename(tmp_path / "the-lost-machine")
        words = " ".join(made.words or [])
        async with an_empty_profile(world.profile("alice")) as alice:
            await alice.backup_restore(str(backup), words=words, kit=" ".join(kit))
            back = await stands(alice, sent, FileState.HERE)
            assert back.body == sent.body
            saved = await alice.file_save(sent.id, directory=str(tmp_path / "the-lost-machine"))
            assert same(saved, report)
            await alice.backup_restore(str(backup))
            assert len(names_in(world.profile("alice") / "files")) == 1


def same(one: str, other: Path) -> bool:
    return Path(one).read_bytes() == other.read_bytes()


def lie_about(folder: Path) -> None:
    """Change a byte of each file, where a disk would."""
    for path in folder.iterdir():
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
