"""When a text is to be sent, and what waits to be: asked, listed, changed, taken back.

Rule: a moment is shown as it was understood before it is taken. Spec: docs/tui.md, section 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final, Literal

from textual import events, on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from restante.client.hearing import heard
from restante.client.interface import Scheduled
from restante.client.language import _
from restante.client.tui import later_words
from restante.client.tui.chats import Chats
from restante.client.tui.clean import clean_line
from restante.client.tui.dates import moment_to_come
from restante.client.tui.dialog import REST_ROWS, Dialog, Field, text
from restante.client.tui.stage import Stage
from restante.client.tui.times import spell_when
from restante.client.tui.wrap import shorten
from restante.values import dataclass

LINE_CELLS: Final = 58


class LaterDialog(Dialog[datetime]):
    """Returns the moment."""

    title_text = later_words.TITLE
    hints = (("Enter", _("OK"), "screen.take"), ("Esc", _("Cancel"), "screen.leave"))

    def __init__(self, stage: Stage, *, value: str = "") -> None:
        super().__init__()
        self._stage = stage
        self._input = Field(later_words.PLACEHOLDER, value=value)
        self._answer = text("", classes="dialog-answer")

    def body(self) -> list[Widget]:
        """The text, the line, and how it is understood."""
        return [text(later_words.TEXT), self._input, self._answer]

    def on_mount(self) -> None:
        """Ready to type."""
        self._input.focus()

    def _moment(self) -> datetime | None:
        return moment_to_come(self._input.value, self._stage.now(), self._stage.zone)

    @on(Input.Changed)
    def _typed(self) -> None:
        self._input.remove_class("-refused")
        moment = self._moment()
        when = "" if moment is None else spoken(self._stage, spell_when(moment))
        sentence = later_words.goes_at(when) if when else ""
        self._answer.update(Content.styled(sentence, "$faint"))

    @on(Input.Submitted)
    def action_take(self) -> None:
        """Return the moment, if it is one to come."""
        moment = self._moment()
        if moment is None:
            self._input.add_class("-refused")
            self._answer.update(Content.styled(later_words.NO_MOMENT, "$error"))
        else:
            self.dismiss(moment)


def spoken(stage: Stage, rfc3339: str) -> str:
    """Say a moment to come: `at 18:30`, or `Tuesday 4 June, 18:30`."""
    when = stage.until_words(rfc3339)
    return f"at {when}" if when[:1].isdigit() else when


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is to be done with a text that waits."""

    scheduled: Scheduled
    act: Literal["open", "take back"]


class ScheduledDialog(Dialog[Chosen]):
    """What waits for its time, the next one first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "take_back", "Take back", id="scheduled.take_back"),
    ]
    title_text = later_words.LIST_TITLE
    hints = (
        ("Enter", _("Open chat"), "focused.select"),
        ("d", later_words.TAKE_BACK, "screen.take_back"),
        ("Esc", _("Close"), "screen.leave"),
    )

    def __init__(self, stage: Stage, chats: Chats, waiting: Sequence[Scheduled]) -> None:
        super().__init__()
        self._waiting = waiting
        self._options = OptionList(
            *(Option(_line(stage, chats, each), id=each.id) for each in waiting),
            compact=True,
            markup=False,
        )
        self._options.highlighted = 0

    def body(self) -> list[Widget]:
        """The texts, each with its time and whom it goes to."""
        return [self._options]

    def on_mount(self) -> None:
        """Ready to choose."""
        self._options.focus()

    def on_resize(self, event: events.Resize) -> None:
        """Leave room for the rest of the dialog."""
        self._options.styles.max_height = max(3, event.size.height * 94 // 100 - REST_ROWS)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(Chosen(scheduled=self._waiting[event.option_index], act="open"))

    def action_take_back(self) -> None:
        """Put it back into the box."""
        at = self._options.highlighted
        if at is not None:
            self.dismiss(Chosen(scheduled=self._waiting[at], act="take back"))


def _line(stage: Stage, chats: Chats, scheduled: Scheduled) -> Content:
    chat = chats.get(scheduled.conversation)
    to = clean_line(chat.title) if chat is not None else ""
    dots = stage.glyphs.ellipsis
    said = shorten(" ".join(clean_line(scheduled.text).split()), LINE_CELLS, ellipsis=dots)
    head = f"{stage.until_words(scheduled.at)}  {shorten(to, 24, ellipsis=dots)}"
    parts: list[tuple[str, str]] = [(head, "bold"), (f"\n  {said}", "")]
    if scheduled.error:
        why = shorten(clean_line(heard(scheduled.error)), LINE_CELLS, ellipsis=dots)
        parts.append((f"\n  {why}", "$error"))
    return Content.assemble(*parts)
