"""A dialog that lists things of which something can be done, and says below what came of it.

Rule: a refusal is said where the list stays in sight; what is highlighted stays so when the list
is read anew. Knows no engine. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, Protocol, TypeVar

from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import Dialog, text


class Named(Protocol):
    """What can be listed."""

    @property
    def id(self) -> str:
        """Its name among the others."""


T = TypeVar("T", bound=Named)


class ListDialog(Dialog[None], Generic[T]):
    """`intro_text` says what is listed, `none_text` that nothing is."""

    intro_text: ClassVar[str] = ""
    none_text: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self._listed: Sequence[T] = ()
        self._options = OptionList(compact=True, markup=False)
        self._answer = text("", classes="dialog-answer")

    def body(self) -> list[Widget]:
        """The list, and what came of the last action."""
        return [text(self.intro_text), self._options, self._answer]

    def _line(self, one: T) -> Content:
        """Return how one of them is shown."""
        raise NotImplementedError

    def _list(self, every: Sequence[T]) -> None:
        """List them anew."""
        self._listed = every
        at = self._options.highlighted or 0
        self._options.clear_options()
        self._options.add_options([Option(self._line(each), id=each.id) for each in every])
        if not every and self.none_text:
            nothing = Content.styled(self.none_text, "$faint")
            self._options.add_option(Option(nothing, disabled=True))
        self._options.highlighted = min(at, len(every) - 1) if every else None

    @property
    def _chosen(self) -> T | None:
        at = self._options.highlighted
        return None if at is None or at >= len(self._listed) else self._listed[at]

    def _say(self, sentence: str, *, is_wrong: bool = False) -> None:
        style = "$error" if is_wrong else "$success"
        self._answer.update(Content.styled(clean_line(sentence), style))
