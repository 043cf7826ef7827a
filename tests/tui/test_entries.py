"""How a message becomes lines."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest
from msgspec.structs import replace

from restante.client.interface import (
    Card,
    Mentioned,
    Message,
    MessageState,
    Place,
    Poll,
    PollOption,
    Quoted,
    Reacted,
)
from restante.client.tui.entries import Line, lay_out
from restante.client.tui.glyphs import ASCII, UNICODE, Glyphs
from restante.client.tui.page import Page
from restante.client.tui.roles import Role
from restante.client.tui.wrap import cells
from tests.tui.laid_out import lines
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.scripted_parts import NOW


def said(body: str, **changes: object) -> Message:
    engine = ScriptedEngine()
    key = engine.person("bob@relay.example", "Bob")
    return engine.hear(key, body, **changes)  # type: ignore[arg-type]


def test_the_first_message_stands_under_its_day() -> None:
    shown = lines(said("hello"))
    assert shown[0].strip("─ ") == "Tuesday 4 June"
    assert cells(shown[0]) == 40
    assert shown[1:] == ["", "Bob 14:36", "hello"]


def test_what_waits_says_why_as_soon_as_it_was_tried() -> None:
    waits = said("hello", is_me=True, state=MessageState.QUEUED, error="Their mailbox is full.")
    text, why = lines(waits)[-2:]
    assert (text.split(), why) == (["hello", "◔", "queued"], "! Their mailbox is full.")
    sent = said("hello", is_me=True, state=MessageState.RELAYED, error="Their mailbox is full.")
    assert "full" not in " ".join(lines(sent))


def test_the_same_sender_within_five_minutes_needs_no_second_heading() -> None:
    first = said("one", ago=timedelta(minutes=4))
    assert lines(said("two"), first) == ["two"]
    assert lines(said("two"), said("one", ago=timedelta(minutes=6))) == ["", "Bob 14:36", "two"]


def test_another_sender_has_a_heading_of_their_own() -> None:
    assert lines(said("mine", is_me=True), said("theirs"))[:2] == ["", "You 14:36"]


def test_a_new_day_has_a_divider() -> None:
    shown = lines(said("hi"), said("late", ago=timedelta(days=1)))
    assert shown[0] == ""
    assert "Tuesday 4 June" in shown[1]


def test_the_unread_divider_counts_and_is_a_line_wide() -> None:
    shown = lines(said("two"), said("one"), new_count=2)
    assert shown[0] == ""
    assert shown[1].strip("─ ") == "New · 2"
    assert cells(shown[1]) == 40


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (MessageState.QUEUED, "◔ queued"),
        (MessageState.AWAITING_ACCEPTANCE, "✓ awaiting acceptance"),
        (MessageState.RELAYED, "✓ sent"),
        (MessageState.DELIVERED, "✓✓ delivered"),
        (MessageState.READ, "✓✓ read"),
    ],
)
def test_how_far_a_message_came_is_a_glyph_and_a_word_at_the_right(
    state: MessageState, shown: str
) -> None:
    last = lines(said("hi", is_me=True, state=state))[-1]
    assert last.startswith("hi")
    assert last.endswith(shown)
    assert cells(last) == 40


def test_a_state_that_advances_never_moves_the_text() -> None:
    for length in range(1, 60):
        message = said("x" * length, is_me=True)
        heights = {
            len(lines(replace(message, state=state)))
            for state in (
                MessageState.QUEUED,
                MessageState.RELAYED,
                MessageState.DELIVERED,
                MessageState.READ,
            )
        }
        assert len(heights) == 1, length


def test_what_was_not_sent_says_why_and_what_to_do() -> None:
    message = said("hi", is_me=True, state=MessageState.FAILED, error="The mailbox is full.")
    shown = " ".join(lines(message)[-2:]).replace("\N{NO-BREAK SPACE}", " ")
    assert "! Not sent. The mailbox is full." in shown
    assert "r retry" in shown
    assert "d discard" in shown


def test_a_quote_has_no_marks_of_what_it_quotes() -> None:
    quote = Quoted(message="00", excerpt="```python def greet(): see **that** `name`")
    assert any(
        line.startswith("│ def greet(): see that name") for line in lines(said("y", quote=quote))
    )


def test_a_quote_is_one_line_that_ends_with_a_whole_word() -> None:
    quote = Quoted(message="00", excerpt="a rather long sentence that was said some time ago")
    shown = lines(said("yes", quote=quote))
    assert shown[3] == "│ a rather long sentence that was said…"


@pytest.mark.parametrize("kind", ["gap", "undecryptable", "unknown"])
def test_what_cannot_be_shown_says_so(kind: str) -> None:
    shown = lines(said("", kind=kind))
    assert any(word in " ".join(shown) for word in ("missing", "Can't read", "newer"))


def test_the_engine_s_own_sentence_is_preferred() -> None:
    message = said("", kind="undecryptable", error="Their device lost its keys.")
    assert "Their device lost its keys." in " ".join(lines(message))


def test_ascii_signs_stay_ascii() -> None:
    page = Page(width=40, glyphs=ASCII, zone=UTC, now=NOW)
    message = said("hi", is_me=True, state=MessageState.READ)
    shown = lines(message, page=page, new_count=1)
    assert "".join(shown).replace("·", "").isascii()  # the dot is drawn plain by PlainFilter


def test_lines_are_never_wider_than_the_page() -> None:
    quote = Quoted(message="00", excerpt="👍" * 40)
    for width in range(9, 60):
        page = Page(width=width, glyphs=UNICODE, zone=UTC, now=NOW)
        for message in (
            said("日本語 and words " * 8, quote=quote),
            said("mine " * 9, is_me=True, state=MessageState.AWAITING_ACCEPTANCE),
            said("mine", is_me=True, state=MessageState.FAILED, error="because " * 9),
            said("", kind="gap"),
        ):
            for line in lay_out(message, None, page, new_count=3).lines:
                assert sum(cells(text) for text, _ in line) <= width


def test_reactions_stand_beside_each_other_as_far_as_there_is_room() -> None:
    many = [
        Reacted(emoji=chr(0x1F600 + number), count=number + 1, names=[], is_mine=not number)
        for number in range(9)
    ]
    message = replace(said("hello"), reactions=many)
    for width in (8, 14, 40, 80):
        page = page_of(width)
        chips = [line for line in lay_out(message, None, page).lines if has_role(line, Role.CHIP)]
        assert all(sum(cells(text) for text, _ in line) <= width for line in chips)
        said_so = "".join(text for line in chips for text, _ in line)
        assert all(chr(0x1F600 + number) in said_so for number in range(9))


def page_of(width: int) -> Page:
    return Page(width=width, glyphs=UNICODE, zone=UTC, now=NOW)


def has_role(line: Line, role: Role) -> bool:
    return any(each is role for _, each in line)


def test_a_notice_says_when() -> None:
    assert lines(said("Noor made Bob an admin.", kind="notice"))[-1] == (
        "· Noor made Bob an admin.  14:36"
    )


def test_who_is_meant_is_marked_wherever_the_marks_were_left_out() -> None:
    body = "**really** @Noor and @sam, not `@Noor`"
    named = [
        Mentioned(start=11, length=5, name="Noor", is_me=False),
        Mentioned(start=21, length=4, name="sam", is_me=True),
        Mentioned(start=32, length=5, name="Noor", is_me=False),
    ]
    entry = lay_out(replace(said(body), mentions=named), None, page_of(60))
    assert [run for run in entry.lines[-1] if run[1] is not Role.BODY] == [
        ("really", Role.STRONG),
        ("@Noor", Role.MENTION),
        ("@sam", Role.MENTION_OF_ME),
        ("@Noor", Role.CODE),
    ]


def test_what_was_done_to_a_message_stands_below_it() -> None:
    message = replace(
        said("hello", is_me=True, state=MessageState.READ),
        edited=True,
        pinned=True,
        reactions=[
            Reacted(emoji="\N{THUMBS UP SIGN}", count=2, names=["Bob"], is_mine=True),
            Reacted(emoji="x\x1b[31m", count=1, names=["Bob"], is_mine=False),
        ],
        timer_s=86_400,
        gone_at="2024-06-05T09:05:00.000Z",
    )
    shown = lines(message, page=Page(width=80, glyphs=UNICODE, zone=UTC, now=NOW))
    assert shown[-3].endswith("✓✓ read")
    assert shown[-2] == " \N{THUMBS UP SIGN} 2 with you   x[31m 1 "
    assert shown[-1] == "pinned · edited · disappears Wednesday 5 June, 09:05"
    waiting = replace(message, gone_at=None, edited=False, pinned=False, reactions=[])
    assert lines(waiting)[-1] == "disappears 1 day after it was read"


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"kind": "deleted", "body": ""}, "· This message was deleted."),
        ({"kind": "setting", "sets_timer_s": 7200}, "to disappear 2 hours after they were read."),
        ({"kind": "setting", "sets_timer_s": 0}, "· Bob turned disappearing messages off."),
    ],
)
def test_what_is_no_text_is_a_notice(changes: dict[str, object], shown: str) -> None:
    message = replace(said("x"), **changes)  # type: ignore[arg-type]
    assert " ".join(" ".join(lines(message)).split()).endswith(f"{shown} 14:36")


def test_a_place_is_numbers_and_a_link() -> None:
    place = Place(
        latitude=52.52,
        longitude=13.405,
        accuracy_m=20,
        label="Caf\N{LATIN SMALL LETTER E WITH ACUTE}",
        at="2024-06-04T14:30:00.000Z",
        live_until="2024-06-04T15:30:00.000Z",
    )
    message = replace(said(""), kind="location", location=place)
    assert lines(message)[-4:] == [
        "Caf\N{LATIN SMALL LETTER E WITH ACUTE}",
        "Place: 52.52000, 13.40500 ±20 m",
        "live until 15:30, moved 6 minutes ago",
        "geo:52.52000,13.40500;u=20",
    ]
    over = replace(place, live_until="2024-06-04T14:00:00.000Z", accuracy_m=None, label="")
    assert lines(replace(message, location=over))[-3:] == [
        "Place: 52.52000, 13.40500",
        "as of 14:30, not live any more",
        "geo:52.52000,13.40500",
    ]


def test_a_card_names_somebody_and_says_what_enter_does() -> None:
    card = Card(name="Kim\x1b", address="kim@elsewhere.example", conversation=None)
    message = replace(said(""), kind="contact", card=card)
    assert lines(message)[-3:] == [
        "Contact: Kim",
        "kim@elsewhere.example",
        "Enter starts a chat with them.",
    ]
    known = replace(card, conversation="ab" * 16, name="")
    assert lines(replace(message, card=known))[-1] == "You know them. Enter opens the chat."


def a_poll(*counts: int, **changes: object) -> Message:
    names = ["Bob", "Carol", "Dave"]
    options = [
        PollOption(text=text, count=count, names=names[: count - (not at)], is_mine=not at)
        for at, (text, count) in enumerate(zip(("Monday", "Tuesday"), counts, strict=True))
    ]
    poll = Poll(
        question="Which day?",
        options=options,
        multiple=False,
        voters=sum(counts),
        closes_at=None,
        closed_at=None,
    )
    return replace(said("..."), kind="poll", poll=replace(poll, **changes))


def test_a_poll_says_how_it_stands_in_bars_figures_and_names() -> None:
    assert lines(a_poll(3, 1))[3:] == [
        "Poll: Which day?",
        "● 1 Monday",
        "    ████████████ 3  you, Bob, Carol",
        "○ 2 Tuesday",
        "    ████░░░░░░░░ 1  Bob",
        "4 have voted",
    ]
    over = lines(a_poll(1, 0, closed_at="2024-06-04T14:00:00.000Z", multiple=True))
    assert " ".join(over[-2:]) == "1 has voted · over · several can be chosen"
    ended = lines(a_poll(1, 0, closes_at="2024-06-04T14:36:00.000Z"))
    assert ended[-1] == "1 has voted · over"
    tomorrow = lines(a_poll(1, 0, closes_at="2024-06-05T09:00:00.000Z"))
    assert " ".join(tomorrow[-2:]) == "1 has voted · until Wednesday 5 June, 09:00"


@pytest.mark.parametrize("width", [9, 20, 96])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_a_poll_fits_any_width(width: int, glyphs: Glyphs) -> None:
    page = Page(width=width, glyphs=glyphs, zone=UTC, now=NOW)
    entry = lay_out(a_poll(3, 1), None, page)
    assert all(sum(cells(text) for text, _ in line) <= width for line in entry.lines)
