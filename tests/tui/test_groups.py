"""Groups on the screen: who wrote, who is in it, and whether one may write."""

from __future__ import annotations

from msgspec.structs import replace

from restante.client.interface import ConversationChanged, GroupLine, Member, Sender, Trust
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import WIDE, Teller, tell

LINE = GroupLine(
    description="Sundays at 9",
    member_count=3,
    role="member",
    may_post=True,
    is_space=False,
    space=None,
)


def a_member(name: str, role: str, *, is_me: bool = False) -> Member:
    return Member(
        key=name.ljust(32, "0"),
        name=name,
        address=f"{name}@relay.example",
        role=role,  # type: ignore[arg-type]  # one of the four
        is_me=is_me,
        trust=Trust.UNVERIFIED,
        is_contact=not is_me,
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
    engine, _ = walkers()

    async def story(t: Teller) -> None:
        await t.until_shown("bob: Up the hill?")
        await t.press("enter")
        await t.until_shown("Message Walkers")
        await t.until_shown("3 members")
        await t.until_shown("alice · owner")
        await t.until_shown("Sundays at 9")

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
