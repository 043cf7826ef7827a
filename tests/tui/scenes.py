"""People and conversations that stories and pictures begin with."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

from msgspec.structs import replace

from restante.client.interface import (
    ContactState,
    FileState,
    Message,
    MessageState,
    Preview,
    Quoted,
    Reacted,
    Trust,
)
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.scripted_files import a_file


def minutes(count: float) -> timedelta:
    """How long ago."""
    return timedelta(minutes=count)


def village(engine: ScriptedEngine | None = None) -> ScriptedEngine:
    """Six people: verified, unverified, changed, asking, silent; one talk in full."""
    engine = engine or ScriptedEngine(address="sam@relay.example")
    release = engine.person("builds@ci.example", "Release bots")
    engine.hear(release, "build #8812 passed", ago=timedelta(days=9), is_read=True)
    noor = engine.person("noor@relay.example", "Noor")
    engine.hear(noor, "I'll bring the tickets on Monday", ago=timedelta(days=1), is_read=True)
    mum = engine.person("mum@home.example", "Mum", trust=Trust.VERIFIED)
    engine.hear(mum, "Sunday at one? There will be soup.", ago=timedelta(days=2), is_read=True)
    bob = engine.person("bob@relay.example", "Bob", trust=Trust.CHANGED)
    engine.hear(bob, "see you at the harbour at nine", ago=minutes(34), is_me=True)
    kim = engine.person("kim@elsewhere.example", state=ContactState.REQUEST)
    engine.hear(kim, "Hello! We met at the printers' fair.", ago=minutes(20))
    alice = engine.person("alice@relay.example", "Alice Rivera", trust=Trust.VERIFIED)
    yesterday = timedelta(days=1)
    engine.hear(
        alice, "The printer called: they need the pages by Friday.",
        ago=yesterday + minutes(30), is_read=True,
    )  # fmt: skip
    engine.hear(
        alice, "Fine, Friday it is.", ago=yesterday + minutes(26), is_me=True,
        state=MessageState.READ,
    )  # fmt: skip
    first = engine.hear(
        alice,
        "Did you get the draft? I put the agenda in the shared folder and marked the two parts "
        "I am unsure about.",
        ago=minutes(8),
        is_read=True,
    )
    engine.hear(alice, "Yes, reading it now.", ago=minutes(7), is_me=True, state=MessageState.READ)
    engine.hear(
        alice,
        "Part two reads well. Part one needs a number.",
        ago=minutes(6),
        is_me=True,
        state=MessageState.DELIVERED,
        quote=Quoted(message=first.id, excerpt=first.body),
    )
    engine.hear(alice, "Which number would convince you?", ago=minutes(3))
    engine.hear(alice, "I have the counts of last year somewhere.", ago=minutes(2.5))
    return engine


def harbour(engine: ScriptedEngine) -> str:
    """A group of four in the village, with a picture and a talk; return its key."""
    by_name = {person.name: key for key, person in engine.people.items()}
    noor, mum, bob = (by_name[name] for name in ("Noor", "Mum", "Bob"))
    key = engine.meeting("Harbour walks", {noor: "admin", mum: "member", bob: "member"})
    group = engine.people[key].group
    assert group is not None
    engine.people[key].group = replace(group, description="Sundays at nine, rain or not.")
    engine.hear(key, 'You began the group "Harbour walks".', ago=minutes(300), kind="notice")
    engine.hear(key, "You added Noor, Mum and Bob.", ago=minutes(299), kind="notice")

    def says(who: str, body: str, ago: float) -> Message:
        heard = engine.hear(key, body, ago=minutes(ago), is_read=True)
        person = engine.people[who]
        sender = replace(heard.sender, name=person.name, address=person.address)
        return engine._put(*engine._find(heard.id), sender=sender)

    view = says(noor, "harbour.jpg", 64)
    file = a_file("harbour.jpg", state=FileState.HERE)
    file = replace(
        file, role="image", size_bytes=412_000, preview=_sunset(), caption="This morning"
    )
    engine._put(*engine._find(view.id), kind="file", file=file)
    liked = [Reacted(emoji="❤", count=2, names=["Mum"], is_mine=True)]
    engine._put(*engine._find(view.id), reactions=liked)
    says(mum, "Lovely! Who brings **soup** on Sunday?", 42)
    engine.hear(
        key, "I do. Lentils, for four.", ago=minutes(40), is_me=True, state=MessageState.READ
    )
    asked = says(bob, "At the pier, or at the lighthouse?", 12)
    quote = Quoted(message=asked.id, excerpt=asked.body)
    pier = says(noor, "The pier. The bus stops right there, and the ferry at ten.", 9)
    engine._put(*engine._find(pier.id), quote=quote)
    return key


def _sunset() -> Preview:
    columns, rows = 24, 12
    colours = bytearray()
    for row, column in product(range(rows), range(columns)):
        is_sun = (column - 15) ** 2 / 4 + (row - 5) ** 2 < 3 and row < 7
        sky = (90 + 14 * row, 70 + 9 * row, 120 - 3 * row)
        sea = (40 + 5 * (rows - row), 60 + 4 * (rows - row), 96)
        colours += bytes((250, 206, 120) if is_sun else sky if row < 7 else sea)
    return Preview(columns=columns, rows=rows, colours=bytes(colours).hex())
