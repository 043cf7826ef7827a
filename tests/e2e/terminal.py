"""A real terminal to look at: tmux on a socket of its own.

Rule: nothing is slept for without looking; what never comes is an error that shows the screen.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import trio

from tests.e2e.town import PATIENCE_S

LOOK_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """One tmux server with one window, a shell in it."""

    tmux: str
    socket: Path

    def run(self, *command: str) -> str:
        """Run a command of tmux and return what it prints."""
        done = subprocess.run(
            [self.tmux, "-S", str(self.socket), "-f", "/dev/null", *command],
            capture_output=True,
            check=True,
            timeout=30,
        )
        return done.stdout.decode("utf-8")

    def type(self, text: str) -> None:
        """Type a text."""
        self.run("send-keys", "-l", text)

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names: Enter, C-q, Escape."""
        self.run("send-keys", *keys)

    def screen(self) -> str:
        """Return what is on the screen."""
        return self.run("capture-pane", "-p").replace("\N{NO-BREAK SPACE}", " ")

    def title(self) -> str:
        """Return the title that it was given."""
        return self.run("display-message", "-p", "#{pane_title}").strip()

    def modes(self) -> str:
        """Return whether the alternate screen is on, and whether the mouse is reported."""
        return self.run("display", "-p", "#{alternate_on} #{mouse_any_flag}").strip()

    async def until(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait until something is so."""
        with trio.move_on_after(PATIENCE_S):
            while not is_so():  # noqa: ASYNC110  # tmux tells nobody when a screen changes
                await trio.sleep(LOOK_S)
            return
        shown = self.screen() if self.socket.exists() else "(closed)"
        raise AssertionError(f"never came: {what}\n{shown}")

    async def until_shown(self, *texts: str) -> None:
        """Wait until all these texts are on the screen."""
        await self.until(lambda: all(text in self.screen() for text in texts), " and ".join(texts))


@contextmanager
def a_terminal(
    tmux: str, place: Path, size: tuple[int, int], environment: dict[str, str]
) -> Iterator[Terminal]:
    """Have a terminal of a size, with a shell whose prompt is `$ ` and nothing else."""
    place.mkdir(parents=True, exist_ok=True)
    terminal = Terminal(tmux=tmux, socket=place / "tmux")
    width, height = size
    subprocess.run(
        [
            *(tmux, "-S", str(terminal.socket), "-f", "/dev/null", "new-session", "-d"),
            *("-x", str(width), "-y", str(height), "sh"),
        ],
        env={**environment, "PS1": "$ ", "ENV": "", "TERM": "screen-256color"},
        check=True,
        timeout=30,
    )
    try:
        yield terminal
    finally:
        with suppress(subprocess.CalledProcessError):  # it ends with its last session
            terminal.run("kill-server")
