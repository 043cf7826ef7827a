"""What waits to be said again, or for a device without keys, can be erased meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from restante.client.changes import Changes
from restante.client.finishing import final_content
from restante.client.gap_requests import answer
from restante.client.grammar.timers import forget
from restante.client.syncing.outgoing import as_it_waits, publish, sent_item
from restante.protocol.codec import decode
from restante.protocol.content import Content, Kind, ResendExpired, ResendRequest
from restante.store.client_contacts import contact
from restante.store.client_conversations import next_counter
from restante.store.client_messages import assign_counter, message
from restante.store.client_outbox import OutboxRow, outbox_entries, set_content
from restante.store.client_rows import Rows
from tests.client.outsider import a_text
from tests.client.test_hostile_ids import copy_of
from tests.property.profiles_in_touch import NOW_MS, RANDOM, Device, Network, Parcel

SECRET = "gone in an hour"


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    made = Network(tmp_path, ours=[0, 0], theirs=[0])
    yield made
    made.close()


def sent_to(laptop: Device, key: bytes) -> bytes:
    """File a message as if the laptop had sent it; return its id."""
    packed = a_text(SECRET, now_ms=NOW_MS)
    content = Content.from_bytes(packed)

    def work(rows: Rows, _: Changes) -> None:
        assert next_counter(rows, key) == content.counter
        assign_counter(rows, content.id, counter=content.counter, body=packed)

    laptop.read(Parcel(sender=laptop, receiver=laptop, packed=copy_of(packed, key)))
    laptop.run(work)
    return content.id


def waiting(device: Device) -> list[OutboxRow]:
    return device.run(lambda rows, _: outbox_entries(rows))


def erase(device: Device, message_id: bytes) -> None:
    def work(rows: Rows, changes: Changes) -> None:
        row = message(rows, message_id)
        assert row is not None
        forget(rows, changes, row, now_ms=NOW_MS)

    device.run(work)


def sealed(device: Device, entry: OutboxRow) -> Content:
    def work(rows: Rows, changes: Changes) -> bytes | None:
        row = contact(rows, entry.account_id)
        assert row is not None
        return final_content(rows, changes, row, entry, now_ms=NOW_MS)

    packed = device.run(work)
    assert packed is not None
    return Content.from_bytes(packed)


def test_what_is_asked_for_again_and_gone_before_it_leaves_is_not_sent(network: Network) -> None:
    laptop, bob = network.ours[0], network.theirs[0]
    key = bob.own.account_id
    message_id = sent_to(laptop, key)

    def ask(rows: Rows, changes: Changes) -> None:
        row = contact(rows, key)
        assert row is not None
        answer(
            rows,
            changes,
            laptop.own,
            row,
            bob.own.device_id,
            request=ResendRequest(counters=[1]),
            randomness=RANDOM,
            now_ms=NOW_MS,
        )

    laptop.run(ask)
    (entry,) = [each for each in waiting(laptop) if each.account_id == key]
    assert SECRET.encode() not in entry.content
    assert SECRET.encode() in sealed(laptop, entry).body
    erase(laptop, message_id)
    said = sealed(laptop, entry)
    assert said.kind == Kind.RESEND_EXPIRED
    assert decode(said.body, ResendExpired).counters == [1]


def test_a_copy_that_waits_for_a_device_without_keys_is_not_kept(network: Network) -> None:
    laptop, bob = network.ours[0], network.theirs[0]
    key = bob.own.account_id
    message_id = sent_to(laptop, key)
    laptop.run(
        lambda rows, changes: publish(rows, changes, sent_item(key, message_id), now_ms=NOW_MS)
    )
    (entry,) = [each for each in waiting(laptop) if each.account_id == laptop.own.account_id]
    copy = sealed(laptop, entry)
    assert SECRET.encode() in copy.body
    waits = as_it_waits(copy.to_bytes())
    assert SECRET.encode() not in waits
    laptop.run(lambda rows, _: set_content(rows, entry.id, waits))
    (entry,) = [each for each in waiting(laptop) if each.id == entry.id]
    again = sealed(laptop, entry)
    assert (again.body, again.counter) == (copy.body, copy.counter)
    erase(laptop, message_id)
    said = sealed(laptop, entry)
    assert said.kind == Kind.RESEND_EXPIRED
    assert decode(said.body, ResendExpired).counters == [copy.counter]
