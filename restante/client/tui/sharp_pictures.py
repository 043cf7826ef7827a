"""Pictures among the messages as the terminal draws them, over their blurred previews.

Rule: a picture lies over its preview only while nothing moves and all of it is in sight. The
preview below stays, so nothing is ever missing. Knows no files: pixels come from the engine, which
has them decoded apart. Spec: docs/tui.md, section 4.
"""

from __future__ import annotations

import binascii
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from textual.geometry import Region
from textual.widget import Widget

from restante.client.interface import FileState
from restante.client.tui.bridge import ask
from restante.client.tui.history_view import GUTTER
from restante.client.tui.roles import Paint
from restante.client.tui.wrap import cells
from restante.errors import RestanteError
from restante.values import dataclass

if TYPE_CHECKING:
    from textual.timer import Timer

    from restante.client.interface import Message, Pixels
    from restante.client.tui.entries import Line
    from restante.client.tui.message_list import MessageList
    from restante.client.tui.stage import Stage

REST_S: Final = 0.15
"""How long nothing has moved when pictures come; sooner, they would flicker while one scrolls."""

MOST_KEPT: Final = 24
"""Pictures in memory: a few screens of them, a third of a megabyte each."""

CLASS: Final = "sharp-picture"

Wanted = tuple[str, Region]
"""A message, and the cells of the list that its preview takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    wanted: Wanted
    widget: Widget


class SharpPictures:
    """What lies over the previews of a list. Does nothing where the terminal has only letters."""

    def __init__(self, stage: Stage, pane: Widget, messages: MessageList) -> None:
        self._stage = stage
        self._pane = pane
        self._messages = messages
        self._shown: list[_Shown] = []
        self._kept: OrderedDict[tuple[str, int, int], Pixels | None] = OrderedDict()
        self._timer: Timer | None = None

    def look_again(self) -> None:
        """Take away what isn't over its preview any more; the rest comes when all is at rest."""
        if self._stage.graphics is None:
            self.hide()
            return
        if self._shown:
            wanted = self._wanted()
            for each in [each for each in self._shown if each.wanted not in wanted]:
                self._take_away(each)
        if self._timer is None:
            self._timer = self._pane.set_timer(REST_S, self._rested)
        else:
            self._timer.reset()

    def hide(self) -> None:
        """Take all of them away: something else is to be shown there."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        for each in list(self._shown):
            self._take_away(each)

    def _take_away(self, shown: _Shown) -> None:
        self._shown.remove(shown)
        shown.widget.remove()

    def _rested(self) -> None:
        self._timer = None
        self._pane.run_worker(self._show(), group=CLASS, exclusive=True)

    async def _show(self) -> None:
        for wanted in self._wanted():
            if all(each.wanted != wanted for each in self._shown):
                await self._show_one(wanted)

    async def _show_one(self, wanted: Wanted) -> None:
        graphics, (key, region) = self._stage.graphics, wanted
        if graphics is None:
            return
        wide, high = graphics.box(region.width, region.height)
        pixels = await self._pixels(key, wide, high)
        if pixels is None or wanted not in self._wanted():
            return
        widget = graphics.widget(pixels, binascii.a2b_base64(pixels.colours))
        widget.add_class(CLASS)
        # All of the preview: its cells are a little wider or narrower than it takes them to be.
        widget.styles.width, widget.styles.height = region.width, region.height
        origin = self._messages.region.offset - self._pane.content_region.offset
        widget.styles.offset = region.x + origin.x, region.y + origin.y
        self._shown.append(_Shown(wanted=wanted, widget=widget))
        await self._pane.mount(widget)

    async def _pixels(self, key: str, wide: int, high: int) -> Pixels | None:
        """Return a picture; None: it can't be had, which its message says when it is opened."""
        at = key, wide, high
        if at not in self._kept:
            try:
                self._kept[at] = await ask(
                    self._stage.engine.file_picture, key, width=wide, height=high
                )
            except RestanteError:
                self._kept[at] = None
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(at)
        return self._kept[at]

    def _wanted(self) -> list[Wanted]:
        """Return the pictures that are here and wholly in sight."""
        if not self._pane.screen.is_active:
            return []
        found = []
        for message, first_row, lines in self._messages.entries_in_sight():
            region = _preview(first_row, lines)
            if _is_here(message) and region is not None and region.y >= 0:
                found.append((message.id, region))
        return [each for each in found if each[1].bottom <= self._messages.size.height]


def _is_here(message: Message) -> bool:
    file = message.file
    return file is not None and file.role == "image" and file.state is FileState.HERE


def _preview(first_row: int, lines: tuple[Line, ...]) -> Region | None:
    """Return the cells of an entry that are painted, in those of the list."""
    painted = [
        number
        for number, line in enumerate(lines)
        if line and all(isinstance(role, Paint) for _, role in line)
    ]
    if not painted:
        return None
    width = sum(cells(text) for text, _ in lines[painted[0]])
    return Region(GUTTER, first_row + painted[0], width, len(painted))
