"""Groups on the screen: who wrote, who is in it, and whether one may write."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from restante.client.interface import (
    ContactState,
    ConversationChanged,
    GroupLine,
    Sender,
)
from restante.client.tui.glyphs import ASCII, UNICODE, Glyphs
from restante.client.tui.members import LEAVE, REMOVE, WRITE, choices_about
from restante.errors import UserError
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import Teller, stage, tell
from tests.tui.village import a_member, a_village

WIDE = (120, 24)
"""Wide enough for the info pane."""

LINE = GroupLine(
    description="Sundays at 9",
    member_count=3,
    role="member",
    may_post=True,
    is_space=False,
    space=None,
)


def walkers() -> tuple[ScriptedEngine, str]:
    engine = ScriptedEngine(address="sam@relay.example")
    key = engine.person("", "Walkers")
    person = engine.people[key]
    person.group = LINE
    person.members = [
        a_member("alice", "owner"),
        a_member("bob", "member"),
        a_member("sam", "member", is_me=True),
    ]
    heard = engine.hear(key, "Up the hill?")
    sender = Sender(
        address="bob@relay.example", device="11" * 16, verified=False, name="bob", is_me=False
    )
    person.messages = [replace(heard, sender=sender)]
    return engine, key


async def test_a_group_shows_who_wrote_and_who_is_in_it() -> None:
    engine, key = walkers()

    async def story(t: Teller) -> None:
        await t.until_shown("bob: Up the hill?")
        await t.press("enter")
        await t.until_shown("Message Walkers")
        await t.until_shown("3 members")
        await t.until_shown("alice · owner")
        await t.until_shown("Sundays at 9")
        engine.people[key].members += [a_member("Maximiliane von der Hohenfels", "admin")] * 20
        t.app._main.read_who(key)
        await t.until_shown("Maximiliane von… · admin", "and 11 more", "M Members")

    await tell(engine, story, size=WIDE)


async def test_who_may_only_read_finds_the_box_closed() -> None:
    engine, key = walkers()

    async def story(t: Teller) -> None:
        await t.until_shown("Walkers")
        await t.press("enter")
        await t.until_shown("Message Walkers")
        person = engine.people[key]
        person.group = replace(LINE, role="reader", may_post=False)
        engine.tell(ConversationChanged(conversation=engine._conversation(person)))
        await t.until_shown("You can read here, and not write.")

    await tell(engine, story, size=WIDE)


async def test_a_group_is_begun_with_people_found_by_letters() -> None:
    engine, keys = a_village()

    async def story(t: Teller) -> None:
        await t.begun("Alice", "Mum")
        await t.press("ctrl+n")
        await t.until_shown("New chat", "^g New group")
        await t.press("ctrl+g")
        await t.until_shown("What is it called?")
        await t.type("Sunday walks")
        await t.press("enter")
        await t.until_shown("Who is in Sunday walks?", "Nobody yet.")
        await t.type("no")
        await t.until_gone("[ ] Mum")
        await t.press("tab")
        await t.until_shown("[✓] Noor", "[ ] Mum", "Marked: Noor")
        await t.type("bob")
        await t.until_gone("[ ] Mum")
        await t.press("tab", "enter")
        await t.until_shown("Message Sunday walks", "3 members", "Sunday walks has begun")
        group = next(each for each in engine.people.values() if each.group is not None)
        assert {each.key for each in group.members} == {"self", keys["Noor"], keys["Bob"]}

    await tell(engine, story, size=WIDE)


async def test_a_group_may_begin_with_nobody_else_and_needs_a_name() -> None:
    engine, _ = a_village()

    async def story(t: Teller) -> None:
        await t.begun("Alice")
        t.app._main.action_new_group()
        await t.until_shown("What is it called?")
        await t.press("enter")
        await t.until_shown("A group needs a name.")
        t.app._main.action_new_group()
        await t.until_shown("What is it called?")
        await t.type("Ideas")
        await t.press("enter")
        await t.until_shown("Who is in Ideas?")
        await t.press("enter")
        await t.until_shown("Message Ideas", "1 member")

    await tell(engine, story, size=WIDE)


async def test_members_are_added_made_admins_and_taken_out() -> None:
    engine, keys = a_village()
    key = engine.meeting("Walkers", {keys["Alice"]: "admin", keys["Bob"]: "member"})

    async def story(t: Teller) -> None:
        await t.begun("Walkers")
        t.app._main.open_conversation(key)
        await t.until_shown("Message Walkers", "Alice · admin", "M Members")
        t.app._main.action_add_members()
        await t.until_shown("Add people to Walkers", "[ ] Mum")
        assert "[ ] Alice" not in t.screen_text(), "who is in it can't be added"
        await t.type("mum")
        await t.until_gone("[ ] Noor")
        await t.press("enter")
        await t.until_shown("4 members", "Added Mum.", "You added.")
        await t.press("escape", "M")
        await t.until_shown("Walkers: 4 members", "Alice ?  admin")
        await t.press("down", "down", "enter")
        await t.until_shown("Bob, member", "Take them out")
        await t.press("down", "down", "enter")
        await t.until_shown("Bob · admin")
        await t.pilot.click("#info-text", offset=(1, 4))
        await t.until_shown("Alice, admin")
        await t.press("up", "enter")
        await t.until_shown("Take them out?", "Alice reads nothing")
        await t.press("y")
        await t.until_shown("3 members", "Alice is not in the group any more.")

    await tell(engine, story, size=WIDE)


async def test_an_owner_says_how_it_is_called_and_kept() -> None:
    engine, keys = a_village()
    key = engine.meeting("Walkers", {keys["Alice"]: "member"})

    async def story(t: Teller) -> None:
        await t.begun("Walkers")
        t.app._main.open_conversation(key)
        await t.until_shown("Message Walkers")
        t.app._main.action_rename()
        await t.until_shown("Everybody in it sees the new name.")
        await t.press("end")
        await t.type(" and talkers")
        await t.press("enter")
        await t.until_shown("Message Walkers and talkers")
        t.app._main.action_describe()
        await t.until_shown("What is it for?")
        await t.type("Sundays at 9")
        await t.press("enter")
        await t.until_shown("Sundays at 9", "2 members")
        t.app._main.action_picture()
        await t.until_shown("The group's picture", "a few blurred cells")
        await t.paste("/sea.png")
        await t.press("enter")
        await t.until_shown("▀" * 16)
        assert engine.looks_like == "/sea.png"
        t.app._main.action_picture()
        await t.until_shown("Leave it empty to take it away")
        await t.press("enter")
        await t.until(lambda: engine.looks_like == "" and "▀" not in t.screen_text())
        t.app._main.action_posting()
        await t.until_shown("Who may write", "Admins and owners")
        await t.press("down", "enter")
        await t.until(lambda: engine.posting == "admin")
        t.app._main.action_calling()
        await t.until_shown("Who may call everybody", "Whose @all")
        await t.press("down", "down", "enter")
        await t.until(lambda: engine.calling == "owner")
        t.app._main.action_timer()
        await t.until_shown("devices of everybody")

    await tell(engine, story, size=WIDE)


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
async def test_a_groups_picture_stands_above_its_name_where_there_are_signs_for_it(
    glyphs: Glyphs,
) -> None:
    engine, keys = a_village()
    key = engine.meeting("Walkers", {keys["Alice"]: "member"})
    engine.looks_like = "/sea.png"

    async def story(t: Teller) -> None:
        await t.begun("Walkers")
        t.app._main.open_conversation(key)
        await t.until_shown("2 members", "M Members")
        above, name, _ = t.screen_text().rpartition("Walkers")
        assert name
        assert ("\N{UPPER HALF BLOCK}" in above) is (glyphs is UNICODE)

    await tell(engine, story, size=WIDE, on=stage(engine, glyphs=glyphs))


async def test_who_decides_nothing_is_offered_nothing_but_leaving() -> None:
    engine, keys = a_village()
    key = engine.meeting("Walkers", {keys["Alice"]: "owner"}, mine="member")

    async def story(t: Teller) -> None:
        await t.begun("Walkers")
        t.app._main.open_conversation(key)
        await t.until_shown("Message Walkers", "Alice · owner", "b Leave")
        main = t.app._main
        for action in (
            "rename",
            "timer",
            "add_members",
            "describe",
            "picture",
            "posting",
            "verify",
        ):
            assert not main.check_action(action, ()), action
        await t.press("escape", "b")
        await t.until_shown("Leave this group?", "Everybody in Walkers sees that you left")
        await t.press("y")
        await t.until_shown("You are not in this group any more.", "You left.")
        assert not main.check_action("leave_group", ())
        assert not main.check_action("block", ())

    await tell(engine, story, size=WIDE)


async def test_a_refusal_of_the_engine_is_a_sentence() -> None:
    engine, keys = a_village()
    key = engine.meeting("Walkers", {keys["Alice"]: "member"})

    async def story(t: Teller) -> None:
        await t.begun("Walkers")
        t.app._main.open_conversation(key)
        await t.until_shown("Message Walkers")
        engine.refuses = UserError("Your role in this group doesn't allow that.")
        t.app._main.action_leave_group()
        await t.until_shown("Leave this group?")
        await t.press("y")
        await t.until_shown("Your role in this group", "Message Walkers")

    await tell(engine, story)


async def test_who_is_put_into_a_group_by_a_stranger_is_asked() -> None:
    engine, keys = a_village()
    key = engine.meeting("Walkers", {keys["Alice"]: "owner"}, mine=None)
    engine.people[key].state = ContactState.REQUEST

    async def story(t: Teller) -> None:
        await t.begun("Walkers")
        t.app._main.open_conversation(key)
        await t.until_shown("Somebody you don't know put you into Walkers.", "Accept to write here")
        await t.press("a")
        await t.until_shown("Message Walkers", "You are in Walkers now.", "You came.")

    await tell(engine, story)


async def test_names_of_members_are_offered_after_an_at_sign() -> None:
    engine, keys = a_village()
    key = engine.meeting("Walkers", {keys["Alice"]: "owner", keys["Bob"]: "member"})

    async def story(t: Teller) -> None:
        await t.begun("Walkers")
        t.app._main.open_conversation(key)
        await t.until_shown("Message Walkers", "3 members")
        await t.until(lambda: t.app._main._group is not None, "the members were read")
        await t.type("@")
        await t.until_shown("@Alice  alice@relay.example", "@Bob")
        assert "@Noor" not in t.screen_text(), "who isn't there can't be meant"
        await t.press("down", "tab")
        assert t.app._main.pane.box.text == "@Bob "

    await tell(engine, story)


async def test_a_group_s_pane_never_shows_the_person_before_it() -> None:
    engine, keys = a_village()
    key = engine.meeting("Walkers", {keys["Alice"]: "owner"})

    async def story(t: Teller) -> None:
        await t.begun("Walkers")
        t.app._main.open_conversation(keys["Bob"])
        await t.until_shown("Safety number")
        t.app._main.open_conversation(key)
        await t.until_shown("Message Walkers")
        assert "Safety number" not in t.screen_text()

    await tell(engine, story, size=WIDE)


def test_what_is_offered_about_a_member_is_what_one_s_role_allows() -> None:
    def offered(mine: str | None, role: str, *, is_me: bool = False) -> list[str]:
        member = a_member("alice", role, is_me=is_me)
        return [what for what, _ in choices_about(mine, member)]  # type: ignore[arg-type]

    assert offered("owner", "owner") == [WRITE, "reader", "member", "admin", REMOVE]
    assert offered("admin", "member") == [WRITE, "reader", REMOVE]
    assert offered("admin", "admin") == [WRITE]
    assert offered("member", "reader") == [WRITE]
    assert offered(None, "owner") == [WRITE]
    assert offered("owner", "owner", is_me=True) == ["admin", "member", "reader", LEAVE]
    assert offered("member", "member", is_me=True) == ["reader", LEAVE]
    assert offered("reader", "reader", is_me=True) == [LEAVE]
