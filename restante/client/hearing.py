"""What the engine said, in the reader's language: its sentence is found in the catalogue again.

The engine speaks English: scripts read it, its log keeps it, and as a daemon it may run in another
language than its readers'. Whoever shows a sentence to a person passes it through `heard`. Rule:
only whole sentences of the catalogue are put into other words, what filled their fields fills them
again, and what isn't found is shown as it was said. Spec: docs/translating.md, section 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from restante.client.language import FIELD, HERE, Language

MOST_CHARS: Final = 1_000
"""Of what is looked for: the longest sentence and what fills it. No peer's text is so long."""

FEWEST_LETTERS: Final = 4
"""Of a sentence beside its fields: one with fewer would be found in anything."""

MOST_SENTENCES: Final = 8
"""In a row."""

_KEPT: Final = 512
_END: Final = re.compile(r"\. ")
_LENGTH: Final = re.compile(r"(\d{1,9}) (second|minute|hour|day|week)s?", re.ASCII)


class Hearing:
    """Finds the sentences of one language."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._forms = sorted(_forms(language.sentences), key=_weight, reverse=True)
        self._exact = frozenset(language.sentences)

    def hear(self, said: str) -> str:
        """Return what was said in the reader's language; as it is, if it isn't found."""
        said = said.strip()
        if not self._exact or len(said) > MOST_CHARS:
            return said
        # Several sentences first, if all are known: what fills one could seem to hold another.
        return self._several(said) or self._one(said) or self._begun(said)

    def _several(self, said: str) -> str | None:
        """Return it in the reader's language if it is several sentences, each of them known."""
        ends = [found.end() for found in _END.finditer(said)]
        if said in self._exact or not 0 < len(ends) < MOST_SENTENCES:
            return None
        known: dict[int, str] = {len(said): ""}
        """What is said from there on."""
        for begin in reversed([0, *ends]):
            for end in (*(each for each in ends if each > begin), len(said)):
                if end in known and (head := self._one(said[begin:end].rstrip())) is not None:
                    known[begin] = f"{head} {known[end]}".rstrip()
                    break
        return known.get(0)

    def _begun(self, said: str) -> str:
        """Return it with as much of its beginning as is known, a sentence of ours before others."""
        at = said.rfind(". ")
        while at > 0:
            head = self._one(said[: at + 1])
            if head is not None:
                return f"{head} {self.hear(said[at + 2 :])}"
            at = said.rfind(". ", 0, at)
        return said

    def _one(self, said: str) -> str | None:
        if said in self._exact:
            return self._language.say(said)
        for literals, names in self._forms:
            fields = _fields(said, literals)
            if fields is not None:
                sentence = "".join(
                    literal + (f"{{{names[at]}}}" if at < len(names) else "")
                    for at, literal in enumerate(literals)
                )
                heard = [self._one(field) or self._length(field) or field for field in fields]
                return self._language.say(sentence, **dict(zip(names, heard, strict=True)))
        return None

    def _length(self, field: str) -> str | None:
        """Return a length of time in a sentence, as `3 days`."""
        found = _LENGTH.fullmatch(field)
        if found is None:
            return None
        one = f"{{count}} {found[2]}"
        return self._language.say_count(one, f"{one}s", int(found[1]))


_Form = tuple[list[str], list[str]]


def _forms(sentences: Iterable[str]) -> Iterable[_Form]:
    """Yield what stands between the fields of each sentence that has any, and their names."""
    for sentence in sentences:
        parts = FIELD.split(sentence)
        literals, names = parts[::2], parts[1::2]
        is_known_by_it = sum(map(str.isalpha, "".join(literals))) >= FEWEST_LETTERS
        if names and is_known_by_it and len(set(names)) == len(names):
            yield literals, names


def _weight(form: _Form) -> int:
    return len("".join(form[0]))


def _fields(said: str, literals: list[str]) -> list[str] | None:
    """Return what stands between the literals, from the left; None if they aren't all there.

    Each is looked for once, so that a made-up text costs no more than its length.
    """
    first, *between, last = literals
    if not (said.startswith(first) and said.endswith(last)):
        return None
    end = len(said) - len(last)
    begin, fields = len(first), []
    for literal in between:
        at = said.find(literal, begin + 1, end)
        if at < 0 or not literal:
            return None
        fields.append(said[begin:at])
        begin = at + len(literal)
    return [*fields, said[begin:end]] if begin < end else None


@lru_cache(maxsize=1)
def _hearing() -> Hearing:
    return Hearing(HERE)


@lru_cache(maxsize=_KEPT)
def _heard(said: str) -> str:
    return _hearing().hear(said)


def heard(said: str) -> str:
    """Return what the engine said in the language of this process."""
    return said if HERE.is_english else _heard(said)
