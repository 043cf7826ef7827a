"""Where a message's links really go, before a browser is asked.

Rule: an address is shown whole, with its host on a line of its own. Spec: docs/tui.md, section 11.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from restante.client.language import _
from restante.client.tui import link_words
from restante.client.tui.dialog import Dialog, text
from restante.client.tui.links import Link

ANSWERED: Final = "answered"
"""Chosen instead of a link: the message that this one answers."""


class LinksDialog(Dialog[str]):
    """Returns an address, or ANSWERED."""

    title_text = link_words.TITLE
    hints = (("Enter", _("Open"), "focused.select"), ("Esc", _("Close"), "screen.leave"))

    def __init__(self, links: Sequence[Link], *, answers: bool) -> None:
        super().__init__()
        options = [Option(_shown(link), id=link.url) for link in links]
        if answers:
            options.append(Option(Content(link_words.ANSWERED), id=ANSWERED))
        self._options = OptionList(*options, compact=True, markup=False)
        self._options.highlighted = 0

    def body(self) -> list[Widget]:
        """What is about to be asked."""
        return [text(link_words.TEXT), self._options]

    def on_mount(self) -> None:
        """Ready to choose."""
        self._options.focus()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)


def _shown(link: Link) -> Content:
    notes = [link_words.DISGUISED if link.host else link.says] if link.is_disguised else []
    notes += [link_words.NOT_ENCRYPTED] if link.url[:5].casefold() == "http:" else []
    parts: list[tuple[str, str]] = [(link.host or "?", "bold"), (f"\n  {link.url}", "")]
    parts += [(f"\n  {note}", "$error") for note in notes]
    return Content.assemble(*parts)
