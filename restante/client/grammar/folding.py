"""What follows from all the marks of a message, in whatever order they came. Pure.

    edits        its author's; the one with the greatest (rank, id) counts, the others are history
    a deletion   its author's; wins over everything
    reactions    of each author the greatest; an empty one takes it back
    a pin        of anybody's the greatest
    votes        of a poll: see `ballots`

Rule: the result is a function of the set alone; marks that can never count again are named, so that
whoever keeps them may forget them. Spec: docs/protocol/content.md, C15 and C16.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from restante.client.grammar.ballots import Ballots, weigh
from restante.client.grammar.reading import edited_kind
from restante.errors import RemoteProtocolError
from restante.protocol.content import CHANGES, Kind
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.store.client_marks import MarkRow
    from restante.store.client_messages import MessageRow

MAX_EDITS: Final = 100
"""Edits kept of a message, the last ones; of a place only the last, which is where it is."""

CHANGEABLE: Final = frozenset({"text", "location"})
"""Kinds of entries that an edit may change."""

ERASABLE: Final = frozenset({"text", "file", "location", "contact", "poll", "unknown", "deleted"})
"""Kinds of entries that can be deleted, reacted to and pinned. A setting isn't one: it holds."""

GONE_MARK: Final = 1000
"""A mark of our own making: its message's time was over here, and it must not come back."""

READ_MARK: Final = 1001
"""A mark of our own making: another own device read its message, which isn't here yet."""

_WIRE: Final = frozenset(map(int, CHANGES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A message's marks as they count. `edits` and `reactions` in the order of (rank, id)."""

    is_deleted: bool = False
    edits: tuple[MarkRow, ...] = ()
    reactions: tuple[MarkRow, ...] = ()
    is_pinned: bool = False
    votes: tuple[MarkRow, ...] = ()
    closing: MarkRow | None = None
    moot: frozenset[bytes] = frozenset()
    """Ids of marks that count for nothing, and never will."""


def fold(row: MessageRow, marks: Iterable[MarkRow]) -> Folded:
    """Fold the marks of one message. Marks of another conversation say nothing of this one."""
    ours = sorted((each for each in marks if each.kind in _WIRE), key=_place)
    valid = [each for each in ours if each.conversation == row.conversation]
    if row.kind not in ERASABLE:
        return Folded(moot=_moot(ours, []))
    deletions = [each for each in valid if each.kind == Kind.DELETION and each.author == row.author]
    if deletions or row.kind == "deleted":
        return Folded(is_deleted=True, moot=_moot(ours, deletions[-1:]))
    edits = [each for each in valid if each.kind == Kind.EDIT and each.author == row.author]
    if row.kind != "unknown":
        edits = [each for each in edits if row.kind in CHANGEABLE and _kind_of(each) == row.kind]
    edits = edits[-1:] if row.kind == "location" else edits[-MAX_EDITS:]
    latest = {each.author: each for each in valid if each.kind == Kind.REACTION}
    pins = [each for each in valid if each.kind == Kind.PIN][-1:]
    reactions = sorted(latest.values(), key=_place)
    ballots = weigh(row, valid) if row.kind in {"poll", "unknown"} else Ballots()
    return Folded(
        edits=tuple(edits),
        reactions=tuple(each for each in reactions if each.value),
        is_pinned=bool(pins and pins[0].value),
        votes=ballots.counted,
        closing=ballots.closing,
        moot=_moot(ours, [*edits, *reactions, *pins, *ballots.kept]),
    )


def _place(mark: MarkRow) -> tuple[int, bytes]:
    return mark.rank, mark.id


def _moot(all_marks: list[MarkRow], counts: list[MarkRow]) -> frozenset[bytes]:
    return frozenset(each.id for each in all_marks) - {each.id for each in counts}


def _kind_of(edit: MarkRow) -> str | None:
    try:
        return edited_kind(edit.body)  # not all of it: a hundred long ones take seconds to read
    except RemoteProtocolError:
        return None
