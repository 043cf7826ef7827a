"""What a device missed comes to it in the end, however much it is and whatever became of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restante.client.grammar.marking import note_gone
from restante.client.interface import ContactState
from restante.protocol.content import Content, Kind
from restante.store.client_contacts import contact, upsert_contact
from restante.store.client_conversations import gaps
from restante.store.client_messages import count, delete_message, window
from tests.property.profiles_in_touch import Device, Network
from tests.property.test_device_convergence import write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from restante.client.changes import Changes
    from restante.store.client_rows import Rows


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    """Two devices of ours and one of theirs, in touch."""
    made = Network(tmp_path, ours=[0, 0], theirs=[0])
    yield made
    made.close()


def key_of(device: Device) -> bytes:
    return device.own.account_id


def said(device: Device, key: bytes) -> int:
    return device.run(lambda rows, _: count(rows, key))


def missing(device: Device, key: bytes) -> int:
    return device.run(lambda rows, _: len(gaps(rows, key)))


def be(device: Device, key: bytes, state: ContactState) -> None:
    def work(rows: Rows, _: Changes) -> None:
        row = contact(rows, key)
        assert row is not None
        upsert_contact(rows, replace(row, state=state.value))

    device.run(work)


def lose_to(network: Network, receiver: Device, kind: Kind) -> None:
    """Let nothing of a kind that is under way to a device arrive."""
    network.under_way = [
        each for each in network.under_way if each.receiver is not receiver or each.kind != kind
    ]


def test_more_is_asked_for_than_one_request_names(network: Network) -> None:
    (one, other), (them,) = network.ours, network.theirs
    for number in range(270):
        write(them, key_of(one), f"lost {number}")
    network.flush(them)
    lose_to(network, one, Kind.TEXT)
    write(them, key_of(one), "the last")
    network.come_to_rest()
    for device in (one, other):
        assert (said(device, key_of(them)), missing(device, key_of(them))) == (271, 0)


def test_who_is_accepted_on_one_device_is_asked_by_the_other(network: Network) -> None:
    (one, other), (them,) = network.ours, network.theirs
    for device in network.ours:
        be(device, key_of(them), ContactState.REQUEST)
    network.come_to_rest()
    write(them, key_of(one), "lost to the other")
    network.flush(them)
    lose_to(network, other, Kind.TEXT)
    write(them, key_of(one), "second")
    network.come_to_rest()
    assert missing(other, key_of(them)) == 1  # a stranger is asked for nothing
    be(one, key_of(them), ContactState.ACCEPTED)
    network.come_to_rest()
    assert (said(other, key_of(them)), missing(other, key_of(them))) == (2, 0)


def test_what_is_gone_before_it_can_be_said_again_is_missed_no_more(network: Network) -> None:
    (one, other), (them,) = network.ours, network.theirs
    write(one, key_of(them), "lost to the other")
    network.flush(one)
    lose_to(network, other, Kind.SYNC)
    write(one, key_of(them), "second")
    for device in network.devices:
        network.flush(device)
    while all(each.kind != Kind.RESEND_REQUEST for each in network.under_way):
        network.deliver(0)
    asked = [each for each in network.under_way if each.kind == Kind.RESEND_REQUEST]
    network.under_way = [each for each in network.under_way if each not in asked]
    for each in asked:
        assert Content.from_bytes(each.packed).conversation in {b"", key_of(them)}
        each.receiver.read(each)  # and it waits in the outbox

    def forget(rows: Rows, _: Changes) -> None:
        (row, *_others) = window(rows, key_of(them), 0, 9)
        delete_message(rows, row.id)
        note_gone(rows, row, until_ms=2**50)

    one.run(forget)
    network.come_to_rest()
    assert missing(other, key_of(them)) == 0
