"""Which votes of a poll count, in whatever order they came. Pure.

    of each member   the greatest vote (rank, id) that isn't past the end; an empty one is none
    the end          the time that the poll says, and the least (rank, id) at which its author
                     closed it

Rule: the result is a function of the set alone. An earlier vote may have to count again, when it
turns out that the later ones came past the end; so the greatest few of each member are kept, and
of those alone one can count. Spec: docs/protocol/content.md, section 10.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from restante.errors import RemoteProtocolError
from restante.protocol.codec import decode
from restante.protocol.content import Content, Kind
from restante.protocol.order import rank_at
from restante.protocol.poll import MAX_VOTES_KEPT, Poll
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.store.client_marks import MarkRow
    from restante.store.client_messages import MessageRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballots:
    """A poll's votes. `counted` is one of each member who has chosen something, in order."""

    counted: tuple[MarkRow, ...] = ()
    closing: MarkRow | None = None
    kept: tuple[MarkRow, ...] = ()
    """What still decides something, the closing included."""


def weigh(row: MessageRow, marks: Iterable[MarkRow]) -> Ballots:
    """Weigh what was said of a message that is a poll, or isn't known yet; in order (rank, id)."""
    by_author: dict[bytes, list[MarkRow]] = defaultdict(list)
    closing: MarkRow | None = None
    for each in marks:
        if each.kind == Kind.VOTE:
            by_author[each.author].append(each)
        elif each.kind == Kind.POLL_CLOSED and each.author == row.author and closing is None:
            closing = each
    kept = [each for votes in by_author.values() for each in votes[-MAX_VOTES_KEPT:]]
    if closing is not None:
        kept.append(closing)
    poll = poll_in(row) if row.kind == "poll" and by_author else None
    if poll is None:
        return Ballots(closing=closing, kept=tuple(kept))
    latest = (_latest(votes[-MAX_VOTES_KEPT:], poll, closing) for votes in by_author.values())
    counted = [each for each in latest if each is not None and choices_of(each, poll)]
    return Ballots(counted=tuple(sorted(counted, key=_place)), closing=closing, kept=tuple(kept))


def poll_in(row: MessageRow) -> Poll | None:
    """Return the poll that a message is; None if it can't be read: another device's copy of one."""
    try:
        return decode(Content.from_bytes(row.body).body, Poll)
    except RemoteProtocolError:
        return None


def choices_of(vote: MarkRow, poll: Poll) -> tuple[int, ...]:
    """Return which options a vote is for, from 0; none if it can't be one of this poll."""
    chosen = tuple(int(each) for each in vote.value.split(",") if each)
    is_sound = all(each < len(poll.options) for each in chosen)
    return chosen if is_sound and (poll.is_multiple or len(chosen) <= 1) else ()


def _latest(votes: list[MarkRow], poll: Poll, closing: MarkRow | None) -> MarkRow | None:
    in_time = [
        each
        for each in votes
        if (closing is None or _place(each) < _place(closing))
        and (not poll.closes_at_s or each.rank < rank_at(poll.closes_at_s * 1000))
    ]
    return in_time[-1] if in_time else None


def _place(mark: MarkRow) -> tuple[int, bytes]:
    return mark.rank, mark.id
