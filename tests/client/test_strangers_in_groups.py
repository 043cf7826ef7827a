"""What somebody says of a group whom the user never let near: heard, and answered by nothing.

From an answer a stranger would see that a device is there, and with a token be welcome at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from restante.client.changes import Changes
from restante.client.groups import arriving, chains
from restante.client.groups import ledger as ledgers
from restante.client.interface import ContactState
from restante.client.syncing.putting import put
from restante.protocol import group as g
from restante.protocol.content import Kind, ResendRequest
from restante.protocol.frames import Lane
from restante.protocol.group import GroupAsk
from restante.protocol.ids import ID_BYTES
from restante.protocol.sync import RecordKind
from restante.store import client_groups as store
from restante.store.client_groups import EntryRow, WaitingRow
from restante.store.client_rows import Rows
from restante.store.client_sender_keys import ChainRow, count_stray_chains, put_chain
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


def test_a_strangers_log_is_bounded_by_its_bytes_and_a_contacts_is_not(alice: Device) -> None:
    stranger = Stranger(alice, ContactState.MEMBER)
    group, last = puts_in(stranger, alice)
    news = log_of(entry(stranger, group, [last.hash], 3, g.Devices()), by=stranger)

    def before_and_after_filling(rows: Rows, _: Changes) -> list[bool]:
        ledger = ledgers.load(rows, group)
        before = ledgers.may_be_kept(rows, ledger, news, is_known=False)
        large = EntryRow(
            hash=RANDOM.random(32),
            group_id=group,
            manifest_hash=stranger.manifest.head,
            signature=b"",
            body=bytes(ledgers.MAX_UNJOINED_BYTES - store.entry_bytes(rows, group)),
        )
        store.add_entry(rows, large, b"")
        after = [ledgers.may_be_kept(rows, ledger, news, is_known=each) for each in (False, True)]
        return [before, *after]

    assert alice.run(before_and_after_filling) == [True, False, True]


def test_what_strangers_say_of_unknown_groups_is_bounded_for_all_of_them_together(
    alice: Device,
) -> None:
    def fill(rows: Rows, _: Changes) -> None:
        for number in range(arriving.MAX_ALL_WAITING - 1):
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
        key = g.SenderKey(
            number=0,
            chain_key=RANDOM.random(32),
            tag_key=RANDOM.random(32),
            verify_key=RANDOM.random(32),
        )
        stranger.says(said(Kind.SENDER_KEY, key, conversation=RANDOM.random(32)))
    waiting = alice.run(lambda rows, _: store.count_all_waiting(rows))
    assert waiting == arriving.MAX_ALL_WAITING
    assert alice.run(lambda rows, _: count_stray_chains(rows)) == chains.MAX_STRAY
