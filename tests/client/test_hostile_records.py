"""What one device may say to the others of its account, and a contact's to us, and still decide
nothing that it has no right to: ranks past all reach, addresses, endings, forks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from restante.client.interface import ContactState, Trust
from restante.client.own_account import load_own_account
from restante.client.queueing import control_content, enqueue_content
from restante.client.syncing.people import Person
from restante.client.syncing.putting import put
from restante.crypto.signatures import VerifiedManifest
from restante.protocol.codec import encode
from restante.protocol.content import Content, Kind, Pin, Setting
from restante.protocol.ids import ID_BYTES
from restante.protocol.order import HIGHEST_RANK, rank_at
from restante.protocol.sync import RecordKind, SyncRecord
from restante.store import client_outbox
from restante.store.client_contacts import ContactRow, contact, upsert_contact
from restante.store.client_marks import marks_of
from restante.store.client_messages import window
from restante.store.client_records import record
from tests.client.outsider import a_text
from tests.client.stranger import HERE, THERE, Stranger, an_entry, said
from tests.client.test_sync_at_rest import a_sync
from tests.property.profiles_in_touch import NOW_MS, RANDOM, Device, Network, Parcel


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    made = Network(tmp_path, ours=[0, 0], theirs=[0])
    yield made
    made.close()


@pytest.fixture
def alice(network: Network) -> Device:
    return network.ours[0]


def tells(network: Network, item: SyncRecord) -> None:
    """Have the second device of the account say a record to the first."""
    one, two = network.ours
    one.read(Parcel(sender=two, receiver=one, packed=a_sync(item)))


def a_person(stranger: Stranger, manifest: VerifiedManifest) -> SyncRecord:
    person = Person(manifest=manifest.signed.to_bytes(), token=None, token_given=None)
    rank = rank_at(NOW_MS) + 1
    kind = int(RecordKind.CONTACT)
    return SyncRecord(
        kind=kind, key=stranger.key, rank=rank, device=bytes(ID_BYTES), value=encode(person)
    )


def shown(stranger: Stranger) -> ContactRow:
    return stranger.alice.run(lambda rows, _: stranger.row(rows))


def notices(stranger: Stranger) -> list[str]:
    found = stranger.alice.run(lambda rows, _: window(rows, stranger.key, 0, 100))
    return [str(each.error) for each in found if each.kind == "notice"]


# ---- ranks past all reach -----------------------------------------------------------------------


def test_no_record_is_written_that_the_user_could_never_overrule(network: Network) -> None:
    one, key = network.ours[0], network.theirs[0].own.account_id
    trust = int(RecordKind.TRUST)
    highest = SyncRecord(
        kind=trust, key=key, rank=HIGHEST_RANK, device=b"\xff" * ID_BYTES, value=b"verified"
    )
    tells(network, highest)
    row = one.run(lambda rows, _: contact(rows, key))
    assert row is not None
    assert row.trust == Trust.UNVERIFIED
    tells(network, replace_rank(highest, rank_at(NOW_MS + 86_400_000)))
    row = one.run(lambda rows, _: contact(rows, key))
    assert row is not None
    assert row.trust == Trust.VERIFIED, "it is an own device, and may say so"
    put_here(one, key, b"unverified")
    kept = one.run(lambda rows, _: record(rows, trust, key))
    assert kept is not None
    assert kept.value == b"unverified", "and the user may say otherwise"


def replace_rank(item: SyncRecord, rank: int) -> SyncRecord:
    return msgspec.structs.replace(item, rank=rank)


def put_here(device: Device, key: bytes, value: bytes) -> None:
    device.run(lambda rows, _: put(rows, RecordKind.TRUST, key, value, now_ms=NOW_MS))


def ranked(kind: Kind, body: msgspec.Struct, *, rank: int) -> bytes:
    content = Content.from_bytes(said(kind, body))
    return msgspec.structs.replace(content, rank=rank, counter=1).to_bytes()


def test_no_pin_of_a_contacts_stands_for_ever(alice: Device) -> None:
    stranger = Stranger(alice, ContactState.ACCEPTED)
    text = a_text("hello", now_ms=NOW_MS)
    stranger.says(text)
    pinned = Pin(message=Content.from_bytes(text).id, is_pinned=True)
    stranger.says(ranked(Kind.PIN, pinned, rank=HIGHEST_RANK))
    assert alice.run(lambda rows, _: marks_of(rows, pinned.message)) == []
    stranger.says(ranked(Kind.PIN, pinned, rank=rank_at(NOW_MS + 1)))
    assert len(alice.run(lambda rows, _: marks_of(rows, pinned.message))) == 1


def test_no_timer_of_a_contacts_holds_for_ever(alice: Device) -> None:
    stranger = Stranger(alice, ContactState.ACCEPTED)
    stranger.says(ranked(Kind.SETTING, Setting(disappears_after_s=5), rank=HIGHEST_RANK))
    assert alice.run(lambda rows, _: window(rows, stranger.key, 0, 10)) == []


# ---- who a contact is, and where ----------------------------------------------------------------


def test_an_own_device_moves_no_contact_without_its_roots_word(network: Network) -> None:
    stranger = Stranger(network.ours[0], ContactState.ACCEPTED)
    tells(network, a_person(stranger, stranger.lists(address=THERE)))
    assert shown(stranger).address == HERE.unpinned
    assert notices(stranger) == []


def test_an_own_device_says_where_a_contact_went_and_what_waits_goes_there(
    network: Network,
) -> None:
    alice = network.ours[0]
    stranger = Stranger(alice, ContactState.ACCEPTED)
    content = control_content(Kind.LEFT, None, now_ms=NOW_MS, randomness=RANDOM)
    alice.run(
        lambda rows, changes: enqueue_content(
            rows,
            changes,
            stranger.row(rows),
            content.to_bytes(),
            entry_id=content.id,
            message_id=None,
            now_ms=NOW_MS,
        )
    )
    tells(network, a_person(stranger, stranger.begins_anew(THERE)))
    assert shown(stranger).address == THERE.unpinned
    waiting = alice.run(lambda rows, _: client_outbox.by_account(rows, stranger.key))
    assert [each.relay for each in waiting] == [str(THERE.relay)]
    (notice,) = notices(stranger)
    assert f"{HERE.unpinned} has moved to {THERE.unpinned}" in notice


def test_an_own_device_moves_nobody_to_where_somebody_else_is_known(network: Network) -> None:
    alice = network.ours[0]
    stranger = Stranger(alice, ContactState.ACCEPTED)
    other = Stranger(alice, ContactState.ACCEPTED)
    there = replace(shown(other), address=THERE.unpinned)
    alice.run(lambda rows, _: upsert_contact(rows, there))
    tells(network, a_person(stranger, stranger.begins_anew(THERE)))
    assert shown(stranger).address == HERE.unpinned


# ---- forks --------------------------------------------------------------------------------------


def test_a_fork_that_they_tell_themselves_is_shown_like_any_other(alice: Device) -> None:
    stranger = Stranger(alice, ContactState.ACCEPTED)
    stranger.tells(stranger.lists(an_entry()))
    assert notices(stranger) == []
    stranger.tells(stranger.lists(an_entry()))
    assert shown(stranger).trust == Trust.CHANGED
    (notice,) = notices(stranger)
    assert "Sending is paused" in notice


def test_two_lists_told_to_two_of_our_devices_are_found_out(network: Network) -> None:
    stranger = Stranger(network.ours[0], ContactState.ACCEPTED)
    stranger.tells(stranger.lists(an_entry()))
    tells(network, a_person(stranger, stranger.lists(an_entry())))
    assert shown(stranger).trust == Trust.CHANGED
    assert len(notices(stranger)) == 1


def test_a_fork_of_who_is_blocked_is_no_news(alice: Device) -> None:
    stranger = Stranger(alice, ContactState.BLOCKED)
    stranger.tells(stranger.lists(an_entry()))
    stranger.tells(stranger.lists(an_entry()))
    assert notices(stranger) == []


# ---- who may end an account ---------------------------------------------------------------------


def test_only_the_first_device_ends_the_account(network: Network) -> None:
    one, two = network.ours
    left = said(Kind.LEFT, None)
    one.read(Parcel(sender=two, receiver=one, packed=left))
    assert not one.run(lambda rows, _: load_own_account(rows).was_deleted)
    two.read(Parcel(sender=one, receiver=two, packed=left))
    assert two.run(lambda rows, _: load_own_account(rows).was_deleted)


def test_a_stolen_device_of_a_contacts_does_not_say_goodbye_for_them(alice: Device) -> None:
    stranger = Stranger(alice, ContactState.ACCEPTED)
    more = stranger.lists(an_entry())
    stranger.tells(more)
    first, stranger.device_id = stranger.device_id, more.devices[1].device_id
    stranger.says(said(Kind.LEFT, None))
    assert shown(stranger).state == ContactState.ACCEPTED
    stranger.device_id = first
    stranger.says(said(Kind.LEFT, None))
    assert shown(stranger).state == ContactState.LEFT
