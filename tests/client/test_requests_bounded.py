"""A flood of strangers: how many wait, which of them give way, and to whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from restante.client.acquaintance import MAX_CODE_HOLDERS, introduced, keep_introduced
from restante.client.changes import Changes
from restante.client.interface import ContactState, MessageState
from restante.client.requests import (
    KEPT_AT_LEAST_S,
    MAX_REQUESTS,
    REQUEST_LANE_BYTES,
    make_room,
)
from restante.crypto import own_keys
from restante.crypto.introduction import Introduction
from restante.crypto.signatures import verify_manifest
from restante.protocol.address import Address
from restante.protocol.frames import Lane
from restante.protocol.ids import ID_BYTES
from restante.store.client_contacts import contact, upsert_contact
from restante.store.client_messages import update_state, window
from restante.store.client_requests import count_in_state, stored_bytes
from restante.store.client_rows import Rows
from tests.client.outsider import a_text
from tests.client.stranger import Stranger, an_entry
from tests.property.profiles_in_touch import NOW_MS, RANDOM, Device, Network

NOW_S = NOW_MS // 1000
LONG_AGO_S = NOW_S - KEPT_AT_LEAST_S - 1


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    made = Network(tmp_path, ours=[0, 0], theirs=[0])
    yield made
    made.close()


def a_flood(alice: Device, model: Stranger, count: int, *, created_at_s: int) -> None:
    """As many requests more, of accounts that somebody has made up."""

    def work(rows: Rows, _: Changes) -> None:
        for _number in range(count):
            row = model.row(rows)
            upsert_contact(
                rows,
                replace(row, account_id=RANDOM.random(ID_BYTES), created_at_s=created_at_s),
            )

    alice.run(work)
    alice.raw.execute("DELETE FROM touched")  # their keys fit no manifest: not to be told on


def has_room(alice: Device) -> bool:
    changes = Changes()
    found = alice.run(lambda rows, _: make_room(rows, changes, now_s=NOW_S))
    assert changes.are_requests_full is (None if found else True)
    return found


def waiting(alice: Device) -> int:
    return alice.run(lambda rows, _: count_in_state(rows, "request"))


def test_so_many_strangers_wait_and_no_more_within_a_week(network: Network) -> None:
    alice = network.ours[0]
    first = Stranger(alice, ContactState.REQUEST)
    a_flood(alice, first, MAX_REQUESTS - 2, created_at_s=NOW_S)
    assert has_room(alice)
    a_flood(alice, first, 1, created_at_s=NOW_S)
    assert not has_room(alice)
    assert waiting(alice) == MAX_REQUESTS, "who came first was pushed out by nobody"


def test_the_oldest_that_nobody_has_looked_at_gives_way(network: Network) -> None:
    alice = network.ours[0]
    looked_at, unseen = (Stranger(alice, ContactState.REQUEST) for _ in range(2))
    for each in (looked_at, unseen):
        each.says(a_text("hello", now_ms=NOW_MS))
        row = alice.run(lambda rows, _, e=each: e.row(rows))
        older = replace(row, created_at_s=LONG_AGO_S - (each is looked_at))
        alice.run(lambda rows, _, o=older: upsert_contact(rows, o))
    (entry,) = alice.run(lambda rows, _: window(rows, looked_at.key, 0, 10))
    alice.run(lambda rows, _: update_state(rows, entry.id, MessageState.READ.value, None))
    network.come_to_rest()
    other = network.ours[1]
    assert other.run(lambda rows, _: contact(rows, unseen.key)) is not None
    a_flood(alice, looked_at, MAX_REQUESTS - 2, created_at_s=NOW_S)
    assert has_room(alice)
    assert alice.run(lambda rows, _: contact(rows, unseen.key)) is None
    assert alice.run(lambda rows, _: window(rows, unseen.key, 0, 10)) == []
    assert alice.run(lambda rows, _: contact(rows, looked_at.key)) is not None
    network.come_to_rest()
    assert other.run(lambda rows, _: contact(rows, unseen.key)) is None, "nor on another device"
    a_flood(alice, looked_at, 1, created_at_s=NOW_S)
    assert not has_room(alice), "one that the user has looked at gives way to nobody"


def test_what_another_device_lets_go_stays_where_the_user_has_decided(network: Network) -> None:
    one, two = network.ours
    stranger = Stranger(one, ContactState.REQUEST)
    network.come_to_rest()
    row = two.run(lambda rows, _: contact(rows, stranger.key))
    assert row is not None
    two.run(lambda rows, _: upsert_contact(rows, replace(row, petname="Mum")))
    older = replace(row, created_at_s=LONG_AGO_S)
    one.run(lambda rows, _: upsert_contact(rows, older))
    a_flood(one, stranger, MAX_REQUESTS - 1, created_at_s=NOW_S)
    assert has_room(one)
    assert one.run(lambda rows, _: contact(rows, stranger.key)) is None
    network.come_to_rest()
    for device in (one, two):
        kept = device.run(lambda rows, _: contact(rows, stranger.key))
        assert kept is not None
        assert kept.petname == "Mum"


def test_a_stranger_leaves_no_more_bytes_than_the_request_lane_lets_pass(network: Network) -> None:
    alice = network.ours[0]
    stranger = Stranger(alice, ContactState.REQUEST)
    for number in range(8):
        stranger.says(a_text("x" * 40_000, now_ms=NOW_MS, counter=number + 1))
    kept = alice.run(lambda rows, _: stored_bytes(rows, stranger.key))
    assert REQUEST_LANE_BYTES <= kept < REQUEST_LANE_BYTES + 50_000


def test_a_token_that_is_handed_on_makes_few_of_them_welcome_at_once(network: Network) -> None:
    alice = network.ours[0]
    model = Stranger(alice, ContactState.ACCEPTED)
    a_flood(alice, model, MAX_CODE_HOLDERS - 3, created_at_s=NOW_S)  # with two that she knows
    states = [comes_with_a_token(alice, "one"), comes_with_a_token(alice, "two")]
    assert states == [ContactState.ACCEPTED, ContactState.REQUEST]


def comes_with_a_token(alice: Device, name: str) -> str:
    """Somebody new writes first, by the contacts' lane; return what they are then."""
    account = own_keys.generate_account(RANDOM, now_s=NOW_S)
    signed = own_keys.make_manifest(
        account, address=Address.parse(f"{name}@else.example"), devices=[an_entry()], now_s=NOW_S
    )
    manifest = verify_manifest(signed)
    said = Introduction(
        manifest=manifest, key=manifest.devices[0].key, reply_token=None, relay_pin=None
    )

    def work(rows: Rows, _: Changes) -> str:
        row = introduced(rows, said, lane=Lane.CONTACT, now_s=NOW_S)
        keep_introduced(rows, row)
        return row.state

    return alice.run(work)
