"""A language that nobody speaks: each Latin letter of a sentence is a Cyrillic one.

So any word in Latin letters on a screen was said past the catalogue, however it was wrapped or cut.
"""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.catalog import Catalog

from dev.messages import compiled, template

NAME = "xx"
_PARTS = re.compile(r"(\{[a-z_]+\})")
_LETTERS = str.maketrans(
    {chr(at): chr(at - ord("a") + 0x0430) for at in range(ord("a"), ord("z") + 1)}
    | {chr(at): chr(at - ord("A") + 0x0410) for at in range(ord("A"), ord("Z") + 1)}
)


def said(sentence: str) -> str:
    """Return a sentence in that language; its fields stay."""
    return "".join(
        part if _PARTS.fullmatch(part) else part.translate(_LETTERS)
        for part in _PARTS.split(sentence)
    )


def write(place: Path) -> None:
    """Write the catalogue of that language to where RESTANTE_LOCALE is to point."""
    made = Catalog(charset="utf-8")
    for each in template():
        if each.id:
            forms = each.id if isinstance(each.id, tuple) else (each.id,)
            strings = tuple(said(form) for form in forms)
            made.add(each.id, strings if len(strings) > 1 else strings[0])
    file = place / NAME / "LC_MESSAGES" / "restante.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(compiled(made))
