"""Which names a few letters mean, the best first. Pure. The one module that knows rapidfuzz.

Rule: what begins so comes before what has it inside, and that before what is only like it; of
equals the first stays first. Spec: docs/tui.md, section 9.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final, TypeVar

T = TypeVar("T")

LIKE_FROM: Final = 72.0
"""Of 100: how like a part of a name must be to what was typed. One letter of four may be wrong."""

BEGINS, WORD_BEGINS, INITIALS, INSIDE = 400.0, 300.0, 250.0, 200.0


def ranked(typed: str, named: Iterable[tuple[T, tuple[str, ...]]]) -> list[T]:
    """Return what has a name that is meant, by its names; all of it where nothing is typed."""
    every = list(named)
    wanted = folded(typed)
    if not wanted:
        return [each for each, _ in every]
    scored = [(max(map(_Score(wanted), map(folded, names))), each) for each, names in every]
    scored = [each for each in scored if each[0]]
    scored.sort(key=lambda each: -each[0])
    return [each for _, each in scored]


def folded(name: str) -> str:
    """Return a name without case, accents and double spaces."""
    letters = unicodedata.normalize("NFKD", name)
    bare = "".join(each for each in letters if not unicodedata.combining(each))
    return " ".join(bare.casefold().split())


class _Score:
    def __init__(self, wanted: str) -> None:
        # Not above: 80 ms that only who looks for somebody waits for.
        from rapidfuzz.fuzz import partial_ratio  # noqa: PLC0415

        self._wanted = wanted
        self._like = partial_ratio

    def __call__(self, name: str) -> float:
        wanted = self._wanted
        if name.startswith(wanted):
            return BEGINS
        parts = name.replace("@", " ").replace(".", " ").split()
        if any(part.startswith(wanted) for part in parts):
            return WORD_BEGINS
        if len(wanted) > 1 and "".join(part[0] for part in parts).startswith(wanted):
            return INITIALS
        if wanted in name:
            return INSIDE
        if len(wanted) < 3 or not name:
            return 0.0
        # Only against a name at least as long: else any short name is "part of" what was typed.
        return self._like(wanted, name, score_cutoff=LIKE_FROM) if len(name) >= len(wanted) else 0.0
