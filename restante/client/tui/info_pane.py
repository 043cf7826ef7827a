"""Who the other person is: beside the conversation, where the terminal is wide enough.

Rule: nothing here is not also elsewhere; whoever has no room for it misses nothing. Knows no
engine. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from restante.client.interface import Conversation, SafetyNumber
from restante.client.tui import words
from restante.client.tui.bars import TRUST_STYLES, trust_glyph
from restante.client.tui.clean import clean_line
from restante.client.tui.glyphs import Glyphs
from restante.client.tui.text_line import Line, clickable, hint


def digit_rows(digits: str, per_row: int) -> list[str]:
    """Return a safety number's groups of five in rows."""
    groups = digits.split()
    return ["  ".join(groups[at : at + per_row]) for at in range(0, len(groups), per_row)]


class InfoPane(VerticalScroll, can_focus=False):
    """Name, address, verification and safety number of the open conversation."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="info")
        self._glyphs = glyphs
        self._text = Line("", id="info-text")

    def compose(self) -> ComposeResult:
        """One text."""
        yield self._text

    def show(self, conversation: Conversation | None, number: SafetyNumber | None) -> None:
        """Show a conversation's contact; the number when it is there."""
        if conversation is None:
            self._text.update(Content())
            return
        title, address = clean_line(conversation.title), clean_line(conversation.address)
        trust = conversation.trust
        state = f"{trust_glyph(trust, self._glyphs)} {words.TRUST[trust].capitalize()}"
        parts: list[Content | tuple[str, str]] = [(title, "bold $primary")]
        if address != title:
            parts.append((f"\n{address}", "$faint"))
        parts += [("\n\n", ""), (state, TRUST_STYLES[trust])]
        if number is not None:
            rows = "\n".join(digit_rows(number.digits, 3))
            parts += [(f"\n\n{words.SAFETY_TITLE}\n", "$faint"), (rows, "")]
        parts.append(("\n", ""))
        for key, label, action in (
            ("v", words.INFO_VERIFY, "screen.verify"),
            ("n", words.INFO_RENAME, "screen.rename"),
            ("b", words.INFO_BLOCK, "screen.block"),
        ):
            text = clickable(hint(key, label), action)
            parts += [("\n", ""), text.stylize("bold $warning", 0, len(key))]
        self._text.update(Content.assemble(*parts))
