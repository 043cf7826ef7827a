"""The reader's language: a sentence of the interface in it, from a catalogue that gettext reads.

Rules: English is the source, and what is said where a catalogue is missing, broken, or has a
translation that doesn't fit; a translation fills the fields of its sentence and can do nothing
else. It is chosen once, when the process starts, since most sentences are constants of modules:
each is looked up when its module is imported, and showing it costs nothing. Knows no sentence.
Spec: docs/translating.md.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from gettext import GNUTranslations
from pathlib import Path
from typing import Final

DOMAIN: Final = "restante"
OURS: Final = Path(__file__).parent.parent / "locale"
"""Where the catalogues are that come with Restante; RESTANTE_LOCALE names a place before it."""

_NAME: Final = r"[a-z]{2,3}(?:_[A-Z]{2})?"
FIELD: Final = re.compile(r"\{([a-z_]+)\}")
"""Where a sentence is filled."""
_UNFIT: Final = r"[\x00-\x09\x0b-\x1f\x7f-\x9f\[]"
"""What would move the cursor, or be markup to Textual. Compiled where a catalogue is used."""


class Language:
    """English, or the language of a catalogue."""

    __slots__ = ("_catalogue",)

    def __init__(self, catalogue: GNUTranslations | None = None) -> None:
        self._catalogue = catalogue

    @property
    def is_english(self) -> bool:
        """Whether there is no catalogue."""
        return self._catalogue is None

    @property
    def sentences(self) -> tuple[str, ...]:
        """The English sentences that the catalogue has, but for those with a count."""
        # gettext keeps them under this name and tells nobody; where it doesn't, none is found.
        kept = getattr(self._catalogue, "_catalog", {})
        return tuple(each for each in kept if isinstance(each, str) and each)

    def say(self, sentence: str, /, **fields: object) -> str:
        """Return a sentence in this language, `{name}` filled with the field of that name."""
        if self._catalogue is None or not sentence:  # an empty one stands for the file's header
            return _filled(sentence, fields) if fields else sentence
        found = self._catalogue.gettext(sentence)
        return _filled(found if _fits(found, sentence, sentence) else sentence, fields)

    def say_count(self, one: str, many: str, count: int, /, **fields: object) -> str:
        """Return the form of a sentence that goes with a count, which fills `{count}`."""
        english = said = one if count == 1 else many
        if self._catalogue is not None:
            try:
                found = self._catalogue.ngettext(one, many, count)
            except (ArithmeticError, ValueError):  # the file's own formula for its forms
                found = english
            said = found if _fits(found, one, many) else english
        return _filled(said, {"count": count, **fields})


def language_for(environ: Mapping[str, str], *, ours: Path = OURS) -> Language:
    """Return the first language an environment asks for that there is a catalogue of."""
    places = [Path(place) for place in (environ.get("RESTANTE_LOCALE"),) if place]
    for name in _wanted(environ):
        for place in (*places, ours):
            file = place / name / "LC_MESSAGES" / f"{DOMAIN}.mo"
            if file.is_file() and (catalogue := _read(file)) is not None:
                return Language(catalogue)
    return Language()


def _wanted(environ: Mapping[str, str]) -> list[str]:
    """Return the names of languages before English, as gettext reads them: `pt_BR`, then `pt`."""
    of_locale = next(filter(None, map(environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    asked = environ.get("LANGUAGE") or of_locale
    if of_locale.partition(".")[0] in {"C", "POSIX"}:
        asked = ""  # who wants no language at all wants the source's
    names: list[str] = []
    for each in asked.split(":"):
        name = each.partition(".")[0].partition("@")[0]
        if name.partition("_")[0] == "en" or not re.fullmatch(_NAME, name):
            break
        names += [name, name.partition("_")[0]]
    return list(dict.fromkeys(names))


def _read(file: Path) -> GNUTranslations | None:
    try:
        with file.open("rb") as opened:
            return GNUTranslations(opened)
    except Exception:  # whatever is wrong with somebody's file, there is English
        return None


def _fits(found: str, *sources: str) -> bool:
    """Whether a translation asks for the fields of its sentence, and is as plain and as tall.

    Of one and many, one may leave out a field that the other has: "1 message".
    """
    fields = [set(FIELD.findall(each)) for each in sources]
    has = set(FIELD.findall(found))
    return (
        bool(found.strip())
        and set.intersection(*fields) <= has <= set.union(*fields)
        and re.search(_UNFIT, found) is None
        and found.count("\n") <= max(each.count("\n") for each in sources)
    )


def _filled(said: str, fields: Mapping[str, object]) -> str:
    return FIELD.sub(lambda found: str(fields.get(found[1], found[0])), said)


def mark(sentence: str) -> str:
    """Have a sentence in the catalogue that is shown through `_` later: a name is made of it."""
    return sentence


HERE: Final = language_for(os.environ)
_ = HERE.say
plural = HERE.say_count
