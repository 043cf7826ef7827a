"""A reaction is exactly one emoji: nothing to read, nothing that drives a terminal."""

from __future__ import annotations

import pytest

from restante.protocol.emoji import is_emoji
from restante.protocol.text import printable

EMOJI = ["👍", "👍🏽", "❤️", "❤", "🏳️‍🌈", "👩‍👩‍👧‍👦", "🇺🇾", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "1️⃣", "#⃣", "✅", "©", "🫩", "🧑🏿‍🚀"]
NONE = [
    "",
    "ok",
    "a",
    "1",
    "👍👍",
    "👍 ",
    " 👍",
    "\x1b[2J",
    "\u202e👍",
    "\ue000",
    "🇺",
    "‍",
    "️",
    "🏽x",
    "👍‍",
    "né",
]


@pytest.mark.parametrize("text", EMOJI)
def test_one_emoji_is_one(text: str) -> None:
    assert is_emoji(text)
    assert printable(text, multiline=False) == text


@pytest.mark.parametrize("text", NONE)
def test_anything_else_is_none(text: str) -> None:
    assert not is_emoji(text)
