"""Who is meant by an `@name` in a text that is written here.

Rule: the longest name that fits wins, without regard to case: a petname, an address, or the name in
front of an address; what fits several people names nobody, and is text as it stands. Pure.
Spec: docs/protocol/content.md, section 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from restante.protocol.content import EVERYBODY, MAX_MENTIONS, Mention

if TYPE_CHECKING:
    from restante.store.client_contacts import ContactRow

ALL: Final = "all"
"""Names everybody in a group, for whom its rules let."""

_AT: Final = re.compile(r"(?<![\w@.])@(?=\w)")


def find_mentions(
    text: str,
    people: Iterable[ContactRow],
    *,
    may_name_all: bool = False,
    kept: Mapping[str, bytes] | None = None,
) -> list[Mention]:
    """Return the stretches of a text that name somebody, `@` included, from left to right.

    `kept`: what a text said before it was edited, folded and without the `@`, means what it meant.
    """
    if "@" not in text:
        return []
    names = _names(people)
    if may_name_all:
        names[ALL] = None if ALL in names else EVERYBODY
    names.update(kept or {})
    longest = max(map(len, names), default=0)
    found: list[Mention] = []
    for at in _AT.finditer(text):
        start = at.end()
        for length in range(min(longest, len(text) - start), 0, -1):
            account = names.get(text[start : start + length].casefold())
            if account is not None and not _goes_on(text, start + length):
                found.append(Mention(start=at.start(), length=length + 1, account=account))
                break
    return found[:MAX_MENTIONS]


def _names(people: Iterable[ContactRow]) -> dict[str, bytes | None]:
    """Return whom each name means; None for one that means several."""
    names: dict[str, bytes | None] = {}
    for row in people:
        for name in {row.petname, row.address, row.address.partition("@")[0]} - {None, ""}:
            folded = str(name).casefold()
            known = names.get(folded, row.account_id)
            names[folded] = row.account_id if known == row.account_id else None
    return names


def _goes_on(text: str, end: int) -> bool:
    """Whether a word, or an address, goes on where a name would end."""
    rest = text[end : end + 2]
    return bool(rest) and (rest[0].isalnum() or rest[0] in "_@")
