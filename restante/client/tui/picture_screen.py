"""A picture on all of the screen: in blocks of colour, or as the terminal draws pictures.

Rule: pixels come from the engine, which has them decoded apart; here nothing is decoded. Knows
nothing of files. Spec: docs/tui.md, section 4.
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, ClassVar, Final

from rich.segment import Segment
from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center
from textual.content import Content
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget

from restante.client.tui import file_words
from restante.client.tui.bridge import ask
from restante.client.tui.clean import clean_line
from restante.client.tui.half_blocks import Painted, painted
from restante.client.tui.painting import style_of
from restante.client.tui.text_line import Line
from restante.errors import RestanteError

if TYPE_CHECKING:
    from restante.client.interface import Message, Pixels
    from restante.client.tui.stage import Stage

WORDS_ROWS: Final = 1


class PictureScreen(ModalScreen[None]):
    """Shows the picture of a message until a key is pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,o", "leave", "Close", key_display="Esc", id="picture.leave"),
    ]

    def __init__(self, stage: Stage, message: Message) -> None:
        super().__init__()
        self._stage = stage
        self._message = message
        self._shown: Widget | None = None
        self._file_name = "" if message.file is None else clean_line(message.file.name)
        self._line = Line("", classes="picture-name")

    def compose(self) -> ComposeResult:
        """The picture, once it is decoded, and its name below."""
        yield Center(id="shown-picture")
        yield self._line

    def on_mount(self) -> None:
        """Say that it comes."""
        self._line.update(Content.styled(file_words.picture_comes(self._file_name), "$faint"))

    def on_resize(self, _event: events.Resize) -> None:
        """Decode it anew, as large as there is room."""
        self._show()

    @work(exclusive=True)
    async def _show(self) -> None:
        columns, rows = self.size.width, max(1, self.size.height - WORDS_ROWS)
        graphics = self._stage.graphics
        wide, high = (columns, 2 * rows) if graphics is None else graphics.box(columns, rows)
        try:
            pixels = await ask(
                self._stage.engine.file_picture, self._message.id, width=wide, height=high
            )
        except RestanteError as error:
            self._line.update(Content.styled(clean_line(str(error)), "$error"))
            return
        colours = binascii.a2b_base64(pixels.colours)
        drawn = _Blocks(pixels, colours) if graphics is None else graphics.widget(pixels, colours)
        place = self.query_one("#shown-picture", Center)
        await place.remove_children()
        await place.mount(drawn)
        self._line.update(Content.styled(file_words.picture_shown(self._file_name), "$faint"))

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)


class _Blocks(Widget):
    """Pixels in half-blocks."""

    def __init__(self, pixels: Pixels, colours: bytes) -> None:
        super().__init__(classes="picture-blocks")
        self._lines: tuple[Painted, ...] = painted(colours, pixels.width, pixels.height)
        self.styles.width = pixels.width
        self.styles.height = len(self._lines)

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        if not 0 <= y < len(self._lines):
            return Strip.blank(self.size.width)
        return Strip([Segment(text, style_of(paint)) for text, paint in self._lines[y]])
