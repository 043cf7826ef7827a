"""What is pasted or dragged onto the box: files are offered as files, long texts too."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from restante.client.interface import FileState
from restante.client.tui.clipboard import choose_reader, picture
from restante.client.tui.pasted import LONG_CHARS, LONG_LINES, is_long, look, may_be_paths
from restante.errors import UserError
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import Teller, tell


def a_talk() -> tuple[ScriptedEngine, str]:
    engine = ScriptedEngine(address="sam@relay.example")
    bob = engine.person("bob@relay.example", "Bob")
    engine.hear(bob, "Send it over", is_read=True)
    return engine, bob


async def opened(t: Teller) -> None:
    await t.begun("Bob")
    await t.press("enter")
    await t.until_shown("Message Bob", "Send it over")


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "the plan.odt"
    path.write_bytes(b"x" * 1500)
    return path


# ---- what a text is ------------------------------------------------------------------------------


def test_a_dragged_file_is_known_however_a_terminal_spells_it(plan: Path) -> None:
    spelled = (
        str(plan),
        f"{plan} ",
        shlex.quote(str(plan)),
        f'"{plan}"',
        str(plan).replace(" ", "\\ "),
        plan.as_uri(),
        f"{plan}\n",
    )
    for text in spelled:
        assert may_be_paths(text), text
        found = look(text)
        assert found is not None, text
        assert found.paths == (plan,), text
        assert (found.size_bytes, found.has_folder) == (1500, False)


def test_several_are_known_together_or_not_at_all(plan: Path) -> None:
    other = plan.with_name("other.txt")
    other.write_text("!")
    for text in (f"{plan}\n{other}", f"{shlex.quote(str(plan))} {other}"):
        found = look(text)
        assert found is not None, text
        assert found.paths == (plan, other)
    assert look(f"{plan}\n{other.with_name('gone')}") is None
    found = look(f"{plan.parent}\n{other}")
    assert found is not None
    assert found.has_folder


def test_a_path_at_home_is_known(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(plan.parent))
    assert look("'~/the plan.odt'") is not None


@pytest.mark.parametrize(
    "text",
    [
        "/shrug I don't know",
        "/etc/passwd is a file",
        "/nowhere/at/all",
        "file://other.example/etc/passwd",
        "file://[",
        "'/unclosed",
        "/" + "x" * 5000,
        "/nul\0inside",
        "~/",
        "/\n" * 40,
    ],
)
def test_what_names_no_file_alone_is_text(text: str, tmp_path: Path, monkeypatch: object) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "gone"))  # type: ignore[attr-defined]
    assert look(text) is None


@pytest.mark.parametrize("text", ["see /etc/passwd", "", "http://x/", "x" * 9000])
def test_most_texts_cost_no_look_at_the_disk(text: str) -> None:
    assert not may_be_paths(text)


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert look(str(tmp_path / "pipe")) is None


def test_long_is_what_nobody_reads_in_a_chat() -> None:
    assert is_long("x" * (LONG_CHARS + 1))
    assert is_long("\n" * LONG_LINES)
    assert not is_long("x" * LONG_CHARS)
    assert not is_long("x\n" * (LONG_LINES - 1))


# ---- what becomes of it --------------------------------------------------------------------------


async def test_a_dragged_file_is_sent_if_that_is_meant(plan: Path) -> None:
    engine, bob = a_talk()

    async def story(t: Teller) -> None:
        await opened(t)
        await t.paste(shlex.quote(str(plan)))
        await t.until_shown("Send this file?", "the plan.odt, 1.5 kB", "Send it as a file")
        assert not engine.people[bob].messages[1:], "nothing is sent without a key"
        await t.press("enter")
        await t.until_shown("File: the plan.odt", "on its way to the relay")
        assert t.app._main.pane.box.text == ""
        await t.paste(str(plan))
        await t.until_shown("Send this file?")
        await t.press("down", "enter")
        await t.until(lambda: t.app._main.pane.box.text == str(plan), "the path in the box")
        await t.paste("/shrug no file")
        await t.until(lambda: t.app._main.pane.box.text == f"{plan}/shrug no file")

    await tell(engine, story)


async def test_what_is_written_goes_along_as_a_caption_and_as_an_answer(plan: Path) -> None:
    engine, bob = a_talk()

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("up", "r")
        await t.until_shown("Answer to Bob")
        await t.type("as we said")
        await t.paste(str(plan))
        await t.until_shown("Send it, with what is in the box below it")
        await t.press("down", "enter")
        await t.until_shown("File: the plan.odt", "as we said", "│ Send it over")
        sent = engine.people[bob].messages[-1]
        assert sent.file is not None
        assert (sent.file.caption, sent.file.state) == ("as we said", FileState.SENDING)
        assert sent.quote is not None
        assert t.app._main.pane.box.text == ""
        assert t.app._main.pane.box.purpose.is_plain

    await tell(engine, story)


async def test_files_dragged_onto_the_messages_are_for_the_box_too(plan: Path) -> None:
    engine, _ = a_talk()

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("ctrl+up")
        await t.until(lambda: t.app._main.pane.messages.has_focus, "the messages have the focus")
        await t.paste(str(plan))
        await t.until_shown("Send this file?")
        await t.press("escape")
        await t.until_gone("Send this file?")
        await t.press("ctrl+up")
        await t.until(lambda: t.app._main.pane.messages.has_focus, "the messages have the focus")
        await t.paste("delete everything")
        await t.until(lambda: t.app._main.pane.box.text == "delete everything")

    await tell(engine, story)


async def test_a_long_text_is_offered_as_a_file_and_may_stay_a_text() -> None:
    engine, bob = a_talk()
    log = "\n".join(f"line {number} of the log, ünïcödé" for number in range(12_000))

    async def story(t: Teller) -> None:
        await opened(t)
        await t.paste(log)
        await t.until_shown("This is a long text", "It has 12000 lines", "Send it as a file")
        await t.press("enter")
        await t.until_shown("File: pasted.txt")
        assert engine.handed_in.decode() == log
        short = "\n".join(f"{number}" for number in range(60))
        await t.paste(short)
        await t.until_shown("This is a long text")
        await t.press("down", "enter")
        await t.until(lambda: t.app._main.pane.box.text == short, "the text in the box")
        assert len(engine.people[bob].messages) == 2

    await tell(engine, story)


async def test_an_edit_stays_a_text(plan: Path) -> None:
    engine, bob = a_talk()
    engine.hear(bob, "here it is: ", is_me=True)

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("up")
        await t.until_shown("Editing.")
        await t.paste(str(plan))
        await t.until(lambda: t.app._main.pane.box.text == f"here it is: {plan}")

    await tell(engine, story)


# ---- the clipboard -------------------------------------------------------------------------------


PNG = b"\x89PNG\r\n\x1a\n" + b"a picture" * 200


def a_clipboard(place: Path, monkeypatch: pytest.MonkeyPatch, *, types: str, script: str) -> None:
    """Put an xclip of our own first on the path; it tells `types`, then does what `script` says."""
    (place / "picture").write_bytes(PNG)
    program = place / "xclip"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *TARGETS) echo "{types}" ;; *) {script} ;; esac\n',
        encoding="utf-8",
    )
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


async def test_a_picture_in_the_clipboard_is_offered_and_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, bob = a_talk()
    a_clipboard(
        tmp_path, monkeypatch, types="TARGETS image/png", script=f'cat "{tmp_path}/picture"'
    )
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    async def story(t: Teller) -> None:
        await opened(t)
        await t.type("look")
        await t.press("ctrl+v")
        await t.until_shown("Send this picture?", "PNG, 1.8 kB, from the clipboard")
        assert not engine.people[bob].messages[1:], "nothing is sent without a key"
        await t.press("down", "enter")
        await t.until_shown("File: pasted.png", "look", "on its way to the relay")
        assert engine.taken == PNG
        assert t.app._main.pane.box.text == ""

    await tell(engine, story)
    assert not [each for each in os.listdir(tmp_path) if each.startswith("restante-")], "nowhere"


async def test_without_a_picture_what_was_cut_is_pasted_else_a_sentence_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, bob = a_talk()
    a_clipboard(tmp_path, monkeypatch, types="UTF8_STRING", script="echo text")

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("ctrl+v")
        await t.until_shown("There is no picture in the clipboard.")
        await t.type("cut me")
        t.app._main.pane.box.select_all()
        await t.press("ctrl+x", "ctrl+v")
        await t.until(lambda: t.app._main.pane.box.text == "cut me", "what was cut is back")
        assert not engine.people[bob].messages[1:]

    await tell(engine, story)


async def test_a_clipboard_that_cannot_be_read_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = {"PATH": str(tmp_path)}
    for environ, says in (
        ({}, "no desktop whose clipboard"),
        ({"DISPLAY": ":0"}, "by xclip, which isn't installed"),
        ({"WAYLAND_DISPLAY": "w"}, "by wl-paste (wl-clipboard), which isn't installed"),
    ):
        with pytest.raises(UserError, match=re.escape(says)):
            await picture({**without, **environ})
    with pytest.raises(UserError, match="pngpaste"):
        choose_reader(without, platform="darwin")
    a_clipboard(tmp_path, monkeypatch, types="image/png", script="exit 1")
    assert await picture(os.environ) is None
    a_clipboard(
        tmp_path, monkeypatch, types="image/png", script="head -c 100000 /dev/zero; exec sleep 30"
    )
    with pytest.raises(UserError, match="larger than"):
        await picture(os.environ, most_bytes=100)
