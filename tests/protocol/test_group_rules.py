"""What a membership log says: who may do what, and who wins when several act at once."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256

import pytest

from restante.errors import RemoteProtocolError
from restante.protocol import group as g
from restante.protocol.group import EntryHash, Field, Role
from restante.protocol.group_rules import MAX_BY_MEMBER, Log
from restante.protocol.group_state import Node, State
from tests.protocol.group_writer import Writer, account, device


def test_a_founder_owns_the_group() -> None:
    writer = Writer()
    state = writer.founded("Walkers")
    assert (state.shown_name, state.is_space) == ("Walkers", False)
    assert state.members == {account("alice"): Role.OWNER}


def test_members_are_added_and_removed() -> None:
    writer = Writer()
    writer.founded("Walkers")
    writer.says("alice", g.Add(account("bob"), Role.MEMBER, None))
    writer.says("alice", g.Add(account("carol"), Role.ADMIN, None))
    writer.says("carol", g.Remove(account("bob")))
    assert writer.members() == {"alice": Role.OWNER, "carol": Role.ADMIN}


@pytest.mark.parametrize(
    ("who", "act"),
    [
        ("bob", g.Add(account("dave"), Role.MEMBER, None)),
        ("bob", g.Remove(account("alice"))),
        ("bob", g.SetRole(account("bob"), Role.OWNER)),
        ("bob", g.SetField(Field.NAME, 0, "Mine")),
        ("bob", g.Picture(bytes((1, 1, 0, 0, 0)))),
        ("carol", g.Add(account("dave"), Role.ADMIN, None)),
        ("carol", g.Remove(account("alice"))),
        ("carol", g.Remove(account("erin"))),
        ("carol", g.SetRole(account("bob"), Role.ADMIN)),
        ("carol", g.SetRole(account("erin"), Role.MEMBER)),
        ("carol", g.SetRole(account("carol"), Role.OWNER)),
        ("carol", g.SetField(Field.PARENT, 0, "00" * 32)),
        ("alice", g.Add(account("bob"), Role.READER, None)),
        ("alice", g.SetRole(account("dave"), Role.MEMBER)),
        ("alice", g.Found("Again", False, bytes(16))),
    ],
)
def test_who_has_no_right_changes_nothing(who: str, act: object) -> None:
    writer = a_group()
    before = writer.state()
    said = writer.says(who, act)
    after = writer.state()
    assert after.members == before.members
    assert (after.shown_name, after.picture) == (before.shown_name, before.picture)
    assert said in after.ignored


def test_what_nobody_in_the_group_wrote_is_not_kept() -> None:
    writer = a_group()
    writer.says("erin", g.Remove(account("erin")))
    for who in ("dave", "erin"):
        for act in (g.Add(account(who), Role.MEMBER, None), g.Remove(account(who)), g.Devices()):
            with pytest.raises(RemoteProtocolError):
                writer.says(who, act)


def test_a_member_writes_so_many_entries_and_no_more_on_every_device_alike() -> None:
    writer = a_group()
    for number in range(MAX_BY_MEMBER):
        writer.says(f"bob{number % 3 or ''}", g.Devices())
    with pytest.raises(RemoteProtocolError):
        writer.says("bob", g.Remove(account("bob")))
    with pytest.raises(RemoteProtocolError):
        writer.says("bob5", g.Devices())
    writer.says("alice", g.SetRole(account("bob"), Role.ADMIN))
    writer.says("bob", g.SetField(Field.NAME, 0, "What an admin writes is counted apart"))
    other = Log()
    for each in writer.tried:
        with suppress(RemoteProtocolError):
            other.add(each)
    assert other.state() == writer.state()
    assert len(other) == len(writer.nodes)


@pytest.mark.parametrize(
    "act",
    [
        g.Remove(account("bob")),
        g.SetRole(account("bob"), Role.READER),
        g.Add(account("dave"), Role.MEMBER, None),
        g.SetField(Field.NAME, 0, "New"),
        g.Link(bytes(16), 1, 0, False),
        g.SetRole(account("carol"), Role.MEMBER),
        g.Remove(account("carol")),
    ],
)
def test_an_admin_may_do_what_is_an_admins(act: object) -> None:
    writer = a_group()
    said = writer.says("carol", act)
    assert said not in writer.state().ignored


def test_a_member_may_leave_and_come_again() -> None:
    writer = a_group()
    writer.says("bob", g.Remove(account("bob")))
    assert "bob" not in writer.members()
    writer.says("carol", g.Add(account("bob"), Role.MEMBER, None))
    assert writer.members()["bob"] is Role.MEMBER


def test_an_owner_may_hand_the_group_on_and_leave_in_one_entry() -> None:
    writer = a_group()
    writer.says("alice", g.SetRole(account("carol"), Role.OWNER), g.Remove(account("alice")))
    assert writer.members()["carol"] is Role.OWNER
    assert "alice" not in writer.members()


def test_removal_wins_over_what_the_removed_does_at_the_same_moment() -> None:
    writer = a_group()
    at = writer.heads()
    added = writer.says("carol", g.Add(account("dave"), Role.MEMBER, None), parents=at)
    writer.says("alice", g.Remove(account("carol")), parents=at)
    assert "dave" not in writer.members()
    assert added in writer.state().ignored


def test_demotion_wins_over_promotion_at_the_same_moment() -> None:
    writer = a_group()
    at = writer.heads()
    writer.says("alice", g.SetRole(account("bob"), Role.ADMIN), parents=at)
    writer.says("carol", g.SetRole(account("bob"), Role.READER), parents=at)
    assert writer.members()["bob"] is Role.READER


def test_who_was_added_by_somebody_removed_has_no_rights_either() -> None:
    writer = a_group()
    writer.says("alice", g.Add(account("frank"), Role.OWNER, None))
    at = writer.heads()
    added = writer.says("frank", g.Add(account("gina"), Role.ADMIN, None), parents=at)
    named = writer.says("gina", g.SetField(Field.NAME, 0, "Gina's"), parents=[added])
    writer.says("alice", g.Remove(account("frank")), parents=at)
    assert {added, named} <= writer.state().ignored
    assert "gina" not in writer.members()
    assert writer.state().shown_name == "Walkers"


def test_two_admins_who_remove_each_other_are_both_out() -> None:
    writer = a_group()
    at = writer.heads()
    writer.says("alice", g.Add(account("frank"), Role.OWNER, None), parents=at)
    at = writer.heads()
    writer.says("alice", g.Remove(account("frank")), parents=at)
    writer.says("frank", g.Remove(account("alice")), parents=at)
    assert {"alice", "frank"}.isdisjoint(writer.members())


def test_of_two_names_at_once_the_younger_one_counts() -> None:
    writer = a_group()
    at = writer.heads()
    writer.says("alice", g.SetField(Field.NAME, 0, "Older"), parents=at, at_ms=10**12)
    writer.says("carol", g.SetField(Field.NAME, 0, "Younger"), parents=at, at_ms=10**12 + 1)
    assert writer.state().shown_name == "Younger"
    writer.says("alice", g.SetField(Field.NAME, 0, "Last"), at_ms=1)
    assert writer.state().shown_name == "Last"


def test_of_two_pictures_at_once_the_younger_one_counts_and_an_empty_one_is_none() -> None:
    writer = a_group()
    early, late = bytes((1, 1)) + b"red", bytes((2, 1)) + b"redsea"
    heads = writer.heads()
    writer.says("alice", g.Picture(late), parents=heads, at_ms=2 * 10**9)
    writer.says("carol", g.Picture(early), parents=heads, at_ms=1 + 10**9)
    assert writer.state().picture == late
    writer.says("carol", g.Picture(b""))
    assert writer.state().picture == b""


@pytest.mark.parametrize(
    "cells",
    [
        *(b"\x01", b"\x01\x01", b"\x01\x01re", b"\x01\x01redd", b"\x00\x05", b"\x05\x00"),
        bytes((33, 1)) + bytes(99),
        bytes((1, 33)) + bytes(99),
    ],
)
def test_a_picture_of_another_length_than_its_sides_say_is_none(cells: bytes) -> None:
    writer = a_group()
    whole = bytes((32, 21)) + bytes(32 * 21 * 3)
    writer.says("alice", g.Picture(whole))
    said = writer.says("alice", g.Picture(cells))
    assert writer.state().picture == whole
    assert said in writer.state().ignored


def test_a_revoked_link_stays_revoked_whatever_happens_at_once() -> None:
    writer = a_group()
    link = g.Link(b"l" * 16, 10**10, 0, False)
    writer.says("carol", link)
    at = writer.heads()
    writer.says("alice", g.Unlink(b"l" * 16), parents=at, at_ms=1)
    writer.says("carol", g.Link(b"l" * 16, 10**11, 0, False), parents=at, at_ms=10**12)
    assert writer.state().links == {}


def test_a_device_that_was_revoked_changes_nothing_any_more() -> None:
    writer = a_group()
    at = writer.heads()
    writer.says("alice", g.SetField(Field.NAME, 0, "New"), parents=at, revoked={"alice2"})
    late = writer.says("alice2", g.Remove(account("bob")), parents=at)
    later = writer.says("alice2", g.Remove(account("erin")))
    assert {late, later} <= writer.state().ignored
    assert {"bob", "erin"} <= set(writer.members())


def test_an_entry_that_only_names_the_newer_list_ends_what_a_device_writes() -> None:
    writer = a_group()
    writer.says("carol", g.SetRole(account("carol"), Role.READER))
    at = writer.heads()
    late = [writer.says("bob2", g.Devices(), parents=at)]
    late.append(writer.says("bob2", g.Remove(account("bob")), parents=[late[0]]))
    said = writer.says("bob", g.Devices(), parents=at, revoked={"bob2"})
    assert said not in writer.state().ignored
    assert set(late) <= writer.state().ignored
    assert writer.members()["bob"] is Role.MEMBER


def test_what_a_device_wrote_before_it_was_revoked_stands() -> None:
    writer = a_group()
    writer.says("alice2", g.Remove(account("bob")))
    writer.says("alice", g.SetField(Field.NAME, 0, "New"), revoked={"alice2"})
    assert "bob" not in writer.members()


def test_a_log_takes_no_entry_before_its_parents_and_no_number_twice_in_a_line() -> None:
    writer = a_group()
    log, nodes = Log(), writer.nodes
    with pytest.raises(RemoteProtocolError):
        log.add(nodes[1])
    for each in nodes:
        log.add(each)
    log.add(nodes[1])
    assert len(log) == len(nodes)
    again = Node(
        hash=EntryHash(sha256(b"again").digest()),
        parents=tuple(log.heads),
        author=nodes[0].author,
        device=nodes[0].device,
        sequence=1,
        at_ms=1,
        acts=(g.SetField(Field.NAME, 0, "Again"),),
        position=(1, 1),
        manifest=bytes(32),
        listed=nodes[0].listed,
    )
    with pytest.raises(RemoteProtocolError):
        log.add(again)


LINK = b"l" * 16


def by_link(name: str, link: bytes = LINK) -> g.Add:
    return g.Add(account(name), Role.MEMBER, link)


@pytest.mark.parametrize(
    ("link", "at_ms", "why"),
    [
        (g.Link(LINK, 100, 0, False), 100_001, g.Refusal.EXPIRED),
        (g.Link(LINK, 100, 1, False), 99_000, g.Refusal.USED_UP),
        (g.Link(b"m" * 16, 0, 0, False), 1, g.Refusal.REVOKED),
    ],
)
def test_a_link_lets_in_as_long_and_as_many_as_it_says(
    link: g.Link, at_ms: int, why: g.Refusal
) -> None:
    writer = a_group()
    writer.says("carol", link)
    if link.id == LINK:
        assert writer.says("carol", by_link("frank"), at_ms=99_000) not in writer.state().ignored
        assert writer.state().refusal(LINK, account("frank"), at_ms=99_000) is None
    assert writer.state().refusal(LINK, account("dave"), at_ms=at_ms) is why
    late = writer.says("carol", by_link("dave"), at_ms=at_ms)
    assert late in writer.state().ignored
    assert "dave" not in writer.members()


def test_a_link_makes_nobody_an_admin_and_two_at_once_take_two_uses() -> None:
    writer = a_group()
    writer.says("carol", g.Link(LINK, 0, 1, False))
    raised = writer.says("alice", g.Add(account("dave"), Role.ADMIN, LINK))
    both = writer.says("alice", by_link("dave"), by_link("frank"))
    assert {raised, both} <= writer.state().ignored
    assert "dave" not in writer.members()


def test_a_link_ends_with_its_makers_right_to_make_one() -> None:
    writer = a_group()
    writer.says("carol", g.Link(LINK, 0, 0, False))
    writer.says("alice", g.SetRole(account("carol"), Role.MEMBER))
    assert writer.says("alice", by_link("dave")) in writer.state().ignored
    writer.says("alice", g.SetRole(account("carol"), Role.ADMIN))
    assert writer.says("alice", by_link("dave")) not in writer.state().ignored


def test_of_two_who_take_the_last_use_at_once_one_is_in_and_the_same_for_all() -> None:
    writer = a_group()
    writer.says("carol", g.Link(LINK, 0, 1, False))
    at = writer.heads()
    writer.says("alice", by_link("dave"), parents=at)
    writer.says("erin", by_link("frank"), parents=at)
    here = {"dave", "frank"} & set(writer.members())
    assert len(here) == 1
    assert writer.state().used == {LINK: frozenset(map(account, here))}
    other = Log()
    for each in (*writer.nodes[:3], writer.nodes[4], writer.nodes[3]):
        other.add(each)
    assert other.state() == writer.state()


def test_two_admins_who_let_one_person_in_at_once_take_one_use() -> None:
    writer = a_group()
    writer.says("carol", g.Link(LINK, 0, 1, False))
    at = writer.heads()
    said = {writer.says(who, by_link("dave"), parents=at) for who in ("alice", "erin")}
    assert said.isdisjoint(writer.state().ignored)
    assert writer.members()["dave"] is Role.MEMBER


def test_who_is_let_in_while_a_link_is_revoked_is_not_in() -> None:
    writer = a_group()
    writer.says("carol", g.Link(LINK, 0, 0, False))
    at = writer.heads()
    added = writer.says("alice", by_link("dave"), parents=at)
    writer.says("erin", g.Unlink(LINK), parents=at)
    writer.says("alice2", g.Remove(account("erin")), parents=at)  # what takes away counts
    assert "dave" not in writer.members()
    assert added in writer.state().ignored
    assert writer.state().links == {}


def test_a_crowd_of_heads_keeps_no_admin_from_writing() -> None:
    writer = a_group()
    writer.says("carol", g.SetField(Field.NAME, 0, "Carol's"))
    assert writer.log.parents_for(device("carol")) == writer.heads() == writer.log.named_heads
    assert [writer.log.last_number(device(who)) for who in ("alice", "bob")] == [2, 0]
    at = writer.nodes[1].hash
    for _ in range(3 * g.MAX_PARENTS):
        writer.says("bob", g.Devices(), parents=[at], sequence=1)
    left = writer.says("erin", g.Remove(account("erin")), parents=[at])
    parents = writer.log.parents_for(device("carol"))
    assert set(parents) == {writer.nodes[2].hash, left}, "forks are left to themselves"
    assert writer.log.named_heads == sorted(parents)
    said = writer.says("carol", g.SetField(Field.NAME, 0, "Hers"), parents=parents)
    assert said not in writer.state().ignored
    assert writer.state().shown_name == "Hers"
    assert set(writer.log.parents_for(device("bob"))) == {said, writer.nodes[-3].hash}


def test_who_fills_a_log_can_still_be_taken_out() -> None:
    writer = a_group()
    writer.log = Log(most=40)
    for each in writer.nodes:
        writer.log.add(each)
    at = writer.heads()
    while len(writer.log) < 30:
        writer.says("bob", g.Devices(), parents=at, sequence=1)
    with pytest.raises(RemoteProtocolError, match="for its admins"):
        writer.says("bob", g.Devices(), parents=at, sequence=1)
    parents = writer.log.parents_for(device("carol"))
    assert parents == at
    writer.says("carol", g.Remove(account("bob")), parents=parents)
    assert "bob" not in writer.members()
    other = a_group().log  # who has none of what filled it takes what the admin said
    other.add(writer.nodes[-1])
    assert other.state().members == writer.state().members


def test_what_somebody_lacks_is_named_in_order() -> None:
    writer = a_group()
    early = writer.nodes[1].hash
    assert writer.log.after([early]) == [each.hash for each in writer.nodes[2:]]
    assert writer.log.after([]) == [each.hash for each in writer.nodes]
    assert writer.log.after(writer.heads()) == []


def test_an_act_of_a_later_version_changes_nothing() -> None:
    writer = a_group()
    said = writer.says("bob", None)
    assert said not in writer.state().ignored
    assert g.read_act(g.Act(kind=999, body=b"?")) is None


def a_group() -> Writer:
    writer = Writer()
    writer.founded("Walkers")
    writer.says(
        "alice",
        g.Add(account("bob"), Role.MEMBER, None),
        g.Add(account("carol"), Role.ADMIN, None),
        g.Add(account("erin"), Role.ADMIN, None),
    )
    assert isinstance(writer.state(), State)
    return writer


def test_an_entry_follows_what_its_writer_had_seen_and_nothing_else() -> None:
    writer = a_group()
    heads = writer.log.heads
    one = writer.says("alice", g.SetField(Field.NAME, 0, "One"), parents=heads)
    other = writer.says("carol", g.SetField(Field.NAME, 0, "Other"), parents=heads)
    both = writer.says("alice", g.SetField(Field.NAME, 0, "Both"))
    assert writer.log.follows(both, one)
    assert writer.log.follows(both, other)
    assert writer.log.follows(one, heads[0])
    assert not writer.log.follows(one, other)
    assert not writer.log.follows(one, both)
    assert not writer.log.follows(one, one)
