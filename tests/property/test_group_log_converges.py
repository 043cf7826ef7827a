"""Whoever has the same entries sees the same group, in whatever order they came."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from restante.errors import RemoteProtocolError
from restante.protocol import group as g
from restante.protocol.group import Field, Role
from restante.protocol.group_rules import Log
from restante.protocol.group_state import Node, State
from tests.protocol.group_writer import Writer, account

if TYPE_CHECKING:
    from collections.abc import Sequence

PEOPLE = ("alice", "bob", "carol", "dave", "erin", "frank")


def an_act(chance: Random) -> object:
    whom = account(chance.choice(PEOPLE))
    role = chance.choice((Role.READER, Role.MEMBER, Role.ADMIN, Role.OWNER))
    return chance.choice(
        (
            g.Add(whom, role, None),
            g.Add(whom, Role.MEMBER, bytes([chance.randint(0, 2)]) * 16),
            g.Remove(whom),
            g.SetRole(whom, role),
            g.SetRole(whom, role),
            g.SetField(chance.choice((Field.NAME, Field.TIMER_S)), chance.randint(0, 9), "x"),
            g.Link(bytes([chance.randint(0, 2)]) * 16, 0, chance.randint(0, 2), False),
            g.Unlink(bytes([chance.randint(0, 2)]) * 16),
            g.Devices(),
            g.Picture(chance.choice((b"", bytes((1, 1)) + b"red", b"\x01"))),
            g.Channel(bytes([chance.randint(0, 2)]) * 32, "c", 1, chance.random() < 0.7),
        )
    )


def a_log(chance: Random, entries: int) -> Writer:
    """A log that people write at once, with devices revoked and devices that lie."""
    writer = Writer()
    writer.founded("Walkers")
    writer.says("alice", *(g.Add(account(each), Role.ADMIN, None) for each in PEOPLE[1:4]))
    while len(writer.nodes) < entries:
        who = chance.choice(PEOPLE) + chance.choice(("", "", "2"))
        known = [each.hash for each in writer.nodes]
        parents = writer.heads()
        if chance.random() < 0.5:
            parents = sorted(chance.sample(known, min(len(known), chance.randint(1, 3))))
        acts = [an_act(chance) for _ in range(chance.randint(1, 2))]
        revoked = {who.rstrip("2") + "2"} if chance.random() < 0.1 and who[-1] != "2" else ()
        with suppress(RemoteProtocolError):  # of nobody who is in the group
            writer.says(who, *acts, parents=parents[: g.MAX_PARENTS], revoked=revoked)
    return writer


def in_another_order(nodes: Sequence[Node], chance: Random) -> list[Node]:
    """The same entries, each after its parents."""
    left, done = list(nodes), set[bytes]()
    order: list[Node] = []
    while left:
        node = chance.choice([each for each in left if done.issuperset(each.parents)])
        left.remove(node)
        done.add(node.hash)
        order.append(node)
    return order


def view_of(nodes: Sequence[Node]) -> tuple[State, list[bytes], frozenset[bytes]]:
    log = Log()
    for each in nodes:
        with suppress(RemoteProtocolError):
            log.add(each)
    return log.state(), list(log.heads), log.forked


@given(seed=st.integers(0, 2**32), entries=st.integers(3, 40))
def test_every_order_ends_in_the_same_group(seed: int, entries: int) -> None:
    chance = Random(seed)
    writer = a_log(chance, entries)
    expected = view_of(writer.nodes)
    for _ in range(3):
        assert view_of(in_another_order(writer.tried, chance)) == expected


@given(seed=st.integers(0, 2**32), entries=st.integers(3, 30))
def test_going_on_from_before_is_the_same_as_beginning_anew(seed: int, entries: int) -> None:
    writer = a_log(Random(seed), entries)
    log = Log()
    for node in writer.nodes:
        log.add(node)
        kept = log.state_at([node.hash])
        log._views.clear()
        assert log.state_at([node.hash]) == kept
