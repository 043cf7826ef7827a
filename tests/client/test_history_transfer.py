"""A newly linked device gets the history, row by row, while both devices are in use."""

from __future__ import annotations

import dataclasses
import random
from functools import partial
from typing import TYPE_CHECKING, Any

import trio
from msgspec.structs import replace

from restante.client.blob_transfer.pace import Pace
from restante.client.blob_transfer.upload import Upload, Uploader
from restante.client.changes import Changes
from restante.client.history_transfer.announcing import MAX_BLOB_BYTES, note_announced
from restante.client.history_transfer.awaiting import await_history, is_history_awaited
from restante.client.history_transfer.items import message_item
from restante.client.interface import TransferProgress
from restante.crypto.blobs import seal_blob
from restante.crypto.keys import BlobKey
from restante.crypto.randomness import SystemRandomness
from restante.protocol.frames import FetchBlob
from restante.protocol.history_part import (
    DeviceCounter,
    HistoryConversation,
    PartEnds,
    pack_item,
    part_pieces,
)
from restante.protocol.ids import BlobCapability, blob_id
from restante.protocol.sync import SyncHistory
from restante.store.client_messages import message
from restante.store.client_transfer_rows import AFTER_ALL, conversation_keys, messages_before
from restante.store.client_transfers import IN, OUT, transfers
from tests.client.linked import a_new_device, link
from tests.client.made_history import everything, fill
from tests.client.small_parts import SMALL
from tests.client.world import (
    PATIENCE_S,
    TurnedClock,
    World,
    a_world,
    eventually,
    introduce,
    reaches,
    shows,
)
from tests.store.made_rows import made_message

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.store.client_messages import MessageRow


async def read(engine: LocalEngine, work: Any, *args: Any) -> Any:
    return await engine._context.read(lambda rows: work(rows, *args))


async def write(engine: LocalEngine, work: Any, *args: Any, **named: Any) -> Any:
    return await engine._context.write(lambda rows: work(rows, *args, **named))


async def filled(engine: LocalEngine, *, messages: int) -> None:
    own = engine._running().own.account_id
    await write(engine, fill, messages=messages, conversations=5, own=own)


async def over(engine: LocalEngine, direction: str) -> None:
    """Wait until nothing is on its way any more."""

    async def look() -> bool:
        return not await read(engine, transfers, direction) and (
            direction == OUT or not await read(engine, is_history_awaited)
        )

    await eventually(engine, look)


def staged(world: World, name: str) -> list[str]:
    folder = world.profile(name) / "transfers"
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def blobs(world: World) -> int:
    with world.relay.file() as connection:
        count: int = connection.execute("SELECT count(*) FROM blobs").fetchone()[0]
    return count


async def test_a_linked_device_gets_all_that_was_said_before(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob", tuning=SMALL) as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        await bob.contact_rename(to_alice, "Alice of old")
        await alice.send(to_bob, "before the laptop")
        await shows(bob, to_alice, ["before the laptop"])
        await filled(bob, messages=2000)
        async with (
            a_new_device(world, "bob-laptop", tuning=SMALL) as laptop,
            bob.subscribe() as there,
            laptop.subscribe() as here,
        ):
            await link(bob, laptop)
            await alice.send(to_bob, "while it comes")
            for events, direction in ((there, "out"), (here, "in")):
                seen = await progress(events)
                assert seen[-1].direction == direction
                assert seen[-1].done_bytes == seen[-1].total_bytes > 1_000_000
                assert len({each.done_bytes for each in seen}) > 1
            await over(laptop, IN)
            await over(bob, OUT)
            await shows(laptop, to_alice, ["before the laptop", "while it comes"])
            await shows(bob, to_alice, ["before the laptop", "while it comes"])
            await are_equal(laptop, bob, except_for=to_alice)
            assert [each.petname for each in await laptop.contacts()] == ["Alice of old"]
            assert not any(
                each.kind == "gap" for each in await laptop.messages(to_alice, start=0, count=9)
            )
            assert blobs(world) == 0
            assert not staged(world, "bob")
            assert not staged(world, "bob-laptop")


async def progress(events: Any) -> list[TransferProgress]:
    """Gather what is told of a transfer, until it is complete."""
    seen: list[TransferProgress] = []
    with trio.fail_after(PATIENCE_S):
        while not seen or not seen[-1].is_complete:
            event = await anext(events)
            if isinstance(event, TransferProgress):
                seen.append(event)
    return seen


async def are_equal(one: LocalEngine, other: LocalEngine, *, except_for: str) -> None:
    """Compare two histories row by row, but for a conversation in which each received by itself."""
    left = bytes.fromhex(except_for)
    own = one._running().own.account_id
    ours, theirs = await read(one, everything), await read(other, everything)
    for part in ("messages", "gaps", "unread"):
        for key in theirs[part].keys() - {left, own}:
            assert ours[part][key] == theirs[part][key]
    assert ours["marks"] == theirs["marks"]
    assert [row.id for row in ours["messages"][left]] == [
        row.id for row in theirs["messages"][left]
    ]


# ---- what a part may be made of -----------------------------------------------------------------

SECRET = random.Random(1)


class Forger:
    """Another device of the account that announces whatever it likes."""

    def __init__(self, engine: LocalEngine) -> None:
        self._engine = engine
        self._uploader = Uploader(engine._context, engine._running().mailbox, Pace())
        self.own = engine._running().own.account_id
        self.transfer = SECRET.randbytes(16)

    async def put(self, folder: Path, content: bytes, *, key: bytes | None = None) -> SyncHistory:
        """Upload a content and return how it is announced, as part 0."""
        capability, right_key = BlobCapability(SECRET.randbytes(32)), SECRET.randbytes(32)
        blob = blob_id(capability)
        sealed = seal_blob(BlobKey(right_key), content, blob=blob, randomness=SystemRandomness())
        path = folder / blob.hex()
        path.write_bytes(sealed)
        upload = Upload(path=path, blob=blob, size_bytes=len(sealed), ttl_s=3600)
        await self._uploader.upload(upload, told=lambda _: None, troubled=lambda _: None)
        return SyncHistory(
            transfer=self.transfer,
            number=0,
            count=1,
            capability=capability,
            key=key or right_key,
            size_bytes=len(sealed),
        )

    def part(self, number: int, row: MessageRow, *, is_last: bool = False) -> bytes:
        ends = PartEnds(is_last=is_last, messages_so_far=1, messages_in_all=2, left_out=0)
        return b"".join(part_pieces(self.transfer, number, pack_item(message_item(row)), ends))

    async def announce(self, *items: SyncHistory) -> None:
        """Let the engine hear of these, as if another device had sent them."""
        changes = Changes()
        for item in items:
            await write(
                self._engine, note_announced, changes, item, device_id=b"the other device", now_ms=1
            )
        await self._engine._services.tell(changes)


async def test_what_cannot_be_a_part_is_left_out_and_the_rest_is_taken(tmp_path: Path) -> None:
    rows = [made_message(SECRET, rank=number << 16, counter=0) for number in range(8)]
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        await write(bob, await_history, now_ms=bob._context.now_ms())
        forger = Forger(bob)
        parts = [forger.part(number, row, is_last=number == 7) for number, row in enumerate(rows)]
        put = partial(forger.put, tmp_path)
        announced = [
            await put(parts[0]),
            await put(parts[1], key=bytes(32)),
            await put(parts[0]),  # swapped: another part than it says
            await put(parts[3][:-3]),
            await put(parts[4]),
            await put(b"\xff" * 500),
            await put(parts[6]),
            await put(parts[7]),
        ]
        announced = [replace(item, number=number, count=8) for number, item in enumerate(announced)]
        announced[4] = replace(announced[4], size_bytes=10 * 2**30)
        announced[6] = replace(announced[6], capability=bytes(32))  # of no blob
        await forger.announce(*announced)
        await over(bob, IN)
        found = [await read(bob, message, row.id) for row in rows]
        assert [each is not None for each in found] == [True, *[False] * 6, True]
        assert (await bob.status()).history == "incomplete"
        assert not staged(world, "bob")


async def test_a_history_that_has_no_place_is_said_and_goes_on_once_it_has_one(
    tmp_path: Path,
) -> None:
    row = made_message(SECRET, counter=0)
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        await write(bob, await_history, now_ms=bob._context.now_ms())
        forger = Forger(bob)
        announced = await forger.put(tmp_path, forger.part(0, row, is_last=True))
        in_the_way = world.profile("bob") / "transfers"
        in_the_way.touch()
        await forger.announce(announced)

        async def is_said() -> bool:
            return "can't be made" in str((await bob.status()).error)

        await eventually(bob, is_said)
        in_the_way.unlink()
        await over(bob, IN)
        assert await read(bob, message, row.id) is not None


async def test_an_entry_that_cannot_be_read_costs_only_itself(tmp_path: Path) -> None:
    rows = [made_message(SECRET, rank=number << 16, counter=0) for number in range(2)]
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        await write(bob, await_history, now_ms=bob._context.now_ms())
        forger = Forger(bob)
        items = [pack_item(message_item(row)) for row in rows]
        items.insert(1, (3).to_bytes(4, "big") + b"\x93\x63\x00")
        ends = PartEnds(is_last=True, messages_so_far=2, messages_in_all=2, left_out=4)
        part = b"".join(part_pieces(forger.transfer, 0, b"".join(items), ends))
        await forger.announce(await forger.put(tmp_path, part))
        await over(bob, IN)
        assert [await read(bob, message, row.id) is not None for row in rows] == [True, True]
        state = await bob.history_state()
        assert (state.state, state.lost_parts, state.lost_entries) == ("incomplete", 0, 5)


async def test_a_part_larger_than_any_is_not_even_fetched(tmp_path: Path) -> None:
    async with a_world(tmp_path, tapped=True) as world, world.online("bob") as bob:
        await write(bob, await_history, now_ms=bob._context.now_ms())
        forger = Forger(bob)
        for number, size_bytes in enumerate((MAX_BLOB_BYTES + 1, 10 * 2**30, 2**63 - 1)):
            await forger.announce(
                SyncHistory(
                    transfer=forger.transfer,
                    number=number,
                    count=0,
                    capability=SECRET.randbytes(32),
                    key=bytes(32),
                    size_bytes=size_bytes,
                )
            )
        last = replace(
            await forger.put(tmp_path, forger.part(3, made_message(SECRET), is_last=True)),
            number=3,
            count=4,
        )
        await forger.announce(last)
        await over(bob, IN)
        assert world.tap is not None
        asked = {
            frame.capability
            for talk in world.tap.talks
            for frame in talk.by_client
            if isinstance(frame, FetchBlob)
        }
        assert asked == {last.capability}


async def test_a_history_whose_last_part_is_lost_ends_all_the_same(tmp_path: Path) -> None:
    row = made_message(SECRET, counter=0)
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        await write(bob, await_history, now_ms=bob._context.now_ms())
        forger = Forger(bob)
        first = replace(await forger.put(tmp_path, forger.part(0, row)), count=0)
        await forger.announce(first, replace(first, number=1, count=2, capability=bytes(32)))
        await over(bob, IN)
        assert await read(bob, message, row.id) is not None
        assert (await bob.status()).history == "incomplete"


async def test_no_history_is_taken_unless_one_is_awaited(tmp_path: Path) -> None:
    row = made_message(SECRET, counter=0)
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        forger = Forger(bob)
        item = await forger.put(tmp_path, forger.part(0, row, is_last=True))
        await forger.announce(item)
        assert not await read(bob, transfers, IN)
        await write(bob, await_history, now_ms=bob._context.now_ms())
        await forger.announce(*(replace(item, transfer=SECRET.randbytes(16)) for _ in range(9)))
        assert len(await read(bob, transfers, IN)) == 1  # one device sends one history


async def test_a_history_that_never_comes_is_not_awaited_for_ever(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with a_world(tmp_path) as world:
        async with world.online("bob", clock=clock) as bob:
            await write(bob, await_history, now_ms=bob._context.now_ms())
        clock.ahead_ms = 31 * 86_400_000
        async with world.online("bob", clock=clock) as bob:
            await over(bob, IN)
            assert (await bob.status()).history == "incomplete"


async def test_a_device_that_is_revoked_gets_no_more_of_it(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("bob", tuning=SMALL) as bob:
        await filled(bob, messages=300)
        async with a_new_device(world, "bob-laptop", tuning=SMALL) as laptop:
            await link(bob, laptop)
        await bob.device_revoke((await bob.devices())[1].id)
        await over(bob, OUT)
        assert blobs(world) == 0
        assert not staged(world, "bob")


async def test_what_is_missing_is_shown_and_asked_for_only_once_the_history_has_come(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await write(bob, await_history, now_ms=bob._context.now_ms())
            await reaches(alice, await alice.send(to_bob, "first"), "delivered")
        for text in ("dropped", "from the history", "last"):
            await reaches(alice, await alice.send(to_bob, text), "relayed")
        await world.relay.stop()
        for envelope in world.relay.waiting()[-3:-1]:
            world.relay.drop(envelope)
        await world.relay.start()
        async with world.online("bob") as bob:
            await shows(bob, to_alice, ["first", "last"])
            device = bytes.fromhex((await alice.status()).device or "")
            their_id = bytes.fromhex(to_alice)
            rank = (await read(alice, latest, alice)).rank
            row = made_message(
                SECRET,
                conversation=their_id,
                author=their_id,
                device_id=device,
                counter=3,
                rank=rank - 1,
                text="from the history",
            )
            stale = replace_row(row, kind="gap", counter=0, text="", error="A message is missing.")
            forger = Forger(bob)
            known = HistoryConversation(
                conversation=their_id,
                clock=0,
                highest=[DeviceCounter(device=device, counter=4)],
                missing=[DeviceCounter(device=device, counter=each) for each in (2, 3)],
            )
            items = [message_item(row), message_item(stale), known]
            ends = PartEnds(is_last=True, messages_so_far=1, messages_in_all=1, left_out=0)
            part = b"".join(part_pieces(forger.transfer, 0, b"".join(map(pack_item, items)), ends))
            await forger.announce(await forger.put(tmp_path, part))
            await shows(bob, to_alice, ["first", "dropped", "from the history", "last"])
            assert not await read(bob, is_history_awaited)


def latest(rows: Any, engine: LocalEngine) -> MessageRow:
    """Return the last message that was sent from an engine."""
    own = engine._running().own
    key = next(key for key in conversation_keys(rows) if key != own.account_id)
    found: list[MessageRow] = messages_before(rows, key, AFTER_ALL, 1)
    return found[0]


def replace_row(row: MessageRow, **changed: Any) -> MessageRow:
    """Return another entry at the same rank."""
    entry_id = SECRET.randbytes(16)
    return dataclasses.replace(row, id=entry_id, order_key=row.order_key[:8] + entry_id, **changed)
