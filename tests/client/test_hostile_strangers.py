"""What a stranger, or somebody who was blocked, must not bring about: C8, and within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from restante.client.announcer import Announcer
from restante.client.changes import Changes
from restante.client.directory import Found
from restante.client.interface import ContactState
from restante.client.lifecycle.following import MoveFollower, _all_noted, note_moved
from restante.client.requests import MAX_REQUEST_MESSAGES
from restante.client.syncing.self_contact import is_self
from restante.crypto import own_keys, signing
from restante.crypto.signatures import verify_manifest, verify_moved
from restante.protocol.address import Address
from restante.protocol.codec import encode
from restante.protocol.content import Content, Edit, Kind, Moved, Receipt, ReceiptState, Text
from restante.protocol.ids import ID_BYTES
from restante.store.client_contacts import contacts, find
from restante.store.client_marks import count_marks
from restante.store.client_rows import Rows
from tests.client.outsider import a_text
from tests.client.stranger import HERE, Stranger, said
from tests.property.profiles_in_touch import NOW_MS, RANDOM, Device, Network

if TYPE_CHECKING:
    from restante.client.directory import Directory


@pytest.fixture
def alice(tmp_path: Path) -> Iterator[Device]:
    made = Network(tmp_path, ours=[0, 0], theirs=[0])
    yield made.ours[0]
    made.close()


def an_edit(target: bytes) -> bytes:
    text = Text(text="x", quote=None, mentions=[])
    return said(Kind.EDIT, Edit(message=target, kind=int(Kind.TEXT), body=encode(text)))


@pytest.mark.parametrize(
    ("state", "is_followed"),
    [
        (ContactState.REQUEST, False),
        (ContactState.BLOCKED, False),
        (ContactState.LEFT, False),
        (ContactState.ACCEPTED, True),
    ],
)
def test_a_stranger_makes_nobody_look_at_a_relay_of_theirs(
    alice: Device, state: ContactState, *, is_followed: bool
) -> None:
    stranger = Stranger(alice, state)
    changes = stranger.says(said(Kind.MOVED, Moved(statement=stranger.moved())))
    assert changes.is_move_noted is is_followed
    assert bool(alice.run(lambda rows, _: _all_noted(rows))) is is_followed


def test_a_move_is_not_looked_at_any_more_once_they_are_blocked(alice: Device) -> None:
    stranger = Stranger(alice, ContactState.BLOCKED)
    alice.run(lambda rows, changes: note_moved(rows, changes, stranger.row(rows), stranger.moved()))
    assert alice.run(lambda rows, _: _all_noted(rows)) == []


def test_a_strangers_changes_of_messages_are_kept_within_bounds(alice: Device) -> None:
    stranger = Stranger(alice, ContactState.REQUEST)
    first = a_text("hello", now_ms=NOW_MS)
    stranger.says(first)
    for number in range(MAX_REQUEST_MESSAGES):
        is_stray = number % 2
        target = RANDOM.random(ID_BYTES) if is_stray else Content.from_bytes(first).id
        stranger.says(an_edit(target))
        receipt = Receipt(state=int(ReceiptState.READ), messages=[RANDOM.random(ID_BYTES)])
        stranger.says(said(Kind.RECEIPT, receipt))
    kept = alice.run(lambda rows, _: count_marks(rows, stranger.key))
    assert kept < MAX_REQUEST_MESSAGES


def test_nobody_takes_another_contacts_place_by_moving(alice: Device) -> None:
    (bob,) = [row for row in alice.run(lambda rows, _: contacts(rows)) if not is_self(row)]
    there = Address.parse(bob.address)
    stranger = Stranger(alice, ContactState.ACCEPTED)
    statement = signing.sign_moved(
        stranger.account.root, from_address=HERE, to_address=there, at_s=NOW_MS // 1000
    )
    # Bob's relay is in it, too: it shows Mallory under Bob's name.
    _, shown = own_keys.new_generation(
        stranger.account.root,
        generation=2,
        address=there,
        devices=[each.entry for each in stranger.manifest.devices],
        now_s=NOW_MS // 1000,
        randomness=RANDOM,
    )
    follower = MoveFollower(
        alice.context,
        directory=cast("Directory", None),
        announcer=Announcer(alice.context, alice.own),
    )

    def follow(rows: Rows, changes: Changes) -> None:
        follower._keep(
            rows,
            changes,
            stranger.key,
            verify_moved(statement, stranger.manifest.root),
            packed=statement.to_bytes(),
            found=Found(manifest=verify_manifest(shown), moved=None),
        )

    alice.run(follow)
    assert alice.run(lambda rows, _: stranger.row(rows)).address == HERE.unpinned
    assert [row.account_id for row in alice.run(lambda rows, _: find(rows, bob.address))] == [
        bob.account_id
    ]
