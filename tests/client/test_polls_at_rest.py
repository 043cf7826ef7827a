"""What votes and closings do to a poll in a profile: in any order, and from whoever may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.client.changes import Changes
from restante.client.grammar.shown import details
from restante.client.grammar.upgrading import KINDS, read_anew
from restante.errors import RemoteProtocolError
from restante.protocol.codec import encode
from restante.protocol.content import Deletion, Edit, Kind, Reaction
from restante.protocol.order import rank_at
from restante.protocol.poll import MAX_VOTES_KEPT, Poll, PollClosed, Vote
from restante.store.client_account import set_value
from restante.store.client_marks import marks_of
from restante.store.client_messages import message
from tests.client.said import ALICE, BOB, NOW_MS, arrive, content, poll, text
from tests.store.profiles import profile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from restante.client.interface import Poll as Shown
    from restante.store.client_rows import Rows

CAROL = b"carol-----------"
ASKED = b"asked".ljust(16, b"-")
NOW = rank_at(NOW_MS)


async def in_a_profile(folder: Path, claim: Callable[[Rows], None]) -> None:
    async with profile(folder) as opened:
        await opened.write(claim)


def ask(rows: Rows, body: Poll | None = None) -> None:
    arrive(rows, content(body or poll(), id=ASKED, rank=NOW))


def vote(
    rows: Rows, *choices: int, sent: bytes, rank: int, author: bytes = BOB, now_ms: int = NOW_MS
) -> None:
    body = Vote(message=ASKED, choices=list(choices))
    arrive(rows, content(body, id=sent, rank=rank), author=author, now_ms=now_ms)


def close(rows: Rows, *, sent: bytes, rank: int, author: bytes = BOB) -> None:
    arrive(rows, content(PollClosed(message=ASKED), id=sent, rank=rank), author=author)


def shown(rows: Rows) -> Shown:
    row = message(rows, ASKED)
    assert row is not None
    named = {ALICE: ("me", True), BOB: ("Bob", False)}
    found = details(
        row, marks_of(rows, ASKED), lambda who: named.get(who, ("", False)), lambda *_: True
    )
    poll_shown: Shown = found["poll"]
    return poll_shown


def counts(rows: Rows) -> list[int]:
    return [each.count for each in shown(rows).options]


async def test_a_poll_says_what_was_asked_and_who_has_chosen_what(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        ask(rows, poll(is_multiple=True, closes_at_s=NOW_MS // 1000 + 60))
        vote(rows, 0, 2, 2, sent=b"v1", rank=NOW + 1)
        vote(rows, 2, sent=b"v2", rank=NOW + 2, author=ALICE)
        row = message(rows, ASKED)
        assert row is not None
        assert (row.kind, row.text) == ("poll", "Which day?\n1. Monday\n2. Tuesday\n3. Friday")
        found = shown(rows)
        assert (found.question, found.multiple, found.voters) == ("Which day?", True, 2)
        assert [(each.text, each.count, each.names, each.is_mine) for each in found.options] == [
            ("Monday", 1, ["Bob"], False),
            ("Tuesday", 0, [], False),
            ("Friday", 2, ["Bob"], True),
        ]
        assert found.closes_at == "2027-01-15T08:01:00.000Z"

    await in_a_profile(tmp_path, claim)


async def test_the_last_choice_counts_and_none_takes_it_back(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        vote(rows, 1, sent=b"v2", rank=NOW + 2)  # before what it is about
        ask(rows)
        vote(rows, 0, sent=b"v1", rank=NOW + 1)
        assert counts(rows) == [0, 1, 0]
        vote(rows, sent=b"v3", rank=NOW + 3)
        assert (counts(rows), shown(rows).voters) == ([0, 0, 0], 0)

    await in_a_profile(tmp_path, claim)


@pytest.mark.parametrize("choices", [(0, 1), (3,), (0, 11)])
async def test_a_choice_that_cannot_be_made_is_none(
    tmp_path: Path, choices: tuple[int, ...]
) -> None:
    def claim(rows: Rows) -> None:
        ask(rows)
        vote(rows, 0, sent=b"v1", rank=NOW + 1)
        vote(rows, *choices, sent=b"v2", rank=NOW + 2)
        assert shown(rows).voters == 0

    await in_a_profile(tmp_path, claim)


async def test_what_is_said_past_the_end_changes_nothing(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        ask(rows)
        vote(rows, 0, sent=b"v1", rank=NOW + 1)
        vote(rows, 1, sent=b"v3", rank=NOW + 3)
        assert counts(rows) == [0, 1, 0]
        close(rows, sent=b"c", rank=NOW + 2)  # it comes late: the earlier vote counts again
        assert counts(rows) == [1, 0, 0]
        vote(rows, 2, sent=b"v4", rank=NOW + 4, author=ALICE)
        assert (counts(rows), shown(rows).closed_at is None) == ([1, 0, 0], False)

    await in_a_profile(tmp_path, claim)


async def test_a_poll_ends_at_its_time(tmp_path: Path) -> None:
    end_s = NOW_MS // 1000 + 60

    def claim(rows: Rows) -> None:
        ask(rows, poll(closes_at_s=end_s))
        vote(rows, 0, sent=b"v1", rank=rank_at(end_s * 1000) - 1)
        vote(rows, 1, sent=b"v2", rank=rank_at(end_s * 1000))
        assert counts(rows) == [1, 0, 0]

    await in_a_profile(tmp_path, claim)


async def test_only_who_asked_closes_a_poll(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        ask(rows)
        close(rows, sent=b"c1", rank=NOW + 1, author=ALICE)
        vote(rows, 0, sent=b"v1", rank=NOW + 2)
        assert (counts(rows), shown(rows).closed_at) == ([1, 0, 0], None)

    await in_a_profile(tmp_path, claim)


async def test_votes_from_elsewhere_and_from_far_ahead_count_for_nothing(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        ask(rows)
        body = Vote(message=ASKED, choices=[0])
        arrive(rows, content(body, id=b"c", rank=NOW), author=CAROL, conversation=CAROL)
        vote(rows, 0, sent=b"far", rank=rank_at(NOW_MS + 400 * 86_400_000))
        assert counts(rows) == [0, 0, 0]

    await in_a_profile(tmp_path, claim)


async def test_of_a_member_who_votes_for_ever_few_votes_are_kept(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        ask(rows)
        for number in range(MAX_VOTES_KEPT + 5):
            vote(rows, number % 3, sent=b"%04d" % number, rank=NOW + number)
        assert len(marks_of(rows, ASKED)) == MAX_VOTES_KEPT
        assert shown(rows).voters == 1

    await in_a_profile(tmp_path, claim)


async def test_a_poll_is_never_edited_and_can_be_deleted(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        ask(rows)
        vote(rows, 0, sent=b"v", rank=NOW + 1)
        arrive(rows, content(Reaction(message=ASKED, emoji="👍"), id=b"r"))
        other = Edit(message=ASKED, kind=int(Kind.POLL), body=encode(poll("Never", "Always")))
        arrive(rows, content(other, id=b"e"))
        assert [each.text for each in shown(rows).options] == ["Monday", "Tuesday", "Friday"]
        arrive(rows, content(Deletion(message=ASKED), id=b"d"))
        row = message(rows, ASKED)
        assert row is not None
        assert (row.kind, row.text, row.body) == ("deleted", "", b"")
        assert [each.kind for each in marks_of(rows, ASKED)] == [Kind.DELETION]

    await in_a_profile(tmp_path, claim)


@pytest.mark.parametrize(
    "body",
    [
        ["Which?", ["only one"], False, 0],
        ["Which?", [str(each) for each in range(13)], False, 0],
        ["Which?", ["a", "b" * 101], False, 0],
        ["W" * 301, ["a", "b"], False, 0],
        ["", ["a", "b"], False, 0],
        ["Which?", ["a", ""], False, 0],
        ["Which?", ["a", "b"], 2, 0],
        ["Which?", ["a", "b"], False, -1],
    ],
)
async def test_a_poll_past_its_bounds_is_malformed(tmp_path: Path, body: list[object]) -> None:
    def claim(rows: Rows) -> None:
        sent = content(text("?"), id=ASKED, kind=int(Kind.POLL), body=encode(body))
        with pytest.raises(RemoteProtocolError):
            arrive(rows, sent)
        twelve = content(text("?"), id=b"v", kind=int(Kind.VOTE), body=encode([ASKED, [12]]))
        with pytest.raises(RemoteProtocolError):
            arrive(rows, twelve)

    await in_a_profile(tmp_path, claim)


async def test_a_poll_that_an_older_version_kept_is_read_with_its_votes(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        voted = content(Vote(message=ASKED, choices=[1]), id=b"v", rank=NOW + 1)
        for sent in (voted, content(poll(), id=ASKED, rank=NOW)):
            # As a version filed it that knew neither.
            arrive(rows, content(text("x"), id=sent.id, kind=98))
            rows._connection.execute(
                "UPDATE messages SET body = ? WHERE id = ?", (sent.to_bytes(), sent.id)
            )
        set_value(rows, "known_kinds", KINDS[:-1])
        read_anew(rows, Changes(), now_ms=NOW_MS)
        assert counts(rows) == [0, 1, 0]
        assert message(rows, voted.id) is None

    await in_a_profile(tmp_path, claim)
