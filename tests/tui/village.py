"""A group, and who is in it."""

from __future__ import annotations

from restante.client.interface import Member, Trust
from tests.tui.scripted_engine import ScriptedEngine

NAMES = ("Alice", "Bob", "Noor", "Mum")


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


def a_village(names: tuple[str, ...] = NAMES) -> tuple[ScriptedEngine, dict[str, str]]:
    """Return an engine whose user knows these people, and the keys of the chats with them."""
    engine = ScriptedEngine(address="sam@relay.example")
    keys = {name: engine.person(f"{name.lower()}@relay.example", name) for name in names}
    return engine, keys
