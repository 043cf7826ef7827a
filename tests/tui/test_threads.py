"""A thread opens beside the chat, or in its place where there is no room; what names one is in
one list."""

from __future__ import annotations

from pathlib import Path

import pytest

from restante.client.interface import Message, MessageChanged, TypingChanged
from restante.client.tui.completion import member_offers
from tests.tui.scenes import minutes
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import WIDE, Teller, tell
from tests.tui.village import a_member, a_village

NARROW = (60, 24)


def a_talk() -> tuple[ScriptedEngine, str, Message]:
    engine = ScriptedEngine(address="sam@relay.example")
    bob = engine.person("bob@relay.example", "Bob")
    first = engine.hear(bob, "Lunch on Friday?", ago=minutes(30), is_read=True)
    engine.hear(bob, "And the map is here", ago=minutes(20), is_read=True)
    engine.answered(first, "Where?", ago=minutes(10), is_me=True)
    return engine, bob, first


async def to_first(t: Teller) -> None:
    """Put the cursor on the first message."""
    await t.begun("Bob")
    await t.press("enter")
    await t.until_shown("Message Bob", "↳ 1 answer")
    await t.press("ctrl+up", "g")
    selected = "Lunch on Friday?"
    await t.until(lambda: (found := t.app._main.selected) and found.body == selected)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_thread_opens_is_answered_and_left(size: tuple[int, int]) -> None:
    engine, bob, first = a_talk()

    async def story(t: Teller) -> None:
        await to_first(t)
        await t.press("t")
        await t.until_shown("Thread · 1 answer", "Answer in this thread", "Where?")
        if size == WIDE:
            await t.until_shown("And the map is here")
        else:
            await t.until_gone("And the map is here")
        await t.until(lambda: t.app._main.thread.box.has_focus)
        await t.paste("At Noor's")
        await t.press("enter")
        await t.until_shown("Thread · 2 answers", "At Noor's")
        sent = engine.people[bob].messages[-1]
        assert sent.quote is not None
        assert (sent.body, sent.quote.message) == ("At Noor's", first.id)
        engine.answered(sent, "Then at one")
        await t.until_shown("Thread · 3 answers", "Then at one")
        engine.hear(bob, "By the way")
        await t.press("escape")
        await t.until_shown("By the way", "↳ 3 answers", "Message Bob")
        await t.until(lambda: t.app._main.pane.box.has_focus)
        assert "Thread ·" not in t.screen_text()

    await tell(engine, story, size=size)


async def test_files_that_are_sent_from_a_threads_box_are_answers_in_it(tmp_path: Path) -> None:
    engine, bob, first = a_talk()
    plan = tmp_path / "plan.odt"
    plan.write_bytes(b"x")

    async def story(t: Teller) -> None:
        await to_first(t)
        await t.press("t")
        await t.until_shown("Answer in this thread")
        await t.until(lambda: t.app._main.thread.box.has_focus)
        await t.type("at two")
        await t.paste(str(plan))
        await t.until_shown("Send it, with what is in the box below it")
        await t.press("down", "enter")
        await t.until_shown("Thread · 2 answers", "File: plan.odt", "at two")
        await t.until(lambda: not t.app._main.thread.box.text)
        t.app._main.action_send_file()
        await t.until_shown("Where it is")
        await t.paste(str(plan))
        await t.press("enter")
        await t.until_shown("Thread · 3 answers")
        by_paste, typed = engine.people[bob].messages[-2:]
        assert by_paste.quote
        assert typed.quote
        assert (by_paste.quote.message, typed.quote.message) == (first.id, first.id)

    await tell(engine, story, size=WIDE)


async def test_what_is_written_in_a_thread_stays_there() -> None:
    engine, bob, first = a_talk()

    async def story(t: Teller) -> None:
        await to_first(t)
        await t.press("t")
        await t.until_shown("Answer in this thread")
        await t.paste("half an answer")
        await t.press("escape")
        await t.until(lambda: engine.thread_drafts == {first.id: "half an answer"})
        assert engine.people[bob].draft == ""
        engine.thread_drafts[first.id] = "half an answer, and more on another device"
        await t.press("ctrl+up", "g", "t")
        await t.until_shown("and more on another device")
        await t.until(lambda: t.app._main.thread.box.has_focus)
        await t.press("enter")
        await t.until(lambda: engine.people[bob].messages[-1].body.endswith("another device"))
        await t.until(lambda: engine.thread_drafts == {first.id: ""})

    await tell(engine, story, size=WIDE)


async def test_another_chat_closes_the_thread_and_a_refusal_keeps_the_text() -> None:
    engine, bob, _ = a_talk()
    kim = engine.person("kim@relay.example", "Kim")
    engine.hear(kim, "Hello", ago=minutes(40), is_read=True)

    async def story(t: Teller) -> None:
        await to_first(t)
        await t.press("t")
        await t.until_shown("Answer in this thread")
        t.app._main.thread.box.text = "x" * 60_001
        await t.press("enter")
        await t.until_shown("longer than 60,000 bytes")
        await t.until(lambda: t.app._main.thread.box.text == "x" * 60_001, "it is back")
        t.app._main.thread.box.text = ""
        t.app._main.open_conversation(kim)
        await t.until_shown("Message Kim", "Hello")
        await t.until(lambda: t.app._main.thread.thread is None)
        assert "Thread ·" not in t.screen_text()
        assert [each.body for each in engine.people[bob].messages][-1] == "Where?"

    await tell(engine, story, size=WIDE)


async def test_in_a_thread_one_answers_edits_and_deletes_as_in_the_chat() -> None:
    engine, bob, first = a_talk()
    said = engine.answered(first, "At one", ago=minutes(5), is_read=True)

    async def story(t: Teller) -> None:
        await t.begun("Bob")
        await t.press("enter")
        await t.until_shown("↳ 2 answers")
        await t.press("ctrl+up", "g", "t")
        await t.until_shown("Answer in this thread")
        await t.press("up")
        await t.until(lambda: t.app._main.thread.messages.has_focus)
        await t.press("r")
        await t.until_shown("Answer to Bob")
        await t.type("good")
        await t.press("enter")
        await t.until(lambda: engine.people[bob].messages[-1].body == "good")
        quote = engine.people[bob].messages[-1].quote
        assert quote is not None
        assert quote.message == said.id
        await t.until_shown("Thread · 3 answers")
        engine.tell(MessageChanged(message=engine.advance(first.id, first.state, error=None)))
        await t.press("escape")
        await t.until(lambda: t.app._main.thread.thread is None)

    await tell(engine, story, size=WIDE)


async def test_what_names_one_is_listed_unread_first_and_opens_where_it_stands() -> None:
    engine, _, first = a_talk()
    kim = engine.person("kim@relay.example", "Kim")
    old = engine.hear(kim, "@sam long ago", ago=minutes(90), is_read=True)
    engine.mention(old, "name")
    engine.hear(kim, "nothing", ago=minutes(80), is_read=True)
    new = engine.hear(kim, "@sam can you come?", ago=minutes(2))
    engine.mention(new, "name")
    engine.mention(first, "answer")

    async def story(t: Teller) -> None:
        await t.begun("Bob", "@ 1")
        await t.press("@")
        await t.until_shown("What names you or answers you", "1 is unread.")
        lines = t.screen_text()
        order = [lines.index(each) for each in ("can you come?", "Lunch on Friday?", "long ago")]
        assert order == sorted(order)
        await t.press("down", "down", "enter")
        await t.until_shown("Message Kim", "@sam long ago")
        await t.until(lambda: (found := t.app._main.selected) and found.id == old.id)

    await tell(engine, story)


async def test_what_is_looked_for_comes_into_sight_where_a_thread_covers_the_chat() -> None:
    engine, _, first = a_talk()
    engine.mention(first, "name")

    async def thread_opens(t: Teller) -> None:
        await t.press("t")
        await t.until(lambda: t.app._main.thread.box.has_focus)
        await t.until_gone("And the map is here")

    async def story(t: Teller) -> None:
        await to_first(t)
        await thread_opens(t)
        await t.press("ctrl+f")
        await t.until_shown("And the map is here")
        assert "Thread ·" not in t.screen_text()
        await t.press("escape", "g")
        await thread_opens(t)
        t.app._main.action_mentions()
        await t.until_shown("What names you or answers you", "Lunch on Friday?")
        await t.press("enter")
        await t.until_shown("And the map is here")
        assert "Thread ·" not in t.screen_text()

    await tell(engine, story)


async def test_nobody_has_named_one_yet() -> None:
    engine, _, _ = a_talk()

    async def story(t: Teller) -> None:
        await t.begun("Bob")
        await t.press("@")
        await t.until_shown("Nobody has named you or answered you yet.")
        await t.press("escape")
        await t.until_gone("Nobody has named you")

    await tell(engine, story)


def test_members_are_offered_by_letters_and_written_as_all_know_them() -> None:
    boss = a_member("alice", "owner")
    members = [
        a_member("sam", "member", is_me=True),
        boss,
        *(a_member(name, "member") for name in ("bob", "all", "carol")),
    ]
    from msgspec.structs import replace

    members[1] = replace(boss, name="The Boss", address="alice@relay.example")
    found = member_offers("boss", members)
    assert [(each.label, each.text) for each in found] == [("@The Boss", "@alice ")]
    assert [each.text for each in member_offers("carl", members)] == ["@carol "]
    offered = [each.text for each in member_offers("", members, may_name_all=True)]
    assert offered[-1] == "@all "
    assert "@all@relay.example " in offered, "a member of that name is no everybody"
    assert "@sam " not in offered
    assert [each.text for each in member_offers("al", members)][:2] != ["@all ", "@all "]
    twice = [*members, replace(boss, key="b" * 32, address="alice@other.example", name="Al")]
    assert [each.text for each in member_offers("alice", twice)] == [
        "@alice@relay.example ",
        "@alice@other.example ",
    ]


async def test_several_who_type_are_named() -> None:
    engine, keys = a_village()
    key = engine.meeting("Walkers", {keys["Alice"]: "owner", keys["Bob"]: "member"})

    async def story(t: Teller) -> None:
        await t.begun("Walkers")
        t.app._main.open_conversation(key)
        await t.until_shown("Message Walkers")
        for name in ("Alice", "Bob"):
            engine.tell(TypingChanged(conversation=key, is_typing=True, name=name))
        await t.until_shown("Alice and Bob are typing…")
        engine.tell(TypingChanged(conversation=key, is_typing=True, name="Noor"))
        engine.tell(TypingChanged(conversation=key, is_typing=True, name="Kim"))
        await t.until_shown("Alice, Bob and 2 more are typing…")
        for name in ("Alice", "Noor", "Kim"):
            engine.tell(TypingChanged(conversation=key, is_typing=False, name=name))
        await t.until_shown("Bob is typing…")

    await tell(engine, story)
