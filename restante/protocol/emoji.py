"""Whether a text is one emoji, so that a reaction can't be a word. Pure.

Rule: lenient about which pictographs there are, since Unicode adds some every year, strict about
the form: one sequence of UTS #51, without a letter or a control. Spec: docs/protocol/content.md.
"""

from __future__ import annotations

import re
from typing import Final

# Sections of Unicode that hold emoji; a few plain symbols among them do no harm as reactions.
_PICTOGRAPH: Final = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2900-\u297f"
    "\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa"
    "\U0001f400-\U0001faff]"
)
_TONE: Final = "[\U0001f3fb-\U0001f3ff]"
_TAGS: Final = "[\U000e0030-\U000e007a]{1,6}\U000e007f"
_ELEMENT: Final = f"{_PICTOGRAPH}(?:{_TONE}|\ufe0f)?"
_FLAG: Final = "[\U0001f1e6-\U0001f1ff]{2}"
_KEYCAP: Final = "[0-9#*]\ufe0f?\u20e3"

_EMOJI: Final = re.compile(
    f"\U0001f3f4{_TAGS}|{_FLAG}|{_KEYCAP}|{_ELEMENT}(?:\u200d{_ELEMENT}){{0,7}}"
)


def is_emoji(text: str) -> bool:
    """Whether a text is exactly one emoji, joined sequences, flags and skin tones included."""
    return _EMOJI.fullmatch(text) is not None
