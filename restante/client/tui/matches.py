"""Where in a text the words stand that were looked for, and the part of it that shows them. Pure.

Rule: words match as the index matches them: without case and accents, whole, the last one as a
beginning. It only marks what the engine has found. Spec: docs/tui.md, section 9.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from restante.client.tui.wrap import cells, shorten

_WORD: Final = re.compile("(?:[^\\W_]|[\u0300-\u036f])+")
_UNFINISHED_FROM: Final = 3
"""Fewer Latin letters are a word only."""

Span = tuple[int, int]


@lru_cache(maxsize=4096)
def _folded(word: str) -> str:
    letters = unicodedata.normalize("NFD", word)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


class Matches:
    """The words of a query."""

    def __init__(self, words: str) -> None:
        found = [_folded(word) for word in _WORD.findall(words)]
        last = found[-1] if found else ""
        is_beginning = not last.isascii() or len(last) >= _UNFINISHED_FROM
        self._beginning = last if is_beginning and last else None
        self._whole = frozenset(found)

    def spans(self, text: str) -> list[Span]:
        """Return from where to where in a text its words are among those looked for."""
        if not self._whole:
            return []
        return [each.span() for each in _WORD.finditer(text) if self._is_wanted(each[0])]

    def _is_wanted(self, word: str) -> bool:
        folded = _folded(word)
        return folded in self._whole or (
            self._beginning is not None and folded.startswith(self._beginning)
        )


def excerpt(line: str, spans: Sequence[Span], width: int, *, ellipsis: str) -> str:
    """Return the part of a line that fits `width` cells and shows the first match."""
    if cells(line) <= width or not spans or cells(line[: spans[0][1]]) < width - cells(ellipsis):
        return shorten(line, width, ellipsis=ellipsis)
    begin = spans[0][0]
    while begin and cells(line[begin : spans[0][1]]) < width // 2:
        begin -= 1
    space = line.find(" ", begin, spans[0][0])
    begin = begin if space < 0 else space + 1
    return ellipsis + shorten(line[begin:], width - cells(ellipsis), ellipsis=ellipsis)
