"""Messages that somebody made so that they cost seconds to show."""

from __future__ import annotations

from random import Random
from time import process_time

from restante.client.grammar.folding import MAX_EDITS, fold
from restante.client.grammar.reading import MAX_MENTION_CHARS, shown_mentions
from restante.protocol.content import MAX_MENTIONS, Mention
from restante.protocol.text import printable
from restante.store.client_marks import MarkRow
from tests.client.said import BOB, PHONE, content, edit, text
from tests.store.made_rows import made_message

# Each character has to be looked at, and something is dropped: all places move.
ODD = "\u202e" + "a\u0301é" * 14_000

MALLORY = bytes(16)


def test_many_mentions_at_the_end_of_a_long_text_cost_what_one_does() -> None:
    names = "@me " * MAX_MENTIONS
    words = ODD + names
    mentions = [
        Mention(start=len(ODD) + 4 * number, length=3, account=MALLORY)
        for number in range(MAX_MENTIONS)
    ]
    began = process_time()
    shown = printable(words, multiline=True)
    once = process_time() - began
    began = process_time()
    found = list(shown_mentions(words, mentions))
    assert process_time() - began < 10 * once
    assert [shown[each.start : each.start + each.length] for each in found] == ["@me"] * len(
        names[::4]
    )


def test_a_mention_of_half_a_book_names_nobody() -> None:
    words = ODD + "@me"
    long = Mention(start=1, length=MAX_MENTION_CHARS + 1, account=MALLORY)
    assert list(shown_mentions(words, [long] * MAX_MENTIONS)) == []


def test_a_hundred_long_edits_are_not_all_read_to_show_the_last() -> None:
    row = made_message(Random(1), conversation=BOB, author=BOB)
    marks = []
    for number in range(MAX_EDITS):
        said = content(edit(row.id, text(ODD[:20_000])), id=b"%d" % number, rank=(1 << 41) + number)
        marks.append(
            MarkRow(
                id=said.id,
                conversation=BOB,
                target=row.id,
                kind=said.kind,
                author=BOB,
                device_id=PHONE,
                counter=number,
                rank=said.rank,
                at_ms=0,
                value="",
                body=said.to_bytes(),
            )
        )
    began = process_time()
    printable(ODD[:20_000], multiline=True)
    once = process_time() - began
    began = process_time()
    folded = fold(row, marks)
    assert process_time() - began < 10 * once
    assert len(folded.edits) == MAX_EDITS
