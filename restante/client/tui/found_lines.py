"""A message in a list of messages from several chats: where, who and when; what it says. Pure.

Rule: two lines that never wrap, whose right edge (the time) is never cut. Spec: docs/tui.md,
section 9.
"""

from __future__ import annotations

from textual.content import Content

from restante.client.interface import Message
from restante.client.tui import words
from restante.client.tui.chats import Chats
from restante.client.tui.clean import clean_line
from restante.client.tui.markup import in_one_line
from restante.client.tui.matches import Matches, excerpt
from restante.client.tui.stage import Stage
from restante.client.tui.times import local, short_age
from restante.client.tui.wrap import cells, shorten

MAX_WIDTH = 100
FRAME_CELLS = 7
"""Border, padding and scrollbar; as the style sheet says."""

MOST_MARKED_CHARS = 2_000
"""A longer text is shown with its marks: of thirty at once none may take long."""


def found_width(screen_width: int) -> int:
    """Return how wide the lines are on a screen of so many cells."""
    return max(20, min(MAX_WIDTH, screen_width * 96 // 100) - FRAME_CELLS)


def found_lines(
    stage: Stage,
    chats: Chats,
    message: Message,
    width: int,
    *,
    words_wanted: str = "",
    sign: str = "",
) -> Content:
    """Return the two lines; `words_wanted` are marked, `sign` stands before them."""
    dots, dot = stage.glyphs.ellipsis, f" {stage.glyphs.dot} "
    moment = local(message.sent_at, stage.zone)
    when = short_age(moment, now=stage.now(), is_12_hours=stage.is_12_hours)
    chat = chats.get(message.conversation)
    who = words.YOU if message.sender.is_me else clean_line(message.sender.name)
    title = who if chat is None else clean_line(chat.title)
    head = title if title == who else f"{title}{dot}{who}"
    head = shorten(head, width - cells(sign) - cells(when) - 2, ellipsis=dots)
    gap = " " * max(2, width - cells(sign) - cells(head) - cells(when))
    matches = Matches(words_wanted)
    is_short = len(message.body) <= MOST_MARKED_CHARS
    line = " ".join((in_one_line if is_short else clean_line)(message.body).split())
    line = excerpt(line, matches.spans(line), width - 2, ellipsis=dots)
    body = Content("  " + line)
    for start, end in matches.spans(line):
        body = body.stylize("bold $warning", start + 2, end + 2)
    return Content.assemble(
        (sign, "bold $accent"), (head, "bold"), gap, (when, "$faint"), "\n", body
    )
