"""A file whose sender and reader are killed at every part and step arrives whole, and once."""

from __future__ import annotations

import json
import os
from pathlib import Path

import trio

from restante.client.interface import FileState
from tests.client.files_seen import saved, stands
from tests.client.world import World, a_world, introduce, reaches
from tests.processes import start

CONTENT = os.urandom(200_000)
"""Four parts: whoever has just begun puts and fetches 64 KiB at a time."""

MESSAGE = "5e" * 16
PATIENCE_S = 60
PARTS = 4


async def test_killed_at_every_part_it_goes_on_where_it_was(tmp_path: Path) -> None:
    film = tmp_path / "film.bin"
    film.write_bytes(CONTENT)
    async with a_world(tmp_path) as world:
        async with world.online("alice") as alice, world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
        send = {"sends": str(film), "to": to_bob, "message": MESSAGE}
        go_on = {"sends": None, "to": None, "message": MESSAGE}
        # Before it was filed nothing was sent: whoever calls sends it again, under the same id.
        assert await run(world, "alice", **send, point="file.sealed") == -9
        make_old(*(world.profile("alice") / "files").iterdir())
        assert await run(world, "alice", **send, point="file.kept") == -9
        await killed_after_each_part(world, "alice", "file.uploading")
        for point in ("file.uploaded", "file.released"):
            assert await run(world, "alice", **go_on, point=point) == -9
        assert await run(world, "alice", **go_on) == 0
        assert await run(world, "bob", **go_on, point="file.fetching") == -9
        await killed_after_each_part(world, "bob", "file.fetching")
        for point in ("file.fetched", "file.here"):
            assert await run(world, "bob", **go_on, point=point) == -9
        async with world.online("bob") as bob:
            (message,) = await bob.messages(to_alice, start=0, count=9)
            await stands(bob, message, FileState.HERE)
            path = await saved(bob, message, tmp_path / "downloads")
            assert path.read_bytes() == CONTENT
        for name in ("alice", "bob"):
            assert len(list((world.profile(name) / "files").iterdir())) == 1


async def test_what_was_taken_back_is_deleted_at_the_relay_after_a_restart(tmp_path: Path) -> None:
    film = tmp_path / "film.bin"
    film.write_bytes(CONTENT)
    async with a_world(tmp_path) as world:
        async with world.online("alice") as alice, world.online("bob") as bob:
            to_bob, _ = await introduce(alice, bob)
        send = {"sends": str(film), "to": to_bob, "message": MESSAGE}
        assert await run(world, "alice", **send, point="file.uploading", hit=2) == -9
        assert blobs_at(world) == 1
        await world.relay.stop()
        async with world.online("alice") as alice:
            taken_back = await alice.cancel(MESSAGE)
            assert taken_back.state == "failed"
        await world.relay.start()
        async with world.online("alice") as alice:
            with trio.fail_after(PATIENCE_S):
                while blobs_at(world):  # noqa: ASYNC110  # nobody is told
                    await trio.sleep(0.02)
            await alice.retry(MESSAGE)
            await reaches(alice, taken_back, "relayed")
            assert blobs_at(world) == 1


def blobs_at(world: World) -> int:
    with world.relay.file() as connection:
        count: int = connection.execute("SELECT count(*) FROM blobs").fetchone()[0]
    return count


def make_old(*paths: Path) -> None:
    """Make files look as if nobody had written to them for an hour."""
    for path in paths:
        os.utime(path, (path.stat().st_atime - 3600, path.stat().st_mtime - 3600))


async def killed_after_each_part(world: World, name: str, point: str) -> None:
    """Kill somebody right after each part but the last; the first pass is what was there before."""
    for _ in range(PARTS - 1):
        killed = await run(world, name, sends=None, to=None, message=MESSAGE, point=point, hit=2)
        assert killed == -9


async def run(
    world: World,
    name: str,
    *,
    sends: str | None,
    to: str | None,
    message: str,
    point: str = "never",
    hit: int = 1,
) -> int:
    job = {
        "directory": str(world.profile(name)),
        "name": name,
        "point": point,
        "hit": hit,
        "sends": sends,
        "to": to,
        "message": message,
    }
    path = world.directory / f"{name}.job"
    path.write_text(json.dumps(job), encoding="utf-8")
    process = start("tests.client.crashing_files", str(path))
    with trio.fail_after(PATIENCE_S):
        return await trio.to_thread.run_sync(process.wait, abandon_on_cancel=True)
