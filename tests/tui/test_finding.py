"""What was said is found here, in all chats and by date, and shown where it stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from restante.client.interface import Resync
from restante.client.tui.asked import read_asked
from restante.client.tui.chats import Chats
from restante.client.tui.dates import moment_to_come, past_day
from restante.client.tui.found_lines import found_lines
from restante.client.tui.fuzzy import ranked
from restante.client.tui.matches import Matches, excerpt
from tests.tui.scenes import minutes, village
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import WIDE, Teller, stage, tell

NOW = datetime(2026, 6, 4, 14, 36, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        ("creme", "Crème brûlée", ["Crème"]),
        ("BRU", "Crème brûlée", ["brûlée"]),
        ("cre\u0300me", "a crème", ["crème"]),
        ("the harbour", "the other harbours", ["the", "harbours"]),
        ("harbour the", "the other harbours", ["the"]),
        ("is", "is this it", ["is"]),
        ("日", "日本語 日", ["日本語", "日"]),
        ("o'clock", "5 o'clock", ["o", "clock"]),
        ("", "anything", []),
    ],
)
def test_words_are_marked_as_they_are_found(words: str, text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in Matches(words).spans(text)] == found


def test_an_excerpt_shows_its_match() -> None:
    line = "We said a great many things before " * 5 + "the harbour came into sight at last"
    spans = Matches("harbour").spans(line)
    part = excerpt(line, spans, 40, ellipsis="…")
    assert "harbour" in part
    assert part.startswith("…")
    assert len(part) <= 40
    assert excerpt("short harbour", Matches("harbour").spans("short harbour"), 40, ellipsis="…")
    assert excerpt("x" * 90, [(80, 90)], 30, ellipsis="…").startswith("…")
    assert len(excerpt(line, [], 40, ellipsis="…")) <= 40


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("today", "2026-06-04"),
        ("Yesterday", "2026-06-03"),
        ("monday", "2026-06-01"),
        ("thu", "2026-05-28"),
        ("-3d", "2026-06-01"),
        ("3 weeks ago", "2026-05-14"),
        ("4 june", "2026-06-04"),
        ("5. June", "2025-06-05"),
        ("4 june 2020", "2020-06-04"),
        ("2026-11-04", "2026-11-04"),
        ("2025-11", "2025-11-01"),
        ("2024", "2024-01-01"),
        ("2024-13", None),
        ("31 june", None),
        ("29 feb", None),
        ("m", None),
        ("soon", None),
        ("-99999w", None),
        ("1066", None),
    ],
)
def test_days_gone_by_are_read_as_people_write_them(typed: str, day: str | None) -> None:
    found = past_day(typed, NOW, UTC)
    assert (found and f"{found:%Y-%m-%d}") == day


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("+90m", "2026-06-04 16:06"),
        ("in 2 hours", "2026-06-04 16:36"),
        ("18:30", "2026-06-04 18:30"),
        ("6 pm", "2026-06-04 18:00"),
        ("9", "2026-06-05 09:00"),
        ("tomorrow", "2026-06-05 09:00"),
        ("tomorrow, at 7 pm", "2026-06-05 19:00"),
        ("monday 9", "2026-06-08 09:00"),
        ("thursday 9", "2026-06-11 09:00"),
        ("4 june 9:00", "2027-06-04 09:00"),
        ("2026-11-22 08:00", "2026-11-22 08:00"),
        ("2026-06-04 09:00", None),
        ("yesterday", None),
        ("13:99", None),
        ("13 pm", None),
        ("2026-11", None),
        ("", None),
        ("soon", None),
    ],
)
def test_moments_to_come_are_read_as_people_write_them(typed: str, moment: str | None) -> None:
    found = moment_to_come(typed, NOW, UTC)
    assert (found and f"{found:%Y-%m-%d %H:%M}") == moment


async def test_what_narrows_a_search_is_read_or_named_as_wrong() -> None:
    engine = village()
    chats = await _conversations(engine)
    keys = {each.title: each.key for each in chats}

    def asked(typed: str) -> tuple[str, dict[str, str], str | None]:
        read = read_asked(typed, chats, now=NOW, zone=UTC)
        return read.words, read.wanted, read.fault

    assert asked("the draft") == ("the draft", {}, None)
    assert asked('from:rivera the in:"Alice R" draft') == (
        "the draft",
        {"sender": keys["Alice Rivera"], "conversation": keys["Alice Rivera"]},
        None,
    )
    assert asked("from:me type:li")[1] == {"sender": "self", "type": "link"}
    assert asked("on:yesterday x")[1] == {
        "since": "2026-06-03T00:00:00Z",
        "before": "2026-06-04T00:00:00Z",
    }
    assert asked("since: 10:30 http://x from:") == ("10:30 http://x", {}, None)
    for wrong in ("from:zoe", "type:colour", "before:soon"):
        assert asked(wrong)[2]
    assert read_asked("since:monday", chats, now=NOW, zone=UTC).is_nothing


async def _conversations(engine: ScriptedEngine) -> list:  # type: ignore[type-arg]
    return [engine._conversation(person) for person in engine.people.values()]


def a_long_talk() -> tuple[ScriptedEngine, str]:
    engine = ScriptedEngine(address="sam@relay.example")
    noor = engine.person("noor@relay.example", "Noor")
    engine.hear(noor, "the harbour master called", ago=timedelta(days=30), is_read=True)
    bob = engine.person("bob@relay.example", "Bob")
    for number in range(300):
        said = "see you at the harbour" if number in {20, 150, 290} else f"line {number}"
        engine.hear(bob, said, ago=timedelta(hours=300 - number), is_read=True)
    return engine, bob


async def test_a_chat_is_searched_from_match_to_match_and_stays_where_that_was() -> None:
    engine, _ = a_long_talk()

    async def story(t: Teller) -> None:
        await t.begun("Bob")
        await t.press("enter")
        await t.until_shown("line 299")
        await t.press("ctrl+f")
        await t.type("harb")
        await t.until_shown("1 of 3", "line 289", "see you at the harbour")
        await t.press("enter")
        await t.until_shown("2 of 3", "line 149", "line 151")
        await t.press("up")
        await t.until_shown("3 of 3", "line 19", "line 21")
        await t.press("down")
        await t.until_shown("2 of 3", "line 149")
        await t.press("escape")
        await t.until_gone("2 of 3")
        selected = t.app._main.selected
        assert selected is not None
        assert selected.body == "see you at the harbour"
        assert "line 149" in t.screen_text()

    await tell(engine, story)


async def test_what_a_chat_lacks_is_searched_in_all_and_shown_in_its_place() -> None:
    engine, bob = a_long_talk()

    async def story(t: Teller) -> None:
        await t.begun("Bob")
        await t.press("enter")
        await t.until_shown("line 299")
        await t.press("ctrl+f")
        await t.type("master")
        await t.until_shown("No match for 'master'. Tab to search all chats.")
        await t.press("tab")
        await t.until_shown("Search all chats", "1 message", "Noor")
        await t.press("enter")
        await t.until_gone("Search all chats")
        await t.until_shown("Message Noor", "the harbour master called")
        await t.until(lambda: t.app._main.selected is not None, "the message is selected")
        await t.press("ctrl+t")
        await t.type("line")
        await t.until_shown("30 and more, the newest first", "line 299")
        for _ in range(4):
            await t.press("pagedown")
        await t.until_shown("60 and more")
        await t.press("enter")
        await t.until_gone("Search all chats")
        await t.until(lambda: (chosen := t.app._main.selected) and chosen.conversation == bob)
        assert not engine.marked_read

    await tell(engine, story)


async def test_a_search_is_narrowed_and_says_what_is_wrong_or_not_there() -> None:
    engine = village()

    async def story(t: Teller) -> None:
        await t.begun("Alice Rivera")
        await t.press("ctrl+t")
        await t.until_shown("Type what was said", "from:alice")
        await t.type("from:me ")
        await t.until_shown("Fine, Friday it is.", "see you at the harbour")
        await t.type("frid")
        await t.until_shown("1 message")
        await t.type(" xyzzy")
        await t.until_shown("No match for 'from:me frid xyzzy'.")
        await t.type(" type:colour")
        await t.until_shown("There is no type 'colour'")
        await t.press("escape")
        await t.until_gone("Search all chats")

    await tell(engine, story, size=WIDE)


async def test_a_search_that_jumps_marks_nothing_read_that_was_not_seen() -> None:
    engine, bob = a_long_talk()
    engine.hear(bob, "brand new", ago=minutes(1))

    async def story(t: Teller) -> None:
        await t.begun("Bob")
        await t.press("ctrl+t")
        await t.type("in:bob before:-10d harbour")
        await t.until_shown("1 message")
        await t.press("enter")
        await t.until_shown("line 19", "line 21", "see you at the harbour")
        assert engine.people[bob].unread
        await t.press("end")
        await t.until(lambda: not engine.people[bob].unread, "the newest was seen")

    await tell(engine, story)


async def test_a_date_is_gone_to() -> None:
    engine, _ = a_long_talk()

    async def story(t: Teller) -> None:
        await t.begun("Bob")
        await t.press("enter")
        await t.until_shown("line 299")
        t.app._main.action_go_to_date()
        await t.until_shown("Go to a date")
        await t.type("-5d")
        await t.press("enter")
        await t.until_gone("Go to a date")
        await t.until_shown("line 180", "line 181")
        t.app._main.action_go_to_date()
        await t.until_shown("Go to a date")
        await t.type("soon")
        await t.press("enter")
        await t.until_shown("'soon' is no date")

    await tell(engine, story)


async def test_who_reads_further_up_stays_there_and_keeps_an_edit_when_all_is_read_again() -> None:
    engine, bob = a_long_talk()
    engine.hear(bob, "mine to edit", is_me=True)

    async def story(t: Teller) -> None:
        await t.begun("Bob")
        await t.press("enter")
        await t.until_shown("mine to edit")
        await t.press("up")
        await t.until_shown("Editing.")
        await t.type("!")
        t.app._main.pane.messages.go_to(150)
        await t.until_shown("line 149", "line 151")
        reads = len(engine.reads)
        engine._tell(Resync())
        await t.until(lambda: len(engine.reads) > reads, "all is read again")
        await t.pilot.pause()
        await t.until_shown("line 149", "line 151", "Editing.")
        assert t.app._main.pane.box.text == "mine to edit!"

    await tell(engine, story)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", ["Alice Rivera", "Zoë Ali", "Bob", "Noor"]),
        ("ali", ["Alice Rivera", "Zoë Ali"]),
        ("alcie", ["Alice Rivera", "Zoë Ali"]),
        ("RIV", ["Alice Rivera"]),
        ("ar", ["Alice Rivera"]),
        ("zoe", ["Zoë Ali"]),
        ("oo", ["Noor"]),
        ("relay", ["Bob"]),
        ("xq", []),
        ("bobbington the third", []),
    ],
)
def test_a_few_letters_find_a_name_also_with_one_of_them_wrong(
    typed: str, found: list[str]
) -> None:
    names = ("Alice Rivera", "Zoë Ali", "Bob", "Noor")
    other = {"Bob": "bob@relay.example"}
    assert ranked(typed, [(name, (name, other.get(name, name))) for name in names]) == found


def test_a_found_text_is_listed_without_its_marks() -> None:
    engine = ScriptedEngine(address="sam@relay.example")
    message = engine.hear(engine.person("bob@relay.example", "Bob"), "Is **that** the `draft`?")
    on = stage(engine)
    lines = found_lines(on, Chats(on.now), message, 60, words_wanted="draft").plain
    assert lines.endswith("Is that the draft?")
