"""Textual's driver for a browser, for a chat that may be locked, resized, or left by its page.

Rule: the page's end is the chat's end; a chat that begins again after it was locked goes on in the
same page. Loaded by Textual itself, by the name in `TEXTUAL_DRIVER`. Spec: docs/web.md, section 3.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar

from textual.app import App
from textual.drivers.web_driver import WebDriver

from restante.errors import ExitCode

_PRELUDE = b"__GANGLION__\n"


class BrowserDriver(WebDriver):
    """What Textual's own lacks."""

    _last_size: ClassVar[tuple[int, int] | None] = None
    _has_begun: ClassVar[bool] = False

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size or BrowserDriver._last_size)
        self._write = partial(_without_prelude, self._write)

    def start_application_mode(self) -> None:
        """Begin; signals stay with whoever ends the app in order."""
        super().start_application_mode()
        BrowserDriver._has_begun = True
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

    def stop_application_mode(self) -> None:
        """Stop, and let the page be: it learns of the end when the program ends."""
        self.exit_event.set()
        self._input_reader.close()

    def on_meta(self, packet_type: str, payload: dict[str, object]) -> None:
        """Remember the size: whatever begins after a lock has it from there."""
        if packet_type == "resize":
            width, height = payload["width"], payload["height"]
            if isinstance(width, int) and isinstance(height, int):
                BrowserDriver._last_size = width, height
        super().on_meta(packet_type, payload)

    def run_input_thread(self) -> None:
        """Read what is typed; when the page is gone, end."""
        super().run_input_thread()
        loop = self._app._loop  # noqa: SLF001  # as the driver itself does
        if not self.exit_event.is_set() and loop is not None:
            with suppress(RuntimeError):  # it has just been closed
                loop.call_soon_threadsafe(
                    partial(self._app.exit, return_code=int(ExitCode.INTERRUPTED))
                )


def _without_prelude(written: Any, data: bytes) -> int:
    if data == _PRELUDE and BrowserDriver._has_begun:  # noqa: SLF001  # this module's own
        return len(data)
    count: int = written(data)
    return count
