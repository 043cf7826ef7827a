"""Records and copies between own devices: what counts, what doesn't, and from whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from restante.client.changes import Changes
from restante.client.interface import ContactState
from restante.client.syncing.putting import put
from restante.protocol.codec import encode
from restante.protocol.content import Content, Kind, Receipt, ReceiptState
from restante.protocol.ids import ID_BYTES
from restante.protocol.order import rank_at
from restante.protocol.sync import RecordKind, Sync, SyncRecord, SyncSent
from restante.store.client_contacts import contact, upsert_contact
from restante.store.client_conversations import gaps
from restante.store.client_outbox import outbox_entries
from restante.store.client_records import record
from restante.store.client_rows import Rows
from tests.client.outsider import a_text
from tests.property.profiles_in_touch import NOW_MS, RANDOM, Device, Network, Parcel

DRAFT = int(RecordKind.DRAFT)


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    made = Network(tmp_path, ours=[0, 0], theirs=[0])
    yield made
    made.close()


def a_sync(*items: SyncRecord | SyncSent) -> bytes:
    return Content(
        version=1,
        kind=int(Kind.SYNC),
        id=RANDOM.random(ID_BYTES),
        conversation=b"",
        counter=0,
        rank=rank_at(NOW_MS),
        sent_at_ms=NOW_MS,
        seen=[],
        disappears_after_s=0,
        body=encode(Sync(items=list(items))),
    ).to_bytes()


def a_record(kind: int, key: bytes, value: bytes | None, *, rank: int = 5) -> SyncRecord:
    return SyncRecord(kind=kind, key=key, rank=rank, device=bytes(ID_BYTES), value=value)


def set_state(device: Device, key: bytes, state: ContactState) -> None:
    def work(rows: Rows, _: Changes) -> None:
        row = contact(rows, key)
        assert row is not None
        upsert_contact(rows, replace(row, state=state.value))

    device.run(work)


def state_of(device: Device, key: bytes) -> str:
    row = device.run(lambda rows, _: contact(rows, key))
    assert row is not None
    return row.state


def test_what_a_contact_says_in_the_name_of_own_devices_is_ignored(network: Network) -> None:
    ours, theirs = network.ours[0], network.theirs[0]
    before = ours.shows()
    key = theirs.own.account_id
    copy = SyncSent(conversation=key, content=a_text("I never wrote this", now_ms=NOW_MS))
    said = a_sync(a_record(DRAFT, key, b"nor this"), copy)
    ours.read(Parcel(sender=theirs, receiver=ours, packed=said))
    assert ours.shows()["records"] == before["records"] == {}
    assert not any(ours.shows()["messages"].values())


def test_a_malformed_item_holds_up_no_other(network: Network) -> None:
    one, two = network.ours
    key = network.theirs[0].own.account_id
    said = a_sync(
        a_record(int(RecordKind.TOKEN), b"\xff", b"short"),
        a_record(int(RecordKind.CONTACT), key, b"\xc1"),
        SyncSent(conversation=key, content=b"nothing of the kind"),
        a_record(200, b"of a later version", b"kept"),
        a_record(DRAFT, key, b"well-formed"),
    )
    one.read(Parcel(sender=two, receiver=one, packed=said))
    kept = one.run(lambda rows, _: record(rows, DRAFT, key))
    assert kept is not None
    assert kept.value == b"well-formed"
    assert one.run(lambda rows, _: record(rows, 200, b"of a later version")) is not None
    assert state_of(one, key) == ContactState.ACCEPTED


def test_what_only_a_later_version_can_read_is_missed_until_then(network: Network) -> None:
    one, two = network.ours
    key = one.own.account_id
    later = Content.from_bytes(a_sync(a_record(DRAFT, key, b"-")))
    body = encode([[[77, b"an item of a later version"]]])
    for counter, packed in (
        (1, msgspec.structs.replace(later, counter=1, body=body).to_bytes()),
        (2, msgspec.structs.replace(later, counter=2).to_bytes()),
    ):
        one.read(Parcel(sender=two, receiver=one, packed=packed))
        missing = one.run(lambda rows, _: gaps(rows, key))
        assert missing == ([] if counter == 1 else [(two.own.device_id, 1)])


def test_what_follows_by_itself_never_outdoes_a_decision(network: Network) -> None:
    one, two = network.ours
    key = network.theirs[0].own.account_id
    set_state(one, key, ContactState.PENDING)
    network.come_to_rest()
    two.hands.now += 3_600_000
    set_state(two, key, ContactState.ACCEPTED)  # they answered, and this device heard it first
    set_state(one, key, ContactState.BLOCKED)  # the user decided earlier than that
    network.come_to_rest()
    assert state_of(one, key) == state_of(two, key) == ContactState.BLOCKED


def test_a_change_counts_although_another_clock_is_days_ahead(network: Network) -> None:
    one, two = network.ours
    key = network.theirs[0].own.account_id
    two.hands.now += 5 * 86_400_000
    two.run(lambda rows, _: put(rows, RecordKind.DRAFT, key, b"ahead", now_ms=two.hands.now))
    network.come_to_rest()
    one.run(lambda rows, _: put(rows, RecordKind.DRAFT, key, b"later", now_ms=one.hands.now))
    network.come_to_rest()
    for device in (one, two):
        kept = device.run(lambda rows, _: record(rows, DRAFT, key))
        assert kept is not None
        assert kept.value == b"later"


def test_many_changes_of_one_thing_are_told_once(network: Network) -> None:
    one = network.ours[0]
    key = network.theirs[0].own.account_id
    for number in range(10):
        text = f"Dear B, {number}".encode()
        one.run(lambda rows, _, t=text: put(rows, RecordKind.DRAFT, key, t, now_ms=NOW_MS))
    parcels = [each for each in one.send(network.devices) if each.kind == Kind.SYNC]
    assert len(parcels) == 1
    assert b"Dear B, 9" in parcels[0].packed


def test_a_lone_device_tells_nobody(tmp_path: Path) -> None:
    network = Network(tmp_path, ours=[0], theirs=[0])
    one, key = network.ours[0], network.theirs[0].own.account_id
    one.run(lambda rows, _: put(rows, RecordKind.DRAFT, key, b"alone", now_ms=NOW_MS))
    assert list(one.send(network.devices)) == []
    assert one.run(lambda rows, _: outbox_entries(rows)) == []
    network.close()


def test_early_receipts_of_a_contact_are_kept_within_bounds(network: Network) -> None:
    ours, theirs = network.ours[0], network.theirs[0]
    for _ in range(8):
        ids = [RANDOM.random(ID_BYTES) for _ in range(256)]
        body = encode(Receipt(state=int(ReceiptState.DELIVERED), messages=ids))
        outside = Content.from_bytes(a_text("-", now_ms=NOW_MS, counter=0))
        said = Content(
            version=1,
            kind=int(Kind.RECEIPT),
            id=outside.id,
            conversation=b"",
            counter=0,
            rank=outside.rank,
            sent_at_ms=NOW_MS,
            seen=[],
            disappears_after_s=0,
            body=body,
        )
        ours.read(Parcel(sender=theirs, receiver=ours, packed=said.to_bytes()))
    (count,) = ours.raw.execute("SELECT count(*) FROM marks").fetchone()
    assert count == 1024
