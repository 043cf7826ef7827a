"""Emoji by what they are called, from the Unicode data that Python brings. Pure.

Rule: what is offered has the same two cells in every terminal, but for the few that everybody asks
for by another name. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

_RANGES: Final = (
    (0x1F300, 0x1F321),
    (0x1F32D, 0x1F336),
    (0x1F337, 0x1F37D),
    (0x1F37E, 0x1F394),
    (0x1F3A0, 0x1F3CB),
    (0x1F3E0, 0x1F3F1),
    (0x1F3F8, 0x1F3FB),
    (0x1F400, 0x1F43F),
    (0x1F442, 0x1F4FD),
    (0x1F4FF, 0x1F53E),
    (0x1F550, 0x1F568),
    (0x1F5FB, 0x1F650),
    (0x1F680, 0x1F6C6),
    (0x1F6CC, 0x1F6CD),
    (0x1F90C, 0x1F93B),
    (0x1F93C, 0x1F946),
    (0x1F947, 0x1FA00),
    (0x1FA70, 0x1FA7D),
    (0x1FA80, 0x1FA89),
    (0x1FA90, 0x1FABE),
    (0x1FAC0, 0x1FAC6),
    (0x1FAD0, 0x1FADC),
)
"""Emoji that need no variation selector."""

_ALSO: Final = {
    "+1": "👍",
    "thumbsup": "👍",
    "-1": "👎",
    "thumbsdown": "👎",
    "heart": "❤️",
    "joy": "😂",
    "lol": "😂",
    "laugh": "😄",
    "smile": "🙂",
    "wink": "😉",
    "sad": "😢",
    "cry": "😢",
    "wow": "😮",
    "pray": "🙏",
    "thanks": "🙏",
    "tada": "🎉",
    "party": "🎉",
    "check": "✅",
    "no": "❌",
    "star": "⭐",
    "sparkles": "✨",
    "coffee": "☕",
    "sun": "🌞",
    "shrug": "🤷",
    "ok": "👌",
}


@cache
def _known() -> tuple[tuple[str, str], ...]:
    named = [
        (name.lower().replace(" ", "_"), chr(point))
        for first, end in _RANGES
        for point in range(first, end)
        if (name := unicodedata.name(chr(point), ""))
    ]
    return (*_ALSO.items(), *named)


def find_emoji(query: str, *, limit: int) -> list[tuple[str, str]]:
    """Return names and emoji that a few letters may mean, the likeliest first."""
    wanted = query.lower()
    ranked = [
        (_rank(name, wanted), len(name), name, emoji) for name, emoji in _known() if wanted in name
    ]
    ranked.sort()
    found: dict[str, str] = {}
    for _, _, name, emoji in ranked:
        found.setdefault(emoji, name)
    return [(name, emoji) for emoji, name in list(found.items())[:limit]]


def _rank(name: str, wanted: str) -> int:
    if name == wanted:
        return 0
    if name.startswith(wanted):
        return 1
    return 2 if f"_{wanted}" in name else 3
