"""The order of the chats and what their lines say."""

from __future__ import annotations

from datetime import UTC, timedelta

from msgspec.structs import replace

from restante.client.interface import ContactState, Conversation, GroupLine, MessageState, Trust
from restante.client.tui.chat_rows import Part, preview_line, title_line
from restante.client.tui.chats import Chats
from restante.client.tui.glyphs import UNICODE
from restante.client.tui.page import Page
from restante.client.tui.wrap import cells
from tests.tui.scenes import village
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.scripted_parts import NOW

PAGE = Page(width=28, glyphs=UNICODE, zone=UTC, now=NOW)


def chats_of(engine: ScriptedEngine) -> Chats:
    chats = Chats(lambda: NOW)
    chats.replace(engine._conversation(person) for person in engine.people.values())
    return chats


def conversation(name: str, engine: ScriptedEngine) -> Conversation:
    return next(c for c in chats_of(engine).every() if c.title.startswith(name))


def text(parts: list[Part]) -> str:
    return "".join(part for part, _ in parts)


def test_the_newest_message_is_first_and_the_blocked_are_last() -> None:
    engine = village()
    alice = next(iter(reversed(engine.people)))
    engine.people[alice].state = ContactState.BLOCKED
    titles = [c.title for c in chats_of(engine).every()]
    assert titles[0].startswith("kim@")
    assert titles[-1] == "Alice Rivera"


def test_who_has_just_been_added_is_first() -> None:
    engine = village()
    chats = chats_of(engine)
    key = engine.person("new@relay.example")
    chats.update(engine._conversation(engine.people[key]))
    assert chats.every()[0].key == key


def test_a_change_without_a_message_moves_nothing() -> None:
    engine = village()
    chats = chats_of(engine)
    before = [c.key for c in chats.every()]
    chats.update(replace(chats.every()[3], trust=Trust.VERIFIED))
    assert [c.key for c in chats.every()] == before


def test_unread_counts_leave_the_blocked_out() -> None:
    engine = village()
    assert chats_of(engine).unread_count == 3
    for person in engine.people.values():
        person.state = ContactState.BLOCKED
    assert chats_of(engine).unread_count == 0


def test_every_line_is_exactly_as_wide_as_the_list() -> None:
    engine = village()
    for width in range(12, 60):
        page = Page(width=width, glyphs=UNICODE, zone=UTC, now=NOW)
        for line in chats_of(engine).every():
            assert cells(text(title_line(line, page))) == width
            assert cells(text(preview_line(line, page, None))) == width


def test_a_line_says_who_when_what_and_how_much() -> None:
    alice = conversation("Alice", village())
    assert text(title_line(alice, PAGE)) == " Alice Rivera ✔        14:33"
    assert text(preview_line(alice, PAGE, None)).rstrip().endswith("…     2")


def test_signs_tell_requests_changed_keys_and_verified_contacts_apart() -> None:
    engine = village()
    signs = {
        name: text(title_line(conversation(name, engine), PAGE))
        for name in ("kim", "Bob", "Mum", "Noor")
    }
    assert " + " in signs["kim"]
    assert "Bob ! " in signs["Bob"]
    assert "Mum ✔ " in signs["Mum"]
    assert "Noor  " in signs["Noor"]


def test_a_draft_stands_before_the_last_message() -> None:
    shown = text(preview_line(conversation("Noor", village()), PAGE, "  I think\nso"))
    assert shown.strip() == "✎ Draft: I think so"


def test_what_was_not_sent_is_said_in_the_list_too() -> None:
    engine = ScriptedEngine()
    key = engine.person("bob@relay.example", "Bob")
    engine.hear(key, "hi", is_me=True, state=MessageState.FAILED, ago=timedelta(minutes=2))
    assert "! Not sent. hi" in text(preview_line(conversation("Bob", engine), PAGE, None))


def test_a_request_shows_nothing_of_its_text() -> None:
    shown = text(preview_line(conversation("kim", village()), PAGE, None))
    assert "printers" not in shown


def a_group(key: str, title: str, engine: ScriptedEngine, **more: object) -> Conversation:
    line = GroupLine(
        description="",
        member_count=2,
        role="member",
        may_post=True,
        is_space="space" not in more,
        space=None,
    )
    alice = conversation("Alice", engine)
    group = replace(line, **more) if more else line
    return replace(alice, key=key, title=title, trust=Trust.UNVERIFIED, last=None, group=group)


def test_a_spaces_channels_stand_below_it_by_category_and_move_with_it() -> None:
    engine = village()
    chats = chats_of(engine)
    chats.update(a_group("club", "Club", engine))
    chats.update(a_group("b", "walks", engine, space="club", category="Outside", position=1))
    chats.update(a_group("c", "swims", engine, space="club", category="Outside", position=2))
    chats.update(a_group("a", "news", engine, space="club"))
    chats.update(a_group("x", "elsewhere", engine, space="unknown"))
    newest = conversation("Alice", engine).last
    assert newest is not None
    said = replace(newest, sent_at="2099-01-01T00:00:00Z")
    walks = replace(chats.get("b") or a_group("b", "walks", engine), last=said)
    chats.update(walks)
    keys = [each.key for each in chats.every()]
    assert keys[:4] == ["club", "a", "b", "c"]
    assert "x" in keys
    assert text(title_line(walks, PAGE)).startswith("   # walks")
    for width in range(14, 60):
        page = Page(width=width, glyphs=UNICODE, zone=UTC, now=NOW)
        assert cells(text(title_line(walks, page))) == width
        assert cells(text(preview_line(walks, page, None))) == width
