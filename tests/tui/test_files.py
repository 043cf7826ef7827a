"""Files: what their lines say; sent, fetched and saved by keys, through the engine."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace as changed
from pathlib import Path

import pytest
from msgspec.structs import replace

from restante.client.interface import FileProgress, FileState
from restante.client.tui.file_words import under_way
from restante.client.tui.typed_path import whole
from restante.errors import UserError
from tests.tui.laid_out import lines
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.scripted_files import a_file
from tests.tui.stories import WIDE, Teller, stage, tell
from tests.tui.talks import a_talk, on_the_last, opened


def carried(**changes: object) -> list[str]:
    engine = ScriptedEngine()
    key = engine.person("bob@relay.example", "Bob")
    message = engine.carry(key, replace(a_file("report.pdf"), **changes))  # type: ignore[arg-type]
    return lines(message)[3:]


def test_a_file_says_its_name_its_size_and_where_it_is() -> None:
    offered = " ".join(carried())
    assert offered.startswith("File: report.pdf 1.5 MB · at the relay until")
    assert carried(state=FileState.HERE) == ["File: report.pdf", "1.5 MB · here"]
    failed = carried(state=FileState.FAILED, error="It is damaged.", caption="as promised")
    assert failed == ["File: report.pdf", "1.5 MB · not here", "! It is damaged.", "as promised"]


def test_a_voice_note_shows_how_long_and_how_loud_it_is() -> None:
    shown = carried(duration_s=67.4, waveform=[0, 255, 128, 31], state=FileState.HERE)
    assert shown == ["File: report.pdf", "▁█▅▁", "1:07 · 1.5 MB · here"]
    long = carried(duration_s=3661, waveform=[200] * 128, state=FileState.HERE)
    assert (set(long[1]), len(long[1]) <= 40, long[2][:7]) == ({"▇"}, True, "1:01:01")


def test_nothing_in_it_drives_the_terminal() -> None:
    shown = carried(name="a\x1b[31m.txt", caption="b\x1b]0;t\x07", state=FileState.HERE)
    assert "\x1b" not in "".join(shown)


def test_how_far_one_is_stands_beside_the_connection() -> None:
    event = FileProgress(
        conversation="",
        message="",
        direction="in",
        done_bytes=450,
        total_bytes=1000,
        rate_bytes_s=1,
        left_s=None,
        error=None,
    )
    assert under_way([event]) == "File in 45 %"
    assert under_way([]) == ""
    out = replace(event, direction="out", rate_bytes_s=1_200_000, left_s=75.4, done_bytes=900)
    assert under_way([out]) == "File 90 % 1.2 MB/s 1:15"
    assert under_way([event, out]) == "2 files 67 % 1.2 MB/s 1:15"


async def test_files_under_way_are_told_of_together_until_each_ends() -> None:
    engine, bob = a_talk()
    names = ("one.bin", "two.bin")
    films = [engine.carry(bob, a_file(each, state=FileState.FETCHING)) for each in names]

    def moved(message_id: str, done_bytes: int) -> None:
        engine.tell(
            FileProgress(
                conversation=bob,
                message=message_id,
                direction="in",
                done_bytes=done_bytes,
                total_bytes=1000,
                rate_bytes_s=100,
                left_s=5,
                error=None,
            )
        )

    async def story(t: Teller) -> None:
        await opened(t)
        moved(films[0].id, 200)
        moved(films[1].id, 400)
        await t.until_shown("2 files 30 % 200 B/s 0:05")
        engine._put(*engine._find(films[0].id), file=a_file("one.bin"))
        await t.until_shown("File 40 % 100 B/s 0:05")
        moved(films[1].id, 1000)
        await t.until_gone("File 40")

    await tell(engine, story, size=WIDE)


def test_a_path_is_read_as_it_is_typed() -> None:
    assert whole("~/a b.txt") == str(Path.home() / "a b.txt")
    assert whole("/tmp/x") == "/tmp/x"  # nothing is written
    assert whole("~nobody") == str(Path.cwd() / "~nobody")


async def test_a_file_is_sent_from_the_palette() -> None:
    engine, bob = a_talk()

    async def story(t: Teller) -> None:
        await opened(t)
        t.app._main.action_send_file()
        await t.until_shown("Send a file")
        await t.paste("/home/sam/plan.odt")
        await t.press("enter")
        await t.until_shown("File: plan.odt", "on its way to the relay")
        assert engine.people[bob].messages[-1].file is not None
        engine.refuses = UserError("The file /x can't be read: no such file.")
        t.app._main.action_send_file()
        await t.until_shown("Send a file")
        await t.paste("/x")
        await t.press("enter")
        await t.until_shown("no such file")

    await tell(engine, story, size=WIDE)


async def test_a_file_is_fetched_stopped_and_saved() -> None:
    engine, bob = a_talk()
    message = engine.carry(bob, a_file("film.mkv"))

    async def story(t: Teller) -> None:
        await opened(t)
        await on_the_last(t)
        await t.press("s")
        await t.until_shown("on its way here")
        await t.press("s")
        await t.until_shown("at the relay until")
        engine._put(*engine._find(message.id), file=a_file("film.mkv", state=FileState.HERE))
        await t.until_shown("1.5 MB · here")
        await t.press("s")
        await t.until_shown("Save the file")
        await t.press("home", "ctrl+k")
        await t.paste("/srv/films")
        await t.press("enter")
        await t.until_shown("Saved as /srv/films/film.mkv")

    await tell(engine, story, size=WIDE)


async def test_a_voice_note_is_played_from_anywhere_at_any_speed_and_ended_by_the_same_key() -> (
    None
):
    engine, bob = a_talk()
    note = replace(a_file("voice.opus", state=FileState.HERE), role="voice", duration_s=42.0)
    engine.carry(bob, note)
    played: list[tuple[int, int]] = []
    running: list[threading.Event] = []

    def play(samples: bytes, *, rate: int, is_over: Callable[[], bool]) -> None:
        played.append((len(samples), rate))
        running.append(threading.Event())
        while not is_over():
            running[-1].wait(0.01)
        running[-1].set()

    async def story(t: Teller) -> None:
        asked = engine.heard_from
        await opened(t)
        await on_the_last(t)
        await t.press("o")
        await t.until_shown("Bob  0:00 / 0:42  1x", "Left back", "] faster", "o end")
        await t.until(lambda: played == [(4800, 24_000)])
        await t.press("right", "right", "right_square_bracket", "left")
        await t.until_shown("0:05 / 0:42  1.25x")
        await t.until(lambda: asked and asked[-1] == (1.25, 5.0))
        await t.press(*["left_square_bracket"] * 9)
        await t.until_shown("0:05 / 0:42  0.5x")
        await t.press("o")
        await t.until(lambda: all(each.is_set() for each in running))
        await t.until_gone("0:42  0.5x")
        await t.press("right")  # nothing is heard: no key
        await t.press("o")
        await t.until_shown("0:00 / 0:42  0.5x")
        await t.press(*["right"] * 9)  # past its end
        await t.until_gone("0:42  0.5x")
        engine.refuses = UserError("This voice note can't be heard here.")
        await t.press("o")
        await t.until_shown("can't be heard here")
        await t.until(lambda: t.app._main.player.message is None)

    await tell(engine, story, size=WIDE, on=changed(stage(engine), play=play))


def moving(message_id: str, *, done: int, direction: str = "in", **more: object) -> FileProgress:
    known = {"rate_bytes_s": 0, "left_s": None, "error": None} | more
    return FileProgress(
        conversation="", message=message_id, direction=direction, done_bytes=done,
        total_bytes=1_500_000, **known,
    )  # type: ignore[arg-type]  # fmt: skip


async def test_a_file_on_its_way_says_in_its_message_how_far_how_fast_and_what_ends_it() -> None:
    engine, bob = a_talk()
    film = engine.carry(bob, a_file("film.mkv", state=FileState.FETCHING))
    mine = engine.carry(bob, a_file("plan.odt", state=FileState.SENDING), is_me=True)

    async def story(t: Teller) -> None:
        await opened(t)
        engine.tell(moving(film.id, done=600_000, rate_bytes_s=200_000, left_s=4.6))
        await t.until_shown("████████░░░░░░░░░░░░ 40 %  200.0 kB/s  0:05 left  s stop")
        engine.tell(moving(mine.id, done=0, direction="out", error="The relay is restarting."))
        await t.until_shown("░░░ 0 %  u take back", "! The relay is restarting.")
        await t.press("ctrl+up", "u")
        await t.until_shown("Taken back: it isn't sent.")
        await t.until_gone("plan.odt")
        engine.tell(moving(film.id, done=1_500_000))
        engine.arrive(film.id)
        await t.until_shown("1.5 MB · here")
        await t.until_gone("s stop")
        assert not t.app._stage.under_way

    await tell(engine, story, size=WIDE)


async def test_a_voice_note_is_recorded_heard_of_and_sent_or_thrown_away() -> None:
    pytest.importorskip("av")
    engine, bob = a_talk()
    tone = b"\0\x40" * 24_000
    over: list[str] = []

    def record(is_over: Callable[[float], bool], *, hears: Callable[[bytes], None]) -> bytes:
        hears(tone)
        while not is_over(1.0):
            threading.Event().wait(0.01)
        over.append("over")
        return tone

    async def story(t: Teller) -> None:
        await opened(t)
        t.app._main.action_record_voice()
        await t.until_shown("Voice note", "Recording, five", "0:01  ███████████████░")
        await t.press("escape")
        await t.until(lambda: over == ["over"], "it is recorded no more")
        await t.until_gone("Recording, five")
        assert not [each for each in engine.people[bob].messages if each.file]
        t.app._main.action_record_voice()
        await t.until_shown("0:01  ███████████████░")
        await t.press("enter")
        await t.until_shown("0:01 · 1.5 MB · on its way to the relay")
        assert engine.handed_in.startswith(b"OggS")

    await tell(engine, story, size=WIDE, on=changed(stage(engine), record=record))


async def test_where_nothing_can_be_recorded_a_sentence_says_so() -> None:
    engine, _ = a_talk()

    def record(is_over: Callable[[float], bool], *, hears: Callable[[bytes], None]) -> bytes:
        raise UserError("There is no microphone here. Record elsewhere, and send it as a file.")

    async def story(t: Teller) -> None:
        await opened(t)
        t.app._main.action_record_voice()
        await t.until_shown("There is no microphone here.")
        await t.until(lambda: t.app.screen is t.app._main, "it is closed")

    await tell(engine, story, on=changed(stage(engine), record=record))


async def test_a_chat_has_its_own_way_of_fetching_files() -> None:
    engine, bob = a_talk()

    async def story(t: Teller) -> None:
        await opened(t)
        t.app._main.action_fetching()
        await t.until_shown("Fetch files of this chat", "As in the settings (F2)", "All up to")
        await t.press("down", "down", "enter")
        await t.until_shown("It holds for what comes from now on.")
        assert engine.fetched == {bob: "off"}
        t.app._main.action_fetching()
        await t.until_shown("Fetch files of this chat")
        await t.press("enter")
        await t.until_gone("Fetch files of this chat")
        assert engine.fetched == {bob: "off"}, "what holds is what is highlighted"

    await tell(engine, story)


async def test_all_files_of_a_chat_are_listed_and_one_is_shown_in_its_place() -> None:
    engine, bob = a_talk()

    async def story(t: Teller) -> None:
        await opened(t)
        t.app._main.action_media()
        await t.until_shown("No files in this chat.")
        engine.carry(bob, a_file("film.mkv"))
        engine.carry(bob, a_file("a\x1b[31m.txt", state=FileState.HERE))
        await t.until_shown("film.mkv")
        t.app._main.action_media()
        await t.until_shown("Media and files", "2 files, 1.5 MB on this device")
        await t.until_shown("film.mkv · 1.5 MB · at the relay · Bob", "1.5 MB · here · Bob")
        assert "\x1b" not in t.screen_text()
        await t.press("down", "enter")
        await t.until_gone("Media and files")
        await t.until(lambda: (chosen := t.app._main.selected) and chosen.file is not None)
        assert t.app._main.selected.file.name == "film.mkv"

    await tell(engine, story, size=WIDE)
