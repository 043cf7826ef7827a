"""A dialog that lists messages from several chats, page by page, and returns the one chosen.

Rule: near the end it reads on, by itself and once at a time. Knows no engine. Spec: docs/tui.md,
sections 9 and 14.
"""

from __future__ import annotations

from typing import Final, TypeVar

from textual import on
from textual.widgets import OptionList

from restante.client.interface import Message
from restante.client.tui.chats import Chats
from restante.client.tui.dialog import Dialog, text
from restante.client.tui.stage import Stage

PAGE: Final = 30
NEAR_THE_END: Final = 5

T = TypeVar("T")


class FoundDialog(Dialog[T]):
    """What was found stands in `_found`, by message id; `_says` is the line below the list."""

    def __init__(self, stage: Stage, chats: Chats, *, says: str = "") -> None:
        super().__init__()
        self._stage = stage
        self._chats = chats
        self._options = OptionList(compact=True, markup=False)
        self._options.can_focus = False
        self._says = text(says, classes="dialog-answer")
        self._found: dict[str, Message] = {}
        self._is_more = False
        self._is_reading = False

    def _begin_reading_on(self) -> None:
        """Have the next page read; `_is_reading` is False again when it is here."""
        raise NotImplementedError

    def _returned(self, message: Message) -> T:
        """Return what the dialog answers with when this message was chosen."""
        raise NotImplementedError

    def _read_on(self) -> None:
        if self._is_more and not self._is_reading:
            self._is_reading = True
            self._begin_reading_on()

    def action_step(self, step: int) -> None:
        """Move the highlight, and read on near the end."""
        count = self._options.option_count
        if count:
            at = max(0, min((self._options.highlighted or 0) + step, count - 1))
            self._options.highlighted = at
            if at >= count - NEAR_THE_END:
                self._read_on()

    def action_take(self) -> None:
        """Return what is highlighted."""
        at = self._options.highlighted
        if at is not None and at < self._options.option_count:
            self._return(self._options.get_option_at_index(at).id)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._return(event.option.id)

    def _return(self, message_id: str | None) -> None:
        message = self._found.get(message_id or "")
        if message is not None:
            self.dismiss(self._returned(message))
