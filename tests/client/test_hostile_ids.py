"""Ids that somebody chooses so that something else isn't kept, shown, or counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Struct

from restante.client.changes import Changes
from restante.client.grammar.folding import GONE_MARK, READ_MARK
from restante.client.history import file_note
from restante.client.history_transfer.importing import Importer
from restante.client.history_transfer.items import mark_item, message_item
from restante.client.queueing import local_id
from restante.protocol.codec import encode
from restante.protocol.content import Content, Deletion, Kind, Reaction, Receipt, ReceiptState
from restante.protocol.history_part import Item
from restante.protocol.ids import ID_BYTES
from restante.protocol.order import rank_at
from restante.protocol.sync import Sync, SyncSent
from restante.store.client_contacts import contact
from restante.store.client_marks import marks_of
from restante.store.client_messages import message, window
from restante.store.client_rows import Rows
from tests.client.outsider import a_text
from tests.property.profiles_in_touch import NOW_MS, RANDOM, Device, Network, Parcel


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    made = Network(tmp_path, ours=[0, 0], theirs=[0])
    yield made
    made.close()


def said(kind: Kind, body: Struct, *, content_id: bytes | None = None, counter: int = 0) -> bytes:
    return Content(
        version=1,
        kind=int(kind),
        id=content_id or RANDOM.random(ID_BYTES),
        conversation=b"",
        counter=counter,
        rank=rank_at(NOW_MS),
        sent_at_ms=NOW_MS,
        seen=[],
        disappears_after_s=0,
        body=encode(body),
    ).to_bytes()


def tell(sender: Device, receiver: Device, packed: bytes) -> None:
    receiver.read(Parcel(sender=sender, receiver=receiver, packed=packed))


def copy_of(packed: bytes, conversation: bytes) -> bytes:
    return said(Kind.SYNC, Sync(items=[SyncSent(conversation=conversation, content=packed)]))


def texts(device: Device, conversation: bytes) -> list[tuple[bytes, str]]:
    shown = device.shows()["messages"].get(conversation.hex(), [])
    return [(bytes.fromhex(author), text) for _, author, _, text, *_ in shown]


def test_a_contact_cannot_take_the_place_of_what_another_device_sent(network: Network) -> None:
    laptop, phone = network.ours
    bob = network.theirs[0]
    key = bob.own.account_id
    ours = a_text("mine", now_ms=NOW_MS)
    taken = Content.from_bytes(ours).id
    # Bob has it already, and is quicker than the phone's copy.
    tell(bob, phone, a_text("his", now_ms=NOW_MS, message_id=taken))
    tell(laptop, phone, copy_of(ours, key))
    assert texts(phone, key) == [(laptop.own.account_id, "mine")]
    tell(bob, phone, a_text("his again", now_ms=NOW_MS, message_id=taken))
    assert texts(phone, key) == [(laptop.own.account_id, "mine")]


def test_a_contact_cannot_take_the_place_of_a_deletion(network: Network) -> None:
    laptop, phone = network.ours
    bob = network.theirs[0]
    key = bob.own.account_id
    ours = a_text("mine", now_ms=NOW_MS)
    target = Content.from_bytes(ours).id
    tell(laptop, phone, copy_of(ours, key))
    deletion = said(Kind.DELETION, Deletion(message=target), counter=2)
    taken = Content.from_bytes(deletion).id
    reaction = Reaction(message=target, emoji="👍")
    tell(bob, phone, said(Kind.REACTION, reaction, content_id=taken, counter=1))
    tell(laptop, phone, copy_of(deletion, key))
    assert [kind for _, _, kind, *_ in phone.shows()["messages"][key.hex()]] == ["deleted"]


@pytest.mark.parametrize("kind", [GONE_MARK, READ_MARK])
def test_a_contact_cannot_say_that_a_message_was_over_or_read(network: Network, kind: int) -> None:
    laptop, phone = network.ours
    bob = network.theirs[0]
    key = bob.own.account_id
    ours = a_text("mine", now_ms=NOW_MS)
    target = Content.from_bytes(ours).id
    guessed = local_id("own-mark", kind.to_bytes(2, "big"), target)
    reaction = Reaction(message=target, emoji="👍")
    tell(bob, phone, said(Kind.REACTION, reaction, content_id=guessed, counter=1))
    tell(laptop, phone, copy_of(ours, key))
    assert texts(phone, key) == [(laptop.own.account_id, "mine")]


def test_a_contact_cannot_make_a_copy_unreadable(network: Network) -> None:
    laptop, phone = network.ours
    bob = network.theirs[0]
    key = bob.own.account_id
    ours = a_text("mine", now_ms=NOW_MS)
    target = Content.from_bytes(ours).id
    guessed = local_id("early-receipt", key, target)
    reaction = Reaction(message=target, emoji="👍")
    tell(bob, phone, said(Kind.REACTION, reaction, content_id=guessed, counter=1))
    receipt = Receipt(state=int(ReceiptState.DELIVERED), messages=[target])
    tell(bob, phone, said(Kind.RECEIPT, receipt))
    tell(laptop, phone, copy_of(ours, key))
    assert texts(phone, key) == [(laptop.own.account_id, "mine")]
    assert phone.shows()["messages"][key.hex()][0][4] == "delivered"


def test_a_contact_cannot_keep_a_notice_from_being_shown(network: Network) -> None:
    laptop = network.ours[0]
    bob = network.theirs[0]
    key = bob.own.account_id
    guessed = local_id("notice", key, b"changed", b"whatever")
    tell(bob, laptop, a_text("nothing happened", now_ms=NOW_MS, message_id=guessed))

    def note(rows: Rows, changes: Changes) -> str:
        row = contact(rows, key)
        assert row is not None
        file_note(
            rows,
            changes,
            row.account_id,
            entry_id=guessed,
            device_id=bytes(ID_BYTES),
            kind="notice",
            error="Their key has changed.",
            rank=None,
            feed_type=None,
            now_ms=NOW_MS,
        )
        shown = message(rows, guessed)
        assert shown is not None
        return shown.kind

    assert laptop.run(note) == "notice"


def test_a_contact_cannot_take_places_before_a_history_comes(network: Network) -> None:
    laptop, phone = network.ours
    bob = network.theirs[0]
    key = bob.own.account_id
    ours = a_text("mine", now_ms=NOW_MS)
    target = Content.from_bytes(ours).id
    reaction = said(Kind.REACTION, Reaction(message=target, emoji="👍"), counter=2)
    tell(phone, laptop, copy_of(ours, key))
    tell(phone, laptop, copy_of(reaction, key))
    given: list[Item] = laptop.run(
        lambda rows, _: [
            *(message_item(row) for row in window(rows, key, 0, 10)),
            *(mark_item(row) for row in marks_of(rows, target)),
        ]
    )
    # The phone was just linked, Bob knows the ids of all that was ever sent to him.
    tell(bob, phone, a_text("his", now_ms=NOW_MS, message_id=target))
    his = Reaction(message=RANDOM.random(ID_BYTES), emoji="👎")
    tell(bob, phone, said(Kind.REACTION, his, content_id=Content.from_bytes(reaction).id))
    importer = Importer(
        own_account=phone.own.account_id,
        own_device=phone.own.device_id,
        put_record=lambda *_: None,
        now_ms=NOW_MS,
    )
    for _ in range(2):  # taken in again after a crash
        phone.run(lambda rows, changes: importer.take_in(rows, changes, given))
    assert phone.shows()["messages"][key.hex()] == laptop.shows()["messages"][key.hex()]
    assert texts(phone, key) == [(phone.own.account_id, "mine")]
