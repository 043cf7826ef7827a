"""What a message shows beside its text: edits, reactions, a pin, mentions, a place, a card.

Rule: read from the message and its marks alone, the same for everybody who shows it. Pure.
Spec: docs/engine.md, section 13.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from restante.client.clock import rfc3339
from restante.client.grammar.ballots import choices_of, poll_in
from restante.client.grammar.folding import Folded, fold
from restante.client.grammar.mentions import ALL
from restante.client.grammar.reading import (
    one_line,
    read_edit,
    read_entry,
    read_file,
    shown_mentions,
)
from restante.client.grammar.timers import setting_of
from restante.client.imported import is_imported
from restante.client.interface import (
    Card,
    Mentioned,
    MentionReason,
    Place,
    Poll,
    PollOption,
    Reacted,
    Version,
)
from restante.errors import RemoteProtocolError
from restante.protocol.codec import decode
from restante.protocol.content import EVERYBODY, ContactCard, Content, Edit, Location, Text
from restante.protocol.text import printable
from restante.store.client_messages import ANSWERS_US, NAMES_ALL, NAMES_US

if TYPE_CHECKING:
    from restante.protocol.content import Mention
    from restante.store.client_marks import MarkRow
    from restante.store.client_messages import MessageRow

Named = Callable[[bytes], tuple[str, bool]]
"""What an account is called, empty if it isn't known, and whether it is our own."""

IsIn = Callable[[bytes, bytes], bool]
"""Whether an account (the second) can be named in a conversation (the first)."""

_CALLS: Final[tuple[tuple[int, MentionReason], ...]] = (
    (NAMES_US, "name"),
    (NAMES_ALL, "all"),
    (ANSWERS_US, "answer"),
)
_E7: Final = 10_000_000
_WITH_A_BODY: Final = frozenset({"text", "file", "location", "contact"})


def details(row: MessageRow, marks: Iterable[MarkRow], named: Named, is_in: IsIn) -> dict[str, Any]:
    """Return the fields of interface.Message that are not in the row itself."""
    found = list(marks)
    folded = fold(row, found) if found else Folded()
    shown: dict[str, Any] = {
        "edited": bool(folded.edits) and row.kind == "text",
        "edited_at": rfc3339(folded.edits[-1].at_ms) if folded.edits else None,
        "reactions": _reactions(folded, named),
        "pinned": folded.is_pinned,
        "timer_s": row.timer_s,
        "imported": is_imported(row),
        "gone_at": None if row.gone_at_ms is None else rfc3339(row.gone_at_ms),
        "mentions_me": [word for bit, word in _CALLS if row.calls & bit],
    }
    if row.kind == "setting":
        shown["sets_timer_s"] = setting_of(row)
    if row.kind == "poll":
        shown["poll"] = _poll(row, folded, named)
    if row.kind in _WITH_A_BODY:
        # A body that can't be read is another device's copy of one: its text is shown.
        with contextlib.suppress(RemoteProtocolError):
            shown |= _of_body(row, folded, named, is_in)
    return shown


def versions(row: MessageRow, marks: Iterable[MarkRow]) -> list[Version]:
    """Return what a message has said, oldest first; the last is what it says now."""
    edits = fold(row, marks).edits
    first = read_entry(Content.from_bytes(row.body)).text if edits else row.text
    shown = [Version(body=first, at=rfc3339(row.sent_at_ms))]
    for each in edits:
        with contextlib.suppress(RemoteProtocolError):  # another own device's copy of one
            shown.append(Version(body=read_edit(each.body).text, at=rfc3339(each.at_ms)))
    return shown


def effective_body(row: MessageRow, folded: Folded) -> bytes:
    """Return the body that holds now: the last edit's, else the message's own."""
    if folded.edits:
        return decode(Content.from_bytes(folded.edits[-1].body).body, Edit).body
    return Content.from_bytes(row.body).body


def _of_body(row: MessageRow, folded: Folded, named: Named, is_in: IsIn) -> dict[str, Any]:
    if row.kind == "text":
        if "@" not in row.text:
            return {}
        text = decode(effective_body(row, folded), Text)
        return {"mentions": _mentions(row, text.text, text.mentions, named, is_in)}
    if row.kind == "file":
        if "@" not in row.text:
            return {}
        file = read_file(row.body)
        return {"mentions": _mentions(row, file.caption, file.mentions, named, is_in)}
    body = effective_body(row, folded)
    if row.kind == "location":
        return {"location": _place(decode(body, Location), row, folded)}
    card = decode(body, ContactCard)
    name, _ = named(card.account)
    return {
        "card": Card(
            name=printable(card.name, multiline=False),
            address=printable(card.address, multiline=False),
            conversation=card.account.hex() if name else None,
        )
    }


def _mentions(
    row: MessageRow, text: str, mentions: Iterable[Mention], named: Named, is_in: IsIn
) -> list[Mentioned]:
    is_ours = row.received_at_ms is None
    found = []
    for mention in shown_mentions(text, mentions):
        if mention.account == EVERYBODY:
            if not (is_ours or row.calls & NAMES_ALL):
                continue  # its writer may not
            name, is_me = ALL, not is_ours
        elif is_in(row.conversation, mention.account):
            name, is_me = named(mention.account)
        else:
            continue
        found.append(Mentioned(start=mention.start, length=mention.length, name=name, is_me=is_me))
    return found


def _place(place: Location, row: MessageRow, folded: Folded) -> Place:
    at_ms = folded.edits[-1].at_ms if folded.edits else row.sent_at_ms
    return Place(
        latitude=place.latitude_e7 / _E7,
        longitude=place.longitude_e7 / _E7,
        accuracy_m=place.accuracy_m or None,
        label=printable(place.label, multiline=False),
        at=rfc3339(at_ms),
        live_until=rfc3339(place.live_until_s * 1000) if place.live_until_s else None,
    )


def _poll(row: MessageRow, folded: Folded, named: Named) -> Poll | None:
    poll = poll_in(row)
    if poll is None:
        return None
    people = [(choices_of(vote, poll), *named(vote.author)) for vote in folded.votes]
    return Poll(
        question=one_line(poll.question),
        options=[
            PollOption(
                text=one_line(text),
                count=sum(number in chosen for chosen, _, _ in people),
                names=[name for chosen, name, me in people if number in chosen and name and not me],
                is_mine=any(number in chosen and is_me for chosen, _, is_me in people),
            )
            for number, text in enumerate(poll.options)
        ],
        multiple=poll.is_multiple,
        voters=len(people),
        closes_at=rfc3339(poll.closes_at_s * 1000) if poll.closes_at_s else None,
        closed_at=None if folded.closing is None else rfc3339(folded.closing.at_ms),
    )


def _reactions(folded: Folded, named: Named) -> list[Reacted]:
    """Gather equal ones, those that were first there first."""
    by_emoji: dict[str, list[tuple[str, bool]]] = {}
    for reaction in folded.reactions:
        by_emoji.setdefault(reaction.value, []).append(named(reaction.author))
    return [
        Reacted(
            emoji=emoji,
            count=len(people),
            names=[name for name, is_me in people if not is_me and name],
            is_mine=any(is_me for _, is_me in people),
        )
        for emoji, people in by_emoji.items()
    ]
