"""The lock screen in a real terminal: asked for at the start, on a key, and from another shell."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import trio

from restante.client.keeping.changing import keep_otherwise
from restante.client.keeping.protection import open_key
from restante.client.profile import Profile
from restante.crypto.passphrase import Passphrase, Stretching
from tests.e2e.terminal import a_terminal
from tests.e2e.town import Person
from tests.programs import find_program

OWLS = "three small owls"
SECRET = "the heron is in the third reed"


@pytest.mark.needs("tmux")
async def test_a_chat_is_locked_and_unlocked(
    friends: tuple[Person, Person], tmp_path: Path
) -> None:
    alice, bob = friends
    profile = Profile(name="default", directory=alice.directory)
    cheap = Stretching(passes=1, memory_bytes=8192)
    keep_otherwise(profile, open_key(profile), "passphrase", Passphrase(OWLS), stretching=cheap)
    await trio.to_thread.run_sync(lambda: bob.run("send", "alice", SECRET).ok())
    tmux = find_program("tmux")
    assert tmux is not None
    with a_terminal(tmux, tmp_path / "t", (80, 24), alice.environment()) as terminal:
        terminal.type(f"{sys.executable} -m restante chat; echo code $?")
        terminal.press("Enter")
        await terminal.until_shown("Locked", "Type your passphrase")
        terminal.type("three large owls")
        terminal.press("Enter")
        await terminal.until_shown("This is not the passphrase.")
        terminal.type(OWLS)
        assert "owls" not in terminal.screen()
        terminal.press("Enter")
        await terminal.until_shown("Find or start a chat", SECRET[:10])
        terminal.press("C-l")
        await terminal.until_shown("Locked", "Type your passphrase")
        assert SECRET[:10] not in terminal.screen()
        terminal.type(OWLS)
        terminal.press("Enter")
        await terminal.until_shown("Find or start a chat", SECRET[:10])
        await trio.to_thread.run_sync(lambda: alice.run("lock").ok())
        await terminal.until_shown("Locked", "Type your passphrase")
        assert SECRET[:10] not in terminal.run("capture-pane", "-p", "-S", "-")
        opened = await trio.to_thread.run_sync(
            lambda: alice.run("unlock", "--passphrase-fd", "0", stdin=OWLS.encode())
        )
        opened.ok()
        await terminal.until_shown("Find or start a chat", SECRET[:10])
        terminal.press("C-q")
        await terminal.until_shown("code 0")
        assert terminal.modes() == "0 0"
