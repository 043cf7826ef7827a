"""Votes of a poll and its end, in any order; what can't count any more is forgotten on the way."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from restante.client.grammar.ballots import Ballots, weigh
from restante.protocol.content import Kind
from restante.protocol.order import rank_at
from restante.protocol.poll import MAX_VOTES_KEPT
from restante.store.client_marks import MarkRow
from restante.store.client_messages import MessageRow
from tests.client.said import ALICE, BOB, NOW_MS, PHONE, content, poll
from tests.rounds import rounds

POLL = b"p" * 16
END_MS = NOW_MS + 30


def asked(*, closes_at_s: int, is_multiple: bool) -> MessageRow:
    sent = content(poll(is_multiple=is_multiple, closes_at_s=closes_at_s), id=POLL)
    return MessageRow(
        id=POLL,
        conversation=BOB,
        author=BOB,
        device_id=PHONE,
        counter=1,
        order_key=b"",
        rank=0,
        sent_at_ms=0,
        received_at_ms=None,
        kind="poll",
        text="",
        body=sent.to_bytes(),
        state="relayed",
        error=None,
        quote_id=None,
        quote_excerpt=None,
        expires_at_ms=None,
    )


def said(kind: Kind, author: bytes, number: int, rank: int, value: str = "") -> MarkRow:
    return MarkRow(
        id=number.to_bytes(16, "big"),
        conversation=BOB,
        target=POLL,
        kind=int(kind),
        author=author,
        device_id=PHONE,
        counter=0,
        rank=rank,
        at_ms=0,
        value=value,
        body=b"",
    )


@st.composite
def everything(draw: st.DrawFn) -> list[MarkRow]:
    """More votes of two people than are kept, and closings of both: Bob asked."""
    made = []
    # Few ranks, so that many are alike and the id decides; and all around the end.
    ranks = st.integers(NOW_MS, NOW_MS + 60).map(rank_at)
    for number in range(draw(st.integers(0, 3 * MAX_VOTES_KEPT))):
        author = draw(st.sampled_from([ALICE, BOB]))
        value = draw(st.sampled_from(["", "0", "1", "2", "0,2", "3", "11"]))
        made.append(said(Kind.VOTE, author, number, draw(ranks), value))
    for number in range(draw(st.integers(0, 3))):
        author = draw(st.sampled_from([ALICE, BOB]))
        made.append(said(Kind.POLL_CLOSED, author, 1000 + number, draw(ranks)))
    return made


def after_each(row: MessageRow, marks: list[MarkRow]) -> Ballots:
    """Return what counts when they came in this order, and what was moot was forgotten at once."""
    here: list[MarkRow] = []
    ballots = Ballots()
    for each in marks:
        here = sorted([*here, each], key=lambda mark: (mark.rank, mark.id))
        ballots = weigh(row, here)
        kept = {mark.id for mark in ballots.kept}
        here = [mark for mark in here if mark.id in kept]
    return ballots


@settings(max_examples=rounds(15, 20_000), deadline=None)
@given(everything(), st.booleans(), st.booleans(), st.randoms(use_true_random=False))
def test_any_order_counts_the_same(
    made: list[MarkRow], has_end: bool, is_multiple: bool, chance: random.Random
) -> None:
    row = asked(closes_at_s=-(-END_MS // 1000) if has_end else 0, is_multiple=is_multiple)
    at_once = weigh(row, sorted(made, key=lambda mark: (mark.rank, mark.id)))
    shuffled = [replace(each) for each in made]
    chance.shuffle(shuffled)
    in_any_order = after_each(row, shuffled)
    assert in_any_order.counted == at_once.counted
    assert in_any_order.closing == at_once.closing
    assert set(map(id_of, in_any_order.kept)) == set(map(id_of, at_once.kept))
    assert len({each.author for each in at_once.counted}) == len(at_once.counted)


def id_of(mark: MarkRow) -> bytes:
    return mark.id
