"""A message laid out as lines."""

from __future__ import annotations

from datetime import UTC

from restante.client.interface import Message
from restante.client.tui.entries import lay_out
from restante.client.tui.glyphs import UNICODE
from restante.client.tui.page import Page
from tests.tui.scripted_parts import NOW

PAGE = Page(width=40, glyphs=UNICODE, zone=UTC, now=NOW)


def lines(message: Message, before: Message | None = None, **options: object) -> list[str]:
    page = options.pop("page", PAGE)
    entry = lay_out(message, before, page, **options)  # type: ignore[arg-type]
    return ["".join(text for text, _ in line) for line in entry.lines]
