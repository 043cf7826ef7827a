"""Files: sealed before they leave, whole when they are shown, gone when their message is."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trio
from msgspec import structs

from restante.client.files.saving import SUFFIX
from restante.client.interface import FileProgress, FileState
from restante.errors import UserError
from restante.store import client_files as store
from tests.client.files_seen import lying, saved, stands
from tests.client.linked import a_new_device, link
from tests.client.relays import GENEROUS
from tests.client.two_people import Two, becomes, two_people
from tests.client.world import PATIENCE_S, TurnedClock, eventually, reaches

if TYPE_CHECKING:
    from restante.client.engine import LocalEngine
    from restante.client.interface import Message

SECRET = b"nobody but the two of us reads this: "


REPORT = SECRET * 4_000 + os.urandom(200_000)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.bin"
    path.write_bytes(REPORT)
    return path


def blobs(two: Two) -> int:
    with two.world.relay.file() as connection:
        count: int = connection.execute("SELECT count(*) FROM blobs").fetchone()[0]
    return count


async def test_a_file_arrives_whole_and_lies_sealed_on_both_sides(
    tmp_path: Path, report: Path
) -> None:
    async with two_people(tmp_path) as two:
        sent = await two.alice.send_file(two.to_bob, path=str(report), caption="as promised")
        assert sent.file is not None
        assert (sent.kind, sent.body) == ("file", "report.bin\nas promised")
        assert sent.file.state is FileState.SENDING
        await reaches(two.alice, sent, "delivered")
        there = await two.arrived(sent)
        assert there.file is not None
        assert there.file.size_bytes == len(REPORT)
        assert there.file.expires_at is not None
        assert there.file.relay.startswith(f"127.0.0.1:{two.world.relay.port}")
        await stands(two.bob, there, FileState.HERE)
        path = await saved(two.bob, there, tmp_path / "downloads")
        assert path.name == "report.bin"
        assert path.read_bytes() == REPORT
        assert path.stat().st_mode & 0o777 == 0o600
        for name in ("alice", "bob"):
            (sealed,) = lying(two, name)
            assert sealed.stat().st_size > len(REPORT)
            assert SECRET not in sealed.read_bytes()
            assert sealed.stat().st_mode & 0o777 == 0o600
        (blob,) = (two.world.directory / "relay").rglob("blobs/*/*")
        assert SECRET not in blob.read_bytes()


async def test_a_file_under_the_same_id_is_one_message(tmp_path: Path, report: Path) -> None:
    async with two_people(tmp_path) as two:
        sent = await two.alice.send_file(two.to_bob, path=str(report), message_id="ab" * 16)
        again = await two.alice.send_file(two.to_bob, path=str(report), message_id="ab" * 16)
        assert again.id == sent.id
        assert len(lying(two, "alice")) == 1
        assert len(await two.alice.files(two.to_bob, start=0, count=9)) == 1


async def test_several_files_and_a_text_between_them_keep_their_order(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        contents = {f"{number}.txt": os.urandom(1000 * number) for number in range(6)}
        for name, content in contents.items():
            path = tmp_path / name
            path.write_bytes(content)
            sent = await two.alice.send_file(two.to_bob, path=str(path))
        await two.alice.send(two.to_bob, "that is all")
        await reaches(two.alice, sent, "delivered")

        async def shown() -> list[str] | None:
            found = await two.bob.messages(two.to_alice, start=0, count=99)
            return [each.body for each in found] if len(found) == 7 else None

        assert await eventually(two.bob, shown) == [*contents, "that is all"]
        for message in await two.bob.files(two.to_alice, start=0, count=99):
            await stands(two.bob, message, FileState.HERE)
            path = await saved(two.bob, message, tmp_path / "downloads")
            assert path.read_bytes() == contents[path.name]


async def test_what_is_handed_in_piece_by_piece_is_a_file_as_well(tmp_path: Path) -> None:
    content = os.urandom(700_000)
    async with two_people(tmp_path) as two:
        handle = await two.alice.file_begin()
        for at in range(0, len(content), 100_000):
            piece = base64.b64encode(content[at : at + 100_000]).decode()
            assert await two.alice.file_add(handle, piece) == at + 100_000
        assert not lying(two, "alice")  # nothing to be found of it, even now
        sent = await two.alice.send_file(two.to_bob, handle=handle, name="dump.sql")
        there = await stands(two.bob, await two.arrived(sent), FileState.HERE)
        path = await saved(two.bob, there, tmp_path / "downloads")
        assert (path.name, path.read_bytes()) == ("dump.sql", content)
        with pytest.raises(UserError, match="Begin again"):
            await two.alice.file_add(handle, "")


async def test_a_text_that_is_too_long_goes_as_a_file(tmp_path: Path) -> None:
    text = "once upon a time " * 5_000
    async with two_people(tmp_path) as two:
        sent = await two.alice.send(two.to_bob, text)
        there = await stands(two.bob, await two.arrived(sent), FileState.HERE)
        assert there.file is not None
        assert there.file.role == "text"
        assert there.file.caption.startswith("once upon a time once")
        path = await saved(two.bob, there, tmp_path / "downloads")
        assert path.read_text() == text


async def test_nothing_that_is_there_is_written_over(tmp_path: Path, report: Path) -> None:
    downloads = tmp_path / "downloads"
    async with two_people(tmp_path) as two:
        sent = await two.alice.send_file(two.to_bob, path=str(report), name="notes.tar.gz")
        there = await stands(two.bob, await two.arrived(sent), FileState.HERE)
        names = [(await saved(two.bob, there, downloads)).name for _ in range(3)]
        assert names == ["notes.tar.gz", "notes (2).tar.gz", "notes (3).tar.gz"]
        assert {path.read_bytes() for path in downloads.iterdir()} == {REPORT}


async def test_a_file_that_somebody_prepared_is_not_saved_into(
    tmp_path: Path, report: Path
) -> None:
    """In a directory that others write to, the name that grows can be there already, open."""
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    async with two_people(tmp_path) as two:
        sent = await two.alice.send_file(two.to_bob, path=str(report))
        there = await stands(two.bob, await two.arrived(sent), FileState.HERE)
        (sealed,) = lying(two, "bob")  # its name is no secret to the same machine
        theirs = downloads / f".report.bin.{sealed.name[:8]}{SUFFIX}"
        theirs.touch(mode=0o666)
        with theirs.open("rb") as watched:
            path = await saved(two.bob, there, downloads)
            assert watched.read() == b""
        assert path.read_bytes() == REPORT
        assert path.stat().st_mode & 0o777 == 0o600
        assert os.listdir(downloads) == ["report.bin"]


async def test_what_was_deleted_for_everybody_is_nowhere_any_more(
    tmp_path: Path, report: Path
) -> None:
    async with two_people(tmp_path) as two:
        sent = await two.alice.send_file(two.to_bob, path=str(report))
        await stands(two.bob, await two.arrived(sent), FileState.HERE)
        await two.alice.delete(sent.id, for_everyone=True)
        await becomes(two.bob, sent, lambda message: message.kind == "deleted")
        await gone(two.alice)
        await gone(two.bob)
        assert not lying(two, "alice")
        assert not lying(two, "bob")
        assert blobs(two) == 0


async def gone(engine: LocalEngine) -> None:
    """Wait until nothing is kept of any file."""
    with trio.fail_after(2 * PATIENCE_S):
        while await engine._context.read(store.file_places):  # noqa: ASYNC110  # nobody is told
            await trio.sleep(0.01)


async def test_what_one_deletes_for_oneself_stays_with_the_other(
    tmp_path: Path, report: Path
) -> None:
    async with two_people(tmp_path) as two:
        sent = await two.alice.send_file(two.to_bob, path=str(report))
        await stands(two.bob, await two.arrived(sent), FileState.HERE)
        await two.alice.delete(sent.id, for_everyone=False)
        await gone(two.alice)
        assert not lying(two, "alice")
        assert blobs(two) == 1  # his other devices may still come for it
        assert len(lying(two, "bob")) == 1


async def test_a_file_goes_with_a_message_that_disappears(tmp_path: Path, report: Path) -> None:
    clock = TurnedClock()
    async with two_people(tmp_path, clock=clock) as two:
        await two.alice.set_timer(two.to_bob, timer_s=3600)
        sent = await two.alice.send_file(two.to_bob, path=str(report))
        await stands(two.bob, await two.arrived(sent), FileState.HERE)
        await two.bob.mark_read(two.to_alice)
        clock.ahead_ms = 3_600_001
        await two.bob.send(two.to_alice, "later")
        await gone(two.bob)
        assert not lying(two, "bob")


async def test_a_file_that_is_taken_back_is_nowhere_and_can_be_sent_again(
    tmp_path: Path, report: Path
) -> None:
    async with two_people(tmp_path) as two:
        await two.world.relay.stop()
        sent = await two.alice.send_file(two.to_bob, path=str(report))
        taken_back = await two.alice.cancel(sent.id)
        assert taken_back.state == "failed"
        await two.world.relay.start()
        await two.alice.retry(sent.id)
        await reaches(two.alice, sent, "delivered")
        await stands(two.bob, await two.arrived(sent), FileState.HERE)


async def test_a_relay_that_has_no_room_says_so_and_the_file_goes_when_there_is(
    tmp_path: Path, report: Path
) -> None:
    limits = structs.replace(GENEROUS, blobs_bytes_per_account=1_000_000)
    async with two_people(tmp_path, limits=limits) as two:
        large = tmp_path / "large"
        large.write_bytes(bytes(800_000))
        first = await two.alice.send_file(two.to_bob, path=str(large))
        await reaches(two.alice, first, "delivered")
        second = await two.alice.send_file(two.to_bob, path=str(report))
        await becomes(two.alice, second, lambda m: m.error is not None and "blobs_bytes" in m.error)
        await two.alice.delete(first.id, for_everyone=True)
        arrived = await reaches(two.alice, second, "delivered")
        assert arrived.error is None


async def test_other_devices_and_later_ones_have_the_file_too(tmp_path: Path, report: Path) -> None:
    async with two_people(tmp_path) as two:
        sent = await two.alice.send_file(two.to_bob, path=str(report))
        await reaches(two.alice, sent, "delivered")
        async with a_new_device(two.world, "alice-laptop") as laptop:
            await link(two.alice, laptop)

            async def came() -> list[Message]:
                return await laptop.files(None, start=0, count=9)

            (found,) = await eventually(laptop, came)
            assert found.id == sent.id
            await laptop.file_fetch(found.id)
            await stands(laptop, found, FileState.HERE)
            path = await saved(laptop, found, tmp_path / "laptop")
            assert path.read_bytes() == REPORT
            new = await two.alice.send_file(two.to_bob, path=str(report))
            await stands(laptop, new, FileState.HERE)


async def test_what_is_large_waits_until_it_is_asked_for(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    film.write_bytes(os.urandom(1_500_000))
    async with two_people(tmp_path) as two:
        sent = await two.alice.send_file(two.to_bob, path=str(film))
        there = await two.arrived(sent)
        await stands(two.bob, there, FileState.OFFERED)
        with pytest.raises(UserError, match="isn't here yet"):
            await saved(two.bob, there, tmp_path / "downloads")
        async with two.bob.subscribe() as events:
            await two.bob.file_fetch(there.id)
            seen = await progress(events)
        assert seen[-1].done_bytes == seen[-1].total_bytes > 1_500_000
        assert {each.message for each in seen} == {there.id}
        await stands(two.bob, there, FileState.HERE)
        (taken,) = await two.bob.storage()
        assert (taken.conversation, taken.count) == (two.to_alice, 1)
        await two.bob.file_drop(there.id)
        assert not await two.bob.storage()
        assert not lying(two, "bob")
        await two.bob.file_fetch(there.id)
        await stands(two.bob, there, FileState.HERE)


async def progress(events: Any) -> list[FileProgress]:
    """Gather what is told of a file, until it is all there."""
    seen: list[FileProgress] = []
    with trio.fail_after(2 * PATIENCE_S):
        while not seen or seen[-1].done_bytes < seen[-1].total_bytes:
            event = await anext(events)
            if isinstance(event, FileProgress):
                seen.append(event)
    return seen


async def test_a_file_that_the_relay_has_no_more_says_so(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    film.write_bytes(os.urandom(1_100_000))
    async with two_people(tmp_path) as two:
        sent = await two.alice.send_file(two.to_bob, path=str(film))
        there = await two.arrived(sent)
        await two.world.relay.stop()
        with two.world.relay.file() as connection:
            connection.execute("DELETE FROM blobs")
        await two.world.relay.start()
        await two.bob.file_fetch(there.id)
        lost = await stands(two.bob, there, FileState.LOST)
        assert lost.file is not None
        assert "Ask for it once more" in (lost.file.error or "")
        # Whoever has it can send it again: the relay is asked what it has of it.
        await two.alice.delete(sent.id, for_everyone=False)


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (lambda path: None, "no such file"),
        (os.mkfifo, "is no file"),
        (lambda path: truncate(path, 5 * 1024**3 + 1), "at most 5 GiB"),
    ],
)
async def test_what_can_not_be_sent_is_one_sentence_and_nothing_is_kept(
    tmp_path: Path, made: Any, sentence: str
) -> None:
    path = tmp_path / "wanted"
    made(path)
    async with two_people(tmp_path) as two:
        with pytest.raises(UserError, match=sentence):
            await two.alice.send_file(two.to_bob, path=str(path))
        assert not await two.alice.files(None, start=0, count=9)
        assert not lying(two, "alice")


def truncate(path: Path, size_bytes: int) -> None:
    with path.open("wb") as file:
        file.truncate(size_bytes)
