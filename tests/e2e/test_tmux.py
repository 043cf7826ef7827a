"""The interface in a real terminal, against a real relay, with other processes around it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from tests.e2e.terminal import Terminal, a_terminal
from tests.e2e.town import Person, Relay, clean_environment
from tests.programs import find_program

pytestmark = pytest.mark.needs("tmux")

CHAT = f"{sys.executable} -m restante chat"
NOTHING_ON = "0 0"
"""Neither the alternate screen nor the mouse: the terminal as it was found."""


@pytest.fixture
def size() -> tuple[int, int]:
    """The smallest size it must look good at, unless a test says otherwise."""
    return 80, 24


@pytest.fixture
def terminal(
    size: tuple[int, int], friends: tuple[Person, Person], tmp_path: Path
) -> Iterator[Terminal]:
    """A terminal of alice's."""
    tmux = find_program("tmux")
    assert tmux is not None
    with a_terminal(tmux, tmp_path / "t", size, friends[0].environment()) as terminal:
        yield terminal


async def start_chat(terminal: Terminal, pid_file: Path) -> None:
    """Open the chat so that its process id and, at the end, its exit code are known."""
    terminal.type(f"sh -c 'echo $$ > {pid_file}; exec {CHAT}'; echo code $?")
    terminal.press("Enter")
    await terminal.until_shown("Find or start a chat", "● Connected")
    assert terminal.modes() != NOTHING_ON


async def ended(terminal: Terminal, code: int) -> None:
    """Wait for the end, and require the terminal as it was found."""
    await terminal.until_shown(f"code {code}")
    await terminal.until(lambda: terminal.modes() == NOTHING_ON, "the terminal restored")
    assert "Traceback" not in terminal.screen()
    terminal.type("echo still a shell")
    terminal.press("Enter")
    await terminal.until(
        lambda: terminal.screen().count("still a shell") == 2, "typed and answered"
    )


@pytest.mark.parametrize("size", [(80, 24), (160, 48)], ids=["80x24", "160x48"])
async def test_two_people_talk_one_on_a_screen_and_one_by_commands(
    terminal: Terminal, friends: tuple[Person, Person], tmp_path: Path, size: tuple[int, int]
) -> None:
    alice, bob = friends
    mark, found_title = f"{size[0]}", terminal.title()
    await start_chat(terminal, tmp_path / "pid")
    await trio.to_thread.run_sync(lambda: bob.run("send", "alice", f"knock {mark}").ok())
    await terminal.until_shown(f"knock {mark}")
    await terminal.until(lambda: terminal.title().endswith(") Restante"), "a title that counts")
    terminal.press("Enter")
    await terminal.until_shown("Message bob", "✔ verified", "New · ")
    terminal.type(f"come in {mark}, 日本語")
    terminal.press("C-j")
    terminal.type("second line")
    terminal.press("Enter")
    await terminal.until_shown(f"come in {mark}, 日本語", "second line", "✓ sent")
    heard = await trio.to_thread.run_sync(lambda: bob.run("tail", "--once", "--json").ok())
    bodies = [each.get("body") for each in heard.records if each["type"] == "message"]
    assert f"come in {mark}, 日本語\nsecond line" in bodies
    await terminal.until_shown("✓✓ delivered")

    # A command beside the running screen attaches to its engine, and the screen shows it.
    await trio.to_thread.run_sync(lambda: alice.run("send", "bob", f"from the shell {mark}").ok())
    await terminal.until_shown(f"from the shell {mark}")

    # Resized while it runs.
    terminal.run("resize-window", "-x", "60", "-y", "20")
    await terminal.until(
        lambda: "▕" not in terminal.screen() and "Message bob" in terminal.screen(),
        "one pane",
    )
    terminal.run("resize-window", "-x", str(size[0]), "-y", str(size[1]))
    await terminal.until_shown("Find or start a chat", f"from the shell {mark}")

    terminal.press("C-q")
    await ended(terminal, 0)
    assert terminal.title() == found_title


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
async def test_a_signal_leaves_the_terminal_as_it_was_found(
    terminal: Terminal, tmp_path: Path, number: signal.Signals
) -> None:
    pid_file = tmp_path / "pid"
    await start_chat(terminal, pid_file)
    os.kill(int(pid_file.read_text()), number)
    await ended(terminal, 130)


def crashes(place: Path) -> list[Path]:
    """The reports of crashes in a directory; each must be its owner's alone."""
    found = list(place.glob("crash-*.txt"))
    assert all(each.stat().st_mode & 0o777 == 0o600 for each in found)
    return found


async def test_a_bug_of_its_own_leaves_the_terminal_and_nothing_that_was_not_wanted(
    terminal: Terminal, tmp_path: Path
) -> None:
    for answer, kept in (("", 0), ("y", 1)):
        terminal.type(f"{sys.executable} -m tests.tui.crashing {tmp_path}; echo code $?")
        terminal.press("Enter")
        await terminal.until_shown("Find or start a chat", "Bob")
        terminal.press("Enter")
        await terminal.until_shown("Restante stopped on a bug", "ZeroDivisionError", "y/N")
        assert terminal.modes() == NOTHING_ON
        terminal.type(answer)
        terminal.press("Enter")
        await terminal.until_shown("Kept in" if kept else "Nothing was kept.")
        await ended(terminal, 70)
        assert len(crashes(tmp_path)) == kept
        terminal.type("clear")
        terminal.press("Enter")
        await terminal.until(lambda: "code 70" not in terminal.screen(), "a clear screen")
    text = await trio.to_thread.run_sync(crashes(tmp_path)[0].read_text)
    assert "tests/tui/crashing.py:" in text
    assert "Python" in text
    assert "launch" not in text
    assert "Bob" not in text
    assert os.environ["HOME"] not in text


async def test_a_terminal_that_is_closed_ends_it(terminal: Terminal, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    await start_chat(terminal, pid_file)
    pid = int(pid_file.read_text())
    terminal.run("kill-session")

    def is_gone() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

    await terminal.until(is_gone, "the end of the process")


async def test_bytes_that_are_no_text_are_no_end(terminal: Terminal, tmp_path: Path) -> None:
    await start_chat(terminal, tmp_path / "pid")
    terminal.press("C-k")
    await terminal.until_shown("A name, an address or a code")
    terminal.run("send-keys", "-H", "ff", "fe", "c3", "28")
    terminal.type("bo")
    await terminal.until_shown("bo")
    terminal.press("Escape")
    await terminal.until(lambda: "Enter Open   Esc" not in terminal.screen(), "the dialog closed")
    terminal.press("C-q")
    await ended(terminal, 0)


async def test_stopped_and_continued_it_draws_itself_again(
    terminal: Terminal, tmp_path: Path
) -> None:
    pid_file = tmp_path / "pid"
    await start_chat(terminal, pid_file)
    pid = int(pid_file.read_text())
    os.kill(pid, signal.SIGSTOP)
    os.kill(pid, signal.SIGCONT)
    terminal.press("C-k")
    await terminal.until_shown("A name, an address or a code")
    terminal.press("Escape")  # alone: with a key behind it, it would be that key with Alt
    await terminal.until(lambda: "A name, an" not in terminal.screen(), "the dialog closed")
    terminal.press("C-q")
    await ended(terminal, 0)


async def test_an_editor_has_the_terminal_and_gives_it_back(
    terminal: Terminal, tmp_path: Path
) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho in the editor\nread -r more\nprintf " and $more" >> "$1"\n')
    editor.chmod(0o700)
    terminal.type(f"export EDITOR={editor}; unset VISUAL")
    terminal.press("Enter")
    await start_chat(terminal, tmp_path / "pid")
    terminal.press("Enter")
    await terminal.until_shown("Message bob")
    terminal.type("half a thought")
    await terminal.until_shown("half a thought")
    terminal.press("C-x", "C-e")
    await terminal.until_shown("in the editor")
    assert terminal.modes() == NOTHING_ON
    terminal.type("the rest")
    terminal.press("Enter")
    await terminal.until_shown("half a thought and the rest", "Find or start a chat")
    assert terminal.modes() != NOTHING_ON
    terminal.press("Enter")
    await terminal.until_shown("half a thought and the rest", "sent")
    terminal.press("C-q")
    await ended(terminal, 0)


async def test_a_terminal_resized_and_back_before_anybody_looked_is_drawn_anew(
    terminal: Terminal, tmp_path: Path
) -> None:
    pid_file = tmp_path / "pid"
    await start_chat(terminal, pid_file)
    terminal.run("send-keys", "-R")  # what it showed is gone, and its size is what it was
    assert "Find or start" not in terminal.screen()
    os.kill(int(pid_file.read_text()), signal.SIGWINCH)
    await terminal.until_shown("Find or start a chat", "● Connected", "Palette")
    terminal.press("C-q")
    await ended(terminal, 0)


async def test_another_account_is_opened_and_the_first_goes_on_receiving(
    terminal: Terminal, friends: tuple[Person, Person], tmp_path: Path
) -> None:
    alice, bob = friends
    await start_chat(terminal, tmp_path / "pid")
    terminal.press("C-p")
    await terminal.until_shown("Chat: Go to")
    terminal.type("Accounts")
    await terminal.until_shown("Another profile of this machine")
    terminal.press("Enter")
    await terminal.until_shown("open now")
    terminal.type("second")
    terminal.press("Enter")
    await terminal.until_shown("Step 1 of 3")
    sent = ("send", "alice", "while you were elsewhere", "--wait", "delivered")
    await trio.to_thread.run_sync(lambda: bob.run(*sent).ok())
    status = await trio.to_thread.run_sync(lambda: alice.run("rpc", "status").ok())
    assert status.record["pid"] == int((tmp_path / "pid").read_text())
    terminal.press("C-q")
    await ended(terminal, 0)


async def test_a_resize_is_seen_where_the_shell_says_another_size(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.type("export COLUMNS=80 LINES=24")
    terminal.press("Enter")
    await start_chat(terminal, tmp_path / "pid")
    terminal.run("resize-window", "-x", "60", "-y", "20")
    await terminal.until(lambda: "▕" not in terminal.screen(), "one pane")
    terminal.press("C-q")
    await ended(terminal, 0)


async def test_a_dumb_terminal_shows_lines_and_ctrl_c_ends_them(terminal: Terminal) -> None:
    terminal.type(f"TERM=dumb {CHAT}; echo code $?")
    terminal.press("Enter")
    await terminal.until_shown("This terminal can show lines only", "/help says what else")
    terminal.type("/go-to bob")
    terminal.press("Enter")
    await terminal.until_shown("Chat with bob, verified")
    assert terminal.modes() == NOTHING_ON
    terminal.press("C-c")
    await ended(terminal, 130)


async def test_in_ascii_no_sign_of_ours_is_anything_else(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.type(f"RESTANTE_ASCII=1 {CHAT}; echo code $?")
    terminal.press("Enter")
    await terminal.until_shown("Find or start a chat", "* Connected")
    terminal.press("C-k")
    await terminal.until_shown("A name, an address or a code")
    assert "▕" not in terminal.screen()
    assert "●" not in terminal.screen()
    terminal.press("Escape")  # alone: with a key behind it, it would be that key with Alt
    await terminal.until(lambda: "A name, an" not in terminal.screen(), "the dialog closed")
    terminal.press("C-q")
    await ended(terminal, 0)


async def test_from_nothing_to_an_account_in_a_terminal(relay: Relay, tmp_path: Path) -> None:
    tmux = find_program("tmux")
    assert tmux is not None
    environment = clean_environment(RESTANTE_HOME=str(tmp_path / "home"))
    with a_terminal(tmux, tmp_path / "t", (80, 24), environment) as terminal:
        terminal.type(f"{CHAT}; echo code $?")
        terminal.press("Enter")
        await terminal.until_shown("Step 1 of 3")
        terminal.type(f"dora@{relay.address}")
        terminal.press("Enter")
        await terminal.until_shown("Step 2 of 3", "dora@")
        terminal.press("Enter")
        await terminal.until_shown("Step 3 of 3", "restante:c")
        terminal.press("Enter")
        await terminal.until_shown("No chats yet.", "● Connected")
        terminal.press("C-q")
        await ended(terminal, 0)
