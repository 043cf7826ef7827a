"""What somebody says of a group whom the user never let near: heard, and answered by nothing.

From an answer a stranger would see that a device is there, and with a token be welcome at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from restante.client.changes import Changes
from restante.client.groups import admitting, chains, strangers
from restante.client.groups import ledger as ledgers
from restante.client.groups.said import MAX_ALL_WAITING
from restante.client.groups.strangers import is_heard_first
from restante.client.interface import ContactState
from restante.client.syncing.putting import put
from restante.protocol import group as g
from restante.protocol.content import Kind, ResendRequest
from restante.protocol.frames import Lane
from restante.protocol.group import GroupAsk, GroupJoin, GroupLog, Role, SignedEntry
from restante.protocol.group_invite import invite_id
from restante.protocol.ids import ID_BYTES
from restante.protocol.sync import RecordKind
from restante.store import client_groups as store
from restante.store.client_contacts import contact, delete_contact
from restante.store.client_group_invites import LinkRow, put_link
from restante.store.client_groups import EntryRow, MemberRow, WaitingRow
from restante.store.client_rows import Rows
from restante.store.client_sender_keys import ChainRow, count_chains, count_stray_chains, put_chain
from tests.client.begun_groups import a_device, a_message, answers, entry, joins, log_of, puts_in
from tests.client.stranger import Stranger, said
from tests.property.profiles_in_touch import NOW_MS, RANDOM, Device


@pytest.fixture
def alice(tmp_path: Path) -> Iterator[Device]:
    with a_device(tmp_path) as made:
        yield made


def test_a_stranger_who_speaks_of_groups_gets_no_answer_and_no_token(alice: Device) -> None:
    stranger = Stranger(alice, ContactState.MEMBER)
    group, last = puts_in(stranger, alice)
    row = alice.run(lambda rows, _: store.group_row(rows, group))
    assert row is not None
    assert row.state == ledgers.REQUEST
    nowhere, unheard = RANDOM.random(32), RANDOM.random(32)
    skips = entry(stranger, group, [unheard], 3, g.Devices())
    for each in (
        a_message(nowhere, [unheard], counter=1),
        a_message(group, [unheard], counter=1),
        a_message(group, [last.hash], counter=1),
        a_message(group, [last.hash], counter=9),
        said(Kind.GROUP_LOG, log_of(skips, by=stranger), conversation=group),
        said(Kind.GROUP_ASK, GroupAsk(heads=[]), conversation=group),
        said(Kind.RESEND_REQUEST, ResendRequest(counters=[1]), conversation=group),
    ):
        stranger.says(each, lane=Lane.REQUEST)
    assert answers(alice, stranger) == []
    assert alice.run(lambda rows, _: stranger.row(rows)).token_given is None


def test_a_group_whose_log_has_the_id_of_a_followed_link_is_still_a_strangers(
    alice: Device,
) -> None:
    link, host = RANDOM.random(ID_BYTES), RANDOM.random(ID_BYTES)
    alice.run(lambda rows, _: put(rows, RecordKind.GROUP_ASKED, link, host, now_ms=NOW_MS))
    group, _ = puts_in(Stranger(alice, ContactState.MEMBER), alice, link=link)
    row = alice.run(lambda rows, _: store.group_row(rows, group))
    assert row is not None
    assert row.state == ledgers.REQUEST


def test_a_link_that_was_copied_into_another_groups_log_leads_nobody_there(alice: Device) -> None:
    link, host = RANDOM.random(ID_BYTES), Stranger(alice, ContactState.MEMBER)
    alice.run(lambda rows, _: put(rows, RecordKind.GROUP_ASKED, link, host.key, now_ms=NOW_MS))
    thief = Stranger(alice, ContactState.MEMBER)
    begun = g.Found(name="Prize", is_space=False, nonce=RANDOM.random(ID_BYTES))
    first = entry(thief, b"", [], 1, begun)
    copied = g.Link(id=link, expires_at_s=0, uses=0, needs_approval=False)
    makes_admin = g.Add(account=host.key, role=int(Role.ADMIN), link=None)
    second = entry(thief, first.hash, [first.hash], 2, copied, makes_admin)
    lets_in = g.Add(account=alice.own.account_id, role=int(Role.MEMBER), link=link)
    third = entry(host, first.hash, [second.hash], 1, lets_in)
    manifests = [each.manifest.signed.to_bytes() for each in (thief, host)]
    log = GroupLog(entries=[first, second, third], manifests=manifests, tokens=[])
    host.says(said(Kind.GROUP_LOG, log, conversation=first.hash))
    row = alice.run(lambda rows, _: store.group_row(rows, first.hash))
    assert row is not None
    assert row.state == ledgers.REQUEST


def test_of_links_with_one_id_that_alone_lets_in_which_was_made_here(alice: Device) -> None:
    friend = Stranger(alice, ContactState.ACCEPTED)
    one, other = [puts_in(friend, alice)[0] for _ in range(2)]
    secret, ours = RANDOM.random(16), alice.own.account_id

    def look(rows: Rows, _: Changes) -> list[list[bytes]]:
        found = []
        for maker in (ours, friend.key):
            for group, by in ((one, maker), (other, friend.key)):
                row = store.group_row(rows, group)
                assert row is not None
                store.put_group(rows, replace(row, own_role=int(Role.ADMIN)))
                put_link(rows, a_link(secret, group, by))
            found.append([group.group_id for _, group in admitting._ours(rows, secret)])
        return found

    assert alice.run(look) == [[one], []]


def a_link(secret: bytes, group: bytes, maker: bytes) -> LinkRow:
    return LinkRow(
        link_id=invite_id(secret),
        group_id=group,
        maker=maker,
        expires_at_s=0,
        uses=0,
        used=0,
        needs_approval=True,
        is_live=True,
    )


def test_who_was_asked_by_a_link_lets_us_in_at_once(alice: Device) -> None:
    link, host = RANDOM.random(ID_BYTES), Stranger(alice, ContactState.MEMBER)
    alice.run(lambda rows, _: put(rows, RecordKind.GROUP_ASKED, link, host.key, now_ms=NOW_MS))
    group, _ = puts_in(host, alice, link=link)
    row = alice.run(lambda rows, _: store.group_row(rows, group))
    assert row is not None
    assert row.state == ledgers.JOINED


def test_a_member_of_a_joined_group_is_answered_and_gets_a_token(alice: Device) -> None:
    fellow = Stranger(alice, ContactState.MEMBER)
    group, _ = puts_in(fellow, alice)
    joins(alice, group)
    fellow.says(a_message(group, [RANDOM.random(32)], counter=1), lane=Lane.REQUEST)
    fellow.says(said(Kind.GROUP_ASK, GroupAsk(heads=[]), conversation=group))
    found = answers(alice, fellow)
    assert sorted(found) == sorted([Kind.TOKEN, Kind.GROUP_ASK, Kind.GROUP_LOG])


def test_a_strangers_log_is_bounded_by_its_bytes(alice: Device) -> None:
    stranger = Stranger(alice, ContactState.MEMBER)
    group, last = puts_in(stranger, alice)
    news = log_of(entry(stranger, group, [last.hash], 3, g.Devices()), by=stranger)

    def before_and_after_filling(rows: Rows, _: Changes) -> list[bool]:
        ledger = ledgers.load(rows, group)
        before = ledgers.may_be_kept(rows, ledger, news, now_ms=NOW_MS)
        large = EntryRow(
            hash=RANDOM.random(32),
            group_id=group,
            manifest_hash=stranger.manifest.head,
            signature=b"",
            body=bytes(ledgers.MAX_UNJOINED_BYTES - store.entry_bytes(rows, group)),
        )
        store.add_entry(rows, large, b"")
        return [before, ledgers.may_be_kept(rows, ledger, news, now_ms=NOW_MS)]

    assert alice.run(before_and_after_filling) == [True, False]


def test_who_is_put_in_and_taken_out_before_an_answer_is_in_no_list_and_as_bounded(
    alice: Device,
) -> None:
    stranger = Stranger(alice, ContactState.MEMBER)
    group, last = puts_in(stranger, alice)
    taken_out = entry(stranger, group, [last.hash], 3, g.Remove(account=alice.own.account_id))
    log = log_of(taken_out, by=stranger)
    changes = stranger.says(said(Kind.GROUP_LOG, log, conversation=group))
    row = alice.run(lambda rows, _: store.group_row(rows, group))
    assert row is not None
    assert row.state == ledgers.PARTIAL
    assert changes.is_resync


def test_of_a_group_that_one_said_no_to_no_stranger_fills_the_disk(alice: Device) -> None:
    stranger = Stranger(alice, ContactState.MEMBER)
    group, last = puts_in(stranger, alice)
    row = alice.run(lambda rows, _: store.group_row(rows, group))
    assert row is not None
    long = [g.SetField(field=each, number=0, text="x" * 1000) for each in range(10, 41)]

    def grows(after: SignedEntry, number: int) -> SignedEntry:
        more = entry(stranger, group, [after.hash], number, g.Devices())
        alice.run(lambda rows, _: store.put_group(rows, replace(row, state=ledgers.LEFT)))
        stranger.says(said(Kind.GROUP_LOG, log_of(more, by=stranger), conversation=group))
        return more

    def keep(rows: Rows, after: SignedEntry) -> SignedEntry:
        for number in range(ledgers.MAX_UNJOINED_BYTES // 30_000):
            after = entry(stranger, group, [after.hash], 4 + number, *long)
            kept = EntryRow(
                hash=after.hash,
                group_id=group,
                manifest_hash=stranger.manifest.head,
                signature=after.signature,
                body=after.body,
            )
            store.add_entry(rows, kept, stranger.manifest.signed.to_bytes())
        return after

    first = grows(last, 3)
    last = alice.run(lambda rows, _: keep(rows, first))
    second = grows(last, 4 + ledgers.MAX_UNJOINED_BYTES // 30_000)
    here = [
        alice.run(lambda rows, _, at=each: store.has_entry(rows, group, at.hash))
        for each in (first, second)
    ]
    assert here == [True, False]


def test_groups_that_nobody_sees_give_way_to_newer_ones_after_a_week(alice: Device) -> None:
    stranger = Stranger(alice, ContactState.MEMBER)
    first, _ = puts_in(stranger, alice)
    ids = [RANDOM.random(32) for _ in range(ledgers.MAX_UNJOINED - 1)]
    a_week_ms = ledgers.UNSEEN_MS

    def fill(rows: Rows, _: Changes) -> None:
        row = store.group_row(rows, first)
        assert row is not None
        for number, each in enumerate(ids):
            begun_at_ms = NOW_MS - a_week_ms - number
            gone = replace(row, group_id=each, state=ledgers.PARTIAL, begun_at_ms=begun_at_ms)
            store.put_group(rows, gone)

    alice.run(fill)
    for oldest in (ids[-1], ids[-2]):
        group, _ = puts_in(stranger, alice)
        here = alice.run(lambda rows, _: [each.group_id for each in store.groups(rows)])
        assert (len(here), group in here, oldest in here) == (ledgers.MAX_UNJOINED, True, False)
    assert first in here
    shown = alice.run(lambda rows, _: store.group_row(rows, first))
    assert shown is not None
    # What is younger, or waits for an answer, goes for nobody.
    young = [replace(shown, group_id=each, state=ledgers.PARTIAL) for each in ids[:-2]]
    alice.run(lambda rows, _: [store.put_group(rows, each) for each in young])
    group, _ = puts_in(stranger, alice)
    assert alice.run(lambda rows, _: store.group_row(rows, group)) is None


def people_known_from_groups(rows: Rows, like: Stranger, count: int, *, at_s: int) -> None:
    """Let so many be known since then, each of them in no group."""
    names = [name for _, name, *_ in rows._connection.execute("PRAGMA table_info(contacts)")]
    others = {"account_id": "randomblob(16)", "created_at_s": str(at_s), "manifest": "x''"}
    rows._connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"  # noqa: S608  # of its own columns
        f" INSERT INTO contacts ({', '.join(names)})"
        f" SELECT {', '.join(others.get(each, each) for each in names)}"
        " FROM contacts, n WHERE account_id = ?",
        (count, like.key),
    )


def test_strangers_shut_out_nobody_whom_a_group_or_a_link_of_ours_brings(alice: Device) -> None:
    friend, stranger = [
        Stranger(alice, each) for each in (ContactState.ACCEPTED, ContactState.MEMBER)
    ]
    ours, _ = puts_in(friend, alice)
    secret, now_s = RANDOM.random(16), NOW_MS // 1000
    asks = said(Kind.GROUP_JOIN, GroupJoin(secret=secret, place=0))
    speaks = said(Kind.GROUP_ASK, GroupAsk(heads=[]), conversation=ours)

    def look(rows: Rows, _: Changes) -> list[bool]:
        put_link(rows, a_link(secret, ours, friend.key))
        group = store.group_row(rows, ours)
        assert group is not None
        store.put_group(rows, replace(group, own_role=int(Role.ADMIN)))
        who = RANDOM.random(ID_BYTES)
        found = [is_heard_first(rows, who, speaks, now_s=now_s)]
        for count, at_s in ((strangers.MAX_NEW_APART, now_s), (strangers.MAX_APART // 2, 0)):
            people_known_from_groups(rows, stranger, count, at_s=at_s)
            found.append(is_heard_first(rows, who, speaks, now_s=now_s))
            found.append(is_heard_first(rows, who, speaks, now_s=now_s + 8 * 86_400))
        found.append(is_heard_first(rows, who, asks, now_s=now_s))
        store.put_member(rows, MemberRow(group_id=ours, account_id=who, role=2, since_counter=0))
        found.append(is_heard_first(rows, who, speaks, now_s=now_s))
        return found

    assert alice.run(look) == [True, False, True, False, False, True, True]


def test_people_whom_strangers_logs_name_are_bounded_for_all_of_them_together(
    alice: Device,
) -> None:
    stranger, friend = [
        Stranger(alice, each) for each in (ContactState.MEMBER, ContactState.ACCEPTED)
    ]
    fellows = [Stranger(alice, ContactState.MEMBER) for _ in range(3)]

    def forget(rows: Rows, _: Changes) -> int:
        for each in fellows:
            delete_contact(rows, each.key)
        return strangers.room_for_named(rows)

    assert alice.run(forget) == strangers.MAX_APART
    theirs, _ = puts_in(stranger, alice, *fellows)
    assert alice.run(lambda rows, _: strangers.room_for_named(rows)) == strangers.MAX_APART - 1

    def fill(rows: Rows, _: Changes) -> None:
        people_known_from_groups(rows, stranger, strangers.MAX_APART - 2, at_s=1)
        rows._connection.execute(
            "INSERT INTO group_members SELECT ?, account_id, 2, 0 FROM contacts"
            " WHERE created_at_s = 1",
            (theirs,),
        )

    alice.run(fill)
    manifests = [each.manifest.signed.to_bytes() for each in fellows]
    log = GroupLog(entries=[], manifests=manifests, tokens=[])
    for by, count in ((stranger, 1), (friend, 3)):
        by.says(said(Kind.GROUP_LOG, log, conversation=theirs))
        known = [alice.run(lambda rows, _, at=each: contact(rows, at.key)) for each in fellows]
        assert sum(each is not None for each in known) == count


def test_what_strangers_say_of_unknown_groups_is_bounded_for_all_of_them_together(
    alice: Device,
) -> None:
    def fill(rows: Rows, _: Changes) -> None:
        for number in range(MAX_ALL_WAITING - 1):
            who = number.to_bytes(ID_BYTES, "big")
            waiting = WaitingRow(
                group_id=bytes(32), account_id=who, device_id=who, arrived_ms=NOW_MS, packed=b""
            )
            store.wait_for_group(rows, waiting)
        for number in range(chains.MAX_STRAY - 1):
            who = number.to_bytes(ID_BYTES, "big")
            chain = ChainRow(
                chain=who,
                group_id=bytes(32),
                account_id=who,
                device_id=who,
                is_own=False,
                number=0,
                made_at_ms=NOW_MS,
                secret=b"",
            )
            put_chain(rows, chain)

    alice.run(fill)
    for _ in range(3):
        stranger = Stranger(alice, ContactState.MEMBER)
        stranger.says(a_message(RANDOM.random(32), [RANDOM.random(32)], counter=1))
        gives_key(stranger, RANDOM.random(32))
    waiting = alice.run(lambda rows, _: store.count_all_waiting(rows))
    assert waiting == MAX_ALL_WAITING
    assert alice.run(lambda rows, _: count_stray_chains(rows)) == chains.MAX_STRAY
    # Nor for a group into which they have put us; but whom we asked to be let in is heard.
    stranger, host = [Stranger(alice, ContactState.MEMBER) for _ in range(2)]
    group, _ = puts_in(stranger, alice)
    gives_key(stranger, group)
    link = RANDOM.random(ID_BYTES)
    alice.run(lambda rows, _: put(rows, RecordKind.GROUP_ASKED, link, host.key, now_ms=NOW_MS))
    gives_key(host, RANDOM.random(32))
    kept = [
        alice.run(lambda rows, _, at=each: count_chains(rows, at.key)) for each in (stranger, host)
    ]
    assert kept == [0, 1]


def gives_key(who: Stranger, group: bytes) -> None:
    key = g.SenderKey(
        number=0,
        chain_key=RANDOM.random(32),
        tag_key=RANDOM.random(32),
        verify_key=RANDOM.random(32),
    )
    who.says(said(Kind.SENDER_KEY, key, conversation=group))
