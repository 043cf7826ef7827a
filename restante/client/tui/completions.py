"""The list above the box of what may be meant: Tab or Enter takes, Esc leaves it.

Rule: it never has the focus, and takes no key while it is closed. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from restante.client.tui.completion import Begun, Offer
from restante.client.tui.wrap import cells, shorten

GAP_CELLS: Final = 2
FRAME_CELLS: Final = 6
"""Margin, padding and scrollbar."""


class Completions(OptionList, can_focus=False):
    """What is offered for what was begun."""

    def __init__(self) -> None:
        super().__init__(classes="completions", compact=True, markup=False)
        self._offers: list[Offer] = []
        self.begun: Begun | None = None

    @property
    def is_open(self) -> bool:
        """Whether something is offered."""
        return bool(self._offers)

    def offer(self, begun: Begun | None, offers: list[Offer]) -> None:
        """Show what is offered; without anything it closes."""
        self.begun = begun
        if offers == self._offers:
            return
        self._offers = offers
        self.clear_options()
        width = max((cells(each.label) for each in offers), default=0) + GAP_CELLS
        room = self._room() - width
        self.add_options(
            Option(
                Content.assemble(
                    each.label + " " * (width - cells(each.label)),
                    (shorten(each.says, room, ellipsis="…") if room > 0 else "", "$faint"),
                )
            )
            for each in offers
        )
        self.highlighted = 0 if offers else None
        self.display = bool(offers)

    def _room(self) -> int:
        """Cells of a line: before it was shown it has none of its own, but its parent has."""
        parent = self.parent
        outer = parent.size.width if isinstance(parent, Widget) else 0
        return max(0, outer - FRAME_CELLS)

    def close(self) -> None:
        """Offer nothing."""
        self.offer(None, [])

    def step(self, step: int) -> None:
        """Move the highlight, round and round."""
        if self._offers:
            self.highlighted = ((self.highlighted or 0) + step) % len(self._offers)

    @property
    def chosen(self) -> Offer | None:
        """What would be taken."""
        return self._offers[self.highlighted or 0] if self._offers else None
