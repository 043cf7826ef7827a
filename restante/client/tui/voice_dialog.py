"""A voice note while it is recorded: how long it is, whether anything is heard. Returns samples.

Rule: what is recorded stays in memory, and is gone unless it is taken. Spec: docs/files.md,
section 8.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable
from functools import partial
from typing import ClassVar, Final

import trio
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from restante.client.language import _
from restante.client.tui import file_words
from restante.client.tui.bridge import ask
from restante.client.tui.dialog import Dialog, text
from restante.client.tui.stage import Stage
from restante.errors import UserError

DRAW_EVERY_S: Final = 0.2
LOUDEST: Final = 32_767
LEVEL_CELLS: Final = 30


class RecordDialog(Dialog[bytes]):
    """Records from the moment it opens; `record` as `voice.device.record`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "take", "Send", key_display="Enter", id="dialog.send_voice"),
    ]
    title_text = file_words.VOICE_TITLE
    hints = (("Enter", _("Send"), "screen.take"), ("Esc", _("Discard"), "screen.leave"))

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.refused: UserError | None = None
        """Why nothing could be recorded."""
        self._stage = stage
        self._over = threading.Event()
        self._is_wanted = False
        self._so_far_s = 0.0
        self._level = 0
        self._line = text("", classes="dialog-answer")

    def body(self) -> list[Widget]:
        """What it does, and how it goes."""
        return [text(file_words.VOICE_TEXT), self._line]

    def on_mount(self) -> None:
        """Begin."""
        self.set_interval(DRAW_EVERY_S, self._draw)
        self.run_worker(self._record(), group="record")

    def on_unmount(self) -> None:
        """Whatever ends the dialog ends the recording."""
        self._over.set()

    async def _record(self) -> None:
        record = partial(self._stage.record, self._is_over, hears=self._hear)
        try:
            samples = await ask(_record, record)
        except UserError as error:
            self.refused = error
            self.dismiss(None)
            return
        self.dismiss(samples if self._is_wanted or not self._over.is_set() else None)

    def _is_over(self, so_far_s: float) -> bool:  # in the recorder's thread
        self._so_far_s = so_far_s
        return self._over.is_set()

    def _hear(self, piece: bytes) -> None:  # in the recorder's thread
        samples = array("h", piece[: len(piece) // 2 * 2])
        self._level = max((abs(each) for each in samples[::8]), default=0)

    def _draw(self) -> None:
        cells = min(LEVEL_CELLS, self._level * LEVEL_CELLS // LOUDEST)
        full, empty = file_words.bar_signs(self._stage.glyphs)
        bar = full * cells + empty * (LEVEL_CELLS - cells)
        self._line.update(Content(f"{file_words.length(self._so_far_s)}  {bar}"))

    def action_take(self) -> None:
        """Have what was recorded."""
        self._is_wanted = True
        self._over.set()


async def _record(record: Callable[[], bytes]) -> bytes:
    # Whoever cancels also says that it is over, and the thread ends by itself.
    return await trio.to_thread.run_sync(record, abandon_on_cancel=True)
