"""People and conversations that stories and pictures begin with."""

from __future__ import annotations

from datetime import timedelta

from restante.client.interface import ContactState, MessageState, Quoted, Trust
from tests.tui.scripted_engine import ScriptedEngine


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
