"""The terminal itself: kept as it was found, and taken back after a stop.

Rule: whatever happens in between, its line settings at the end are those of the beginning. Knows
no screen and no engine. Spec: docs/tui.md, section 2.
"""

from __future__ import annotations

import os
import selectors
import sys
import termios
import tty
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TextIO

from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from restante.client.tui.escapes import KEEP_TITLE, TITLE_BACK
from restante.errors import ExitCode

READ_WAIT_S = 0.1
"""How long a lone Esc may turn out to be the start of something, and an end be noticed late."""

READ_BYTES = 64 * 1024

# What start_application_mode of Textual turns on, but for what the terminal answers to.
_MODES = "\x1b[?1049h\x1b[?25l\x1b[?1004h\x1b[?2004h\x1b[?7l"


@contextmanager
def kept_terminal(descriptor: int | None = None) -> Iterator[None]:
    """Put the line settings of a terminal (by default stdin's) back at the end of the block."""
    if descriptor is None:
        descriptor = sys.stdin.fileno()
    found = termios.tcgetattr(descriptor)
    try:
        yield
    finally:
        with suppress(termios.error):  # it may be gone: SIGHUP
            termios.tcsetattr(descriptor, termios.TCSADRAIN, found)


class LastingFile:
    """A stream that goes on taking what is written when the terminal behind it is gone.

    Else the thread that writes would end, its queue fill, and the program wait for ever.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write, if there is still somebody to read it."""
        with suppress(OSError, ValueError):
            self._file.write(text)

    def flush(self) -> None:
        """Flush, if there is still somebody to read it."""
        with suppress(OSError, ValueError):
            self._file.flush()

    def fileno(self) -> int:
        """The descriptor of the stream."""
        return self._file.fileno()


class TerminalDriver(LinuxDriver):
    """Textual's driver, for a terminal that stops, goes away, or sends what is no text."""

    def __init__(
        self,
        app: App[object],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file = LastingFile(sys.__stderr__)  # type: ignore[arg-type, assignment]  # all it uses

    def _get_terminal_size(self) -> tuple[int, int]:
        """Ask the terminal itself: COLUMNS and LINES, where they are set, know of no resize."""
        with suppress(OSError):
            size = os.get_terminal_size(self.fileno)
            if size.columns and size.lines:
                return size.columns, size.lines
        return super()._get_terminal_size()

    def run_input_thread(self) -> None:
        """Read keys until told to stop. A terminal that hangs up ends the app.

        Bytes that are no UTF-8 become U+FFFD; Textual's own reader would end the program.
        """
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(READ_WAIT_S):
                    data = self._read()
                    if not data:
                        self._soon(partial(self._app.exit, return_code=int(ExitCode.INTERRUPTED)))
                        return
                    for event in parser.feed(decode(data)):
                        self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, READ_BYTES)
        except OSError:  # EIO: the other side is gone
            return b""

    def _soon(self, call: Callable[[], object]) -> None:
        loop = self._app._loop  # noqa: SLF001  # as the driver itself does
        if loop is not None:
            with suppress(RuntimeError):  # it has just been closed
                loop.call_soon_threadsafe(call)

    def start_application_mode(self) -> None:
        """Put the title of the window aside, too."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self.write(KEEP_TITLE)

    def stop_application_mode(self) -> None:
        """Give the title of the window back, too."""
        self.write(TITLE_BACK)
        super().stop_application_mode()

    def _sigcont_application(self, *arguments: object) -> None:
        if self._must_signal_resume:  # it was suspended in order, by ^Z
            super()._sigcont_application(*arguments)
        elif self.attrs_before is not None:
            # After kill -STOP, Textual would start once more what still runs: a second thread
            # would read the keys, and raw mode would be taken for how the terminal was found.
            self._take_back()

    def _take_back(self) -> None:
        settings = list(self.attrs_before or [])
        settings[tty.LFLAG] = self._patch_lflag(settings[tty.LFLAG])
        settings[tty.IFLAG] = self._patch_iflag(settings[tty.IFLAG])
        with suppress(termios.error):
            termios.tcsetattr(self.fileno, termios.TCSANOW, settings)
        self.write(_MODES)
        self._enable_mouse_support()
        self.flush()
        self._soon(partial(self._app.refresh, layout=True))


def choose_driver() -> type[LinuxDriver] | None:
    """Return the driver for this terminal; None leaves the choice to Textual (in a browser)."""
    return None if os.environ.get("TEXTUAL_DRIVER") else TerminalDriver
