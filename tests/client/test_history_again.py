"""What of a history is lost is said, also after a restart, and another device gives it again."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from restante.client.changes import Changes
from restante.client.history_transfer.announcing import note_announced
from restante.client.history_transfer.asking import MAX_PER_HOUR, give_again, give_history
from restante.client.history_transfer.awaiting import await_history
from restante.client.history_transfer.exporting import Stage
from restante.client.history_transfer.losses import note_lost
from restante.crypto.randomness import SystemRandomness
from restante.errors import UserError
from restante.protocol.sync import SyncHistory
from restante.store import failpoints
from restante.store.client_transfers import IN, OUT, parts, transfers
from tests.client.made_history import everything, fill
from tests.client.second_device import a_second_device
from tests.client.small_parts import SMALL
from tests.client.world import World, a_world, connected, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.store.client_rows import Rows


async def read(engine: LocalEngine, work: Any, *args: Any) -> Any:
    return await engine._context.read(lambda rows: work(rows, *args))


async def write(engine: LocalEngine, work: Any, *args: Any, **named: Any) -> Any:
    return await engine._context.write(lambda rows: work(rows, *args, **named))


async def prepare(world: World, bob: LocalEngine, *, messages: int) -> bytes:
    """Give bob a history and a laptop, which awaits it; return the laptop's id."""
    own = bob._running().own.account_id
    await write(bob, fill, messages=messages, conversations=3, own=own)
    await a_second_device(world, bob, "bob-laptop")
    async with world.online("bob-laptop", tuning=SMALL) as laptop:
        await connected(laptop)
        await write(laptop, await_history, now_ms=laptop._context.now_ms())
    return bytes.fromhex(next(each.id for each in await bob.devices() if not each.is_this))


async def give(bob: LocalEngine, laptop_id: bytes) -> None:
    """Begin to give bob's history to the laptop, and wait until all of it is at the relay."""
    changes = Changes()
    await write(
        bob,
        give_history,
        changes,
        device_id=laptop_id,
        randomness=SystemRandomness(),
        now_ms=bob._context.now_ms(),
    )
    await bob._services.tell(changes)

    async def is_uploaded() -> bool:
        (row,) = await read(bob, transfers, OUT)
        found = await read(bob, parts, row.id)
        is_made = row.stage == Stage.DONE
        return is_made and all(each.state == "announced" for each in found)

    await bob.history_take(timeout_s=30)
    await eventually(bob, is_uploaded)
    assert await bob.flush(timeout_s=30)


async def comes_to(engine: LocalEngine, state: str) -> None:
    async def look() -> bool:
        return (await engine.history_state()).state == state

    await eventually(engine, look)


async def test_what_is_lost_is_said_and_given_again(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("bob", tuning=SMALL) as bob:
        laptop_id = await prepare(world, bob, messages=400)
        await give(bob, laptop_id)
        await world.relay.stop()
        with world.relay.file() as connection:
            connection.execute("DELETE FROM blobs WHERE id = (SELECT max(id) FROM blobs)")
        await world.relay.start()
        async with world.online("bob-laptop", tuning=SMALL) as laptop:
            await comes_to(laptop, "incomplete")
        async with world.online("bob-laptop", tuning=SMALL) as laptop:
            await connected(laptop)
            state = await laptop.history_state()
            assert (state.state, state.lost_parts, state.lost_entries) == ("incomplete", 1, 0)
            status = await laptop.status()
            assert (status.history, status.error) == ("incomplete", state.error)
            assert "1 part" in (state.error or "")
            assert "device history --again" in (state.error or "")
            assert [each.history for each in await laptop.devices()] == [None, "incomplete"]
            assert await read(laptop, everything) != await read(bob, everything)
            asked = await laptop.history_ask()
            assert (asked.state, asked.error) == ("coming", None)
            await comes_to(laptop, "whole")
            assert (await laptop.status()).history is None
            ours, theirs = await read(laptop, everything), await read(bob, everything)
            assert ours["messages"] == theirs["messages"]
            assert ours["marks"] == theirs["marks"]


async def test_a_device_that_is_used_now_and_then_takes_in_what_there_is(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        async with world.online("bob", tuning=SMALL) as bob:
            laptop_id = await prepare(world, bob, messages=200)
            await give(bob, laptop_id)
        async with world.online("bob-laptop", tuning=SMALL) as laptop:
            assert await laptop.synchronise(timeout_s=30)
            assert (await laptop.history_take(timeout_s=30)).state == "whole"
        async with world.online("bob", tuning=SMALL) as bob:
            await connected(bob)
            theirs = await read(bob, everything)
        async with world.online("bob-laptop", tuning=SMALL) as laptop:
            assert (await read(laptop, everything))["messages"] == theirs["messages"]


async def test_what_is_lost_can_be_left_at_that(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        async with world.online("bob") as bob:
            await connected(bob)
            await write(bob, note_lost, items=2, parts=1)
        async with world.online("bob") as bob:
            await connected(bob)
            assert "1 part and 2 entries" in ((await bob.status()).error or "")
            with pytest.raises(UserError, match="only device"):
                await bob.history_ask()
            assert (await bob.history_dismiss()).state == "whole"
            assert (await bob.status()).error is None


async def test_nobody_is_asked_but_another_device_of_the_account(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        await a_second_device(world, bob, "bob-laptop")
        this = next(each.id for each in await bob.devices() if each.is_this)
        for wrong, says in ((this, "another device"), ("tower", "no device")):
            with pytest.raises(UserError, match=says):
                await bob.history_ask(device=wrong)
        assert (await bob.history_state()).state == "whole"


async def test_a_history_is_begun_once_for_each_asking_and_not_too_often(tmp_path: Path) -> None:
    other = b"another of ours."
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        await world.relay.stop()
        now_ms = bob._context.now_ms() // 3_600_000 * 3_600_000

        def ask(rows: Rows, transfer: bytes, at_ms: int) -> list[bytes]:
            randomness = SystemRandomness()
            give_again(
                rows,
                Changes(),
                device_id=other,
                transfer=transfer,
                randomness=randomness,
                now_ms=at_ms,
            )
            return [row.id for row in transfers(rows, OUT)]

        for number in range(MAX_PER_HOUR + 1):
            wanted = bytes([number]) * 16
            for _ in range(3):  # the same again
                begun = await write(bob, ask, wanted, now_ms)
            assert begun == [bytes([min(number, MAX_PER_HOUR - 1)]) * 16]
        assert await write(bob, ask, wanted, now_ms + 3_600_000) == [wanted]


async def test_only_the_history_that_was_asked_for_is_taken(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        await write(bob, await_history, transfer=b"asked for it now", now_ms=0)
        for transfer, is_taken in ((b"some other one--", False), (b"asked for it now", True)):
            item = SyncHistory(
                transfer=transfer,
                number=0,
                count=0,
                capability=bytes(32),
                key=bytes(32),
                size_bytes=70_000,
            )
            await write(
                bob, note_announced, Changes(), item, device_id=b"the other device", now_ms=0
            )
            found = [row.id for row in await read(bob, transfers, IN)]
            assert found == [transfer] * is_taken


async def test_a_part_that_was_written_damaged_is_not_uploaded(tmp_path: Path) -> None:
    damaged: list[str] = []

    def damage(folder: Path, point: str) -> None:
        if point == "history.staged" and not damaged:
            (path,) = folder.iterdir()
            damaged.append(path.name)
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 1
            path.write_bytes(content)

    async with a_world(tmp_path) as world, world.online("bob", tuning=SMALL) as bob:
        laptop_id = await prepare(world, bob, messages=200)
        failpoints.observe(partial(damage, world.profile("bob") / "transfers"))
        try:
            async with world.online("bob-laptop", tuning=SMALL) as laptop:
                changes = Changes()
                give_it = partial(give_history, device_id=laptop_id, randomness=SystemRandomness())
                await write(bob, give_it, changes, now_ms=bob._context.now_ms())
                await bob._services.tell(changes)

                async def is_told() -> bool:
                    return "disk" in ((await bob.status()).error or "")

                await eventually(bob, is_told)
                await bob._services.tell(changes)  # what it would do by itself in five minutes
                await comes_to(laptop, "whole")
        finally:
            failpoints.observe(lambda _: None)
        assert damaged
        shutil.rmtree(world.profile("bob") / "transfers")
