"""Attack 43: a member hands another's sender key on as theirs, or says on one what is no group's.

Held by: a chain's name and tags follow from the device that gave it (docs/cryptography.md, 17), and
what was sealed on one counts only as said in its group (G29).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from restante.client.changes import Changes
from restante.client.contents import Reader
from restante.client.interface import ContactState
from restante.client.opening import Opener
from restante.crypto import sender_keys
from restante.protocol.content import Kind
from restante.protocol.frames import Lane
from restante.protocol.ids import ID_BYTES
from restante.store.client_contacts import contact
from restante.store.client_messages import count, window
from restante.store.client_rows import Rows
from tests.client.begun_groups import a_device, a_message, joins, puts_in
from tests.client.outsider import a_text
from tests.client.stranger import Stranger, said
from tests.property.profiles_in_touch import NOW_MS, RANDOM, Device


@pytest.fixture
def alice(tmp_path: Path) -> Iterator[Device]:
    with a_device(tmp_path) as made:
        yield made


def arrives(alice: Device, envelope: bytes) -> None:
    """Let an envelope come to a device."""
    reader = Reader(own=alice.own, randomness=RANDOM, resend_grace_ms=0, now_ms=NOW_MS)
    opener = Opener(reader=reader)

    def work(rows: Rows, changes: Changes) -> None:
        opener.take(rows, changes, RANDOM.random(ID_BYTES), Lane.CONTACT, envelope)

    alice.run(work)


def authors(alice: Device, group: bytes) -> list[tuple[bytes, str]]:
    """Who has said what in a group."""
    found = alice.run(lambda rows, _: window(rows, group, 0, 99))
    return [(each.author, each.text) for each in found if each.kind == "text"]


def test_a_key_that_is_handed_on_first_neither_takes_nor_hides_its_owners_words(
    alice: Device,
) -> None:
    owner, mallory = [Stranger(alice, ContactState.MEMBER) for _ in range(2)]
    group, last = puts_in(owner, alice, mallory)
    joins(alice, group)
    chain = sender_keys.begin(RANDOM, group, owner.device_id)
    for each in (mallory, owner):
        each.says(said(Kind.SENDER_KEY, chain.shared(), conversation=group))
    message = a_message(group, [last.hash], counter=1, text="Mine")
    _, envelope = sender_keys.seal(chain, message, randomness=RANDOM)
    arrives(alice, envelope)
    assert authors(alice, group) == [(owner.key, "Mine")]


def test_on_a_sender_key_nothing_is_said_but_to_its_group(alice: Device) -> None:
    owner = Stranger(alice, ContactState.MEMBER)
    group, last = puts_in(owner, alice)
    joins(alice, group)
    chain = sender_keys.begin(RANDOM, group, owner.device_id)
    owner.says(said(Kind.SENDER_KEY, chain.shared(), conversation=group))
    elsewhere, there = puts_in(owner, alice, link=bytes(ID_BYTES))
    joins(alice, elsewhere)
    for content in (
        a_text("Between us", now_ms=NOW_MS),
        a_message(elsewhere, [there.hash], counter=1, text="Elsewhere"),
        a_message(group, [last.hash], counter=1, text="Here"),
    ):
        chain, envelope = sender_keys.seal(chain, content, randomness=RANDOM)
        arrives(alice, envelope)
    assert authors(alice, group) == [(owner.key, "Here")]
    assert authors(alice, elsewhere) == []
    assert alice.run(lambda rows, _: count(rows, owner.key)) == 0
    row = alice.run(lambda rows, _: contact(rows, owner.key))
    assert row is not None
    assert row.state == ContactState.MEMBER.value
