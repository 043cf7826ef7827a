"""All devices of an account show the same, whatever was done on which, and whatever was lost.

Any number of devices, any interleaving; contents come late, twice, out of order or never; clocks
are off by hours. In the end, when everybody has written once more and nothing is under way, no
device misses anything and all show the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from restante.client.changes import Changes
from restante.client.grammar.folding import ERASABLE
from restante.client.grammar.hiding import hide
from restante.client.grammar.readings import read_here
from restante.client.grammar.writing import own_change, own_entry
from restante.client.interface import Trust
from restante.client.notices import file_notice
from restante.client.queueing import local_id
from restante.client.syncing.outgoing import publish, read_items
from restante.client.syncing.putting import put
from restante.protocol.codec import encode
from restante.protocol.content import Deletion, Edit, Kind, Pin, Reaction, Setting, Text
from restante.protocol.ids import ID_BYTES
from restante.protocol.sync import RecordKind
from restante.store.client_contacts import contact, upsert_contact
from restante.store.client_messages import MessageRow, window
from restante.store.client_rows import Rows
from tests.property.profiles_in_touch import RANDOM, Device, Network
from tests.rounds import rounds

CLOCKS: Final = st.integers(-12, 12)


def write(device: Device, key: bytes, text: str) -> None:
    """Send a text, in the conversation with the other account or with oneself."""
    body = Text(text=text, quote=None, mentions=[])
    device.run(
        lambda rows, changes: own_entry(
            rows,
            changes,
            device.context,
            own=device.own,
            account_id=key,
            message_id=RANDOM.random(ID_BYTES),
            kind=Kind.TEXT,
            body_for=lambda _: body,
        )
    )


def change(device: Device, key: bytes, number: int, kind: Kind) -> None:
    """Edit, delete, react to or pin a message, if there is one."""

    def work(rows: Rows, changes: Changes) -> None:
        row = _a_message(rows, device, key, number, is_own=kind in {Kind.EDIT, Kind.DELETION})
        whom = contact(rows, key)
        if row is None or whom is None or row.kind == "deleted":
            return
        new = encode(Text(text=f"edit {number}", quote=None, mentions=[]))
        body = {
            Kind.EDIT: Edit(message=row.id, kind=int(Kind.TEXT), body=new),
            Kind.DELETION: Deletion(message=row.id),
            Kind.REACTION: Reaction(message=row.id, emoji="👍" if number % 3 else ""),
            Kind.PIN: Pin(message=row.id, is_pinned=bool(number % 3)),
        }[kind]
        own_change(
            rows,
            changes,
            device.context,
            own=device.own,
            row=row,
            kind=kind,
            body=body,
        )

    device.run(work)


def read(device: Device, key: bytes, number: int) -> None:
    """Read up to a message, and tell the other devices."""

    def work(rows: Rows, changes: Changes) -> None:
        row = _a_message(rows, device, key, number, is_own=False)
        if row is None:
            return
        now_ms = device.hands.now
        found = read_here(rows, changes, key, row.id, now_ms=now_ms)
        publish(rows, changes, *read_items(key, found, at_ms=now_ms), now_ms=now_ms)

    device.run(work)


def hide_one(device: Device, key: bytes, number: int) -> None:
    """Delete a message of theirs for this account alone.

    Whoever erases what they sent can't send it again to a device that missed it.
    """

    def work(rows: Rows, changes: Changes) -> None:
        row = _a_message(rows, device, key, number, is_own=False)
        if row is not None and row.received_at_ms is not None:
            hide(rows, changes, row.id, now_ms=device.hands.now)

    device.run(work)


def decide(device: Device, key: bytes, number: int) -> None:
    """Rename, verify or doubt the contact."""

    def work(rows: Rows, _: Changes) -> None:
        row = contact(rows, key)
        assert row is not None
        if number % 2:
            upsert_contact(rows, replace(row, petname=f"name {number}"))
        else:
            trust = Trust.VERIFIED if number % 4 else Trust.UNVERIFIED
            upsert_contact(rows, replace(row, trust=trust.value))

    device.run(work)


def choose(device: Device, key: bytes, number: int) -> None:
    """Mute, pin, archive, or begin to write."""
    kinds = (RecordKind.MUTED_UNTIL, RecordKind.CHAT_PINNED, RecordKind.ARCHIVED, RecordKind.DRAFT)
    value = None if number % 5 == 0 else str(number).encode()

    def work(rows: Rows, _: Changes) -> None:
        put(rows, kinds[number % 4], key, value, now_ms=device.hands.now)

    device.run(work)


def set_timer(device: Device, key: bytes, number: int) -> None:
    """Let new messages disappear, or stay again."""
    setting = Setting(disappears_after_s=3600 if number % 3 else 0)
    device.run(
        lambda rows, changes: own_entry(
            rows,
            changes,
            device.context,
            own=device.own,
            account_id=key,
            message_id=RANDOM.random(ID_BYTES),
            kind=Kind.SETTING,
            body_for=lambda _: setting,
        )
    )


def notice(device: Device, key: bytes, number: int) -> None:
    """See that something happened to the other account: any device may, at its own time."""

    def work(rows: Rows, changes: Changes) -> None:
        row = contact(rows, key)
        assert row is not None
        entry_id = local_id("notice", key, bytes([number % 3]))
        now_ms = device.hands.now
        file_notice(rows, changes, row, f"seen {number % 3}", entry_id=entry_id, now_ms=now_ms)

    device.run(work)


ACTIONS: Final[dict[str, Callable[[Device, bytes, int], None]]] = {
    "text": lambda device, key, number: write(device, key, f"text {number}"),
    "note": lambda device, _, number: write(device, device.own.account_id, f"note {number}"),
    "edit": lambda device, key, number: change(device, key, number, Kind.EDIT),
    "delete": lambda device, key, number: change(device, key, number, Kind.DELETION),
    "react": lambda device, key, number: change(device, key, number, Kind.REACTION),
    "pin": lambda device, key, number: change(device, key, number, Kind.PIN),
    "read": read,
    "hide": hide_one,
    "decide": decide,
    "choose": choose,
    "timer": set_timer,
    "notice": notice,
}
NETWORK: Final = ["deliver", "deliver", "repeat", "lose", "wait"]
STEPS: Final = st.tuples(
    st.sampled_from([*ACTIONS, *ACTIONS, "text", "text", *NETWORK, *NETWORK]),
    st.integers(0, 99),
    st.integers(0, 30),
)


@settings(max_examples=rounds(6, 2_000))
@given(
    ours=st.lists(CLOCKS, min_size=1, max_size=4),
    theirs=st.lists(CLOCKS, min_size=1, max_size=2),
    steps=st.lists(STEPS, min_size=10, max_size=50),
)
def test_all_devices_of_an_account_show_the_same(
    ours: list[int], theirs: list[int], steps: list[tuple[str, int, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        network = Network(Path(folder), ours=ours, theirs=theirs)
        try:
            for name, which, number in steps:
                _step(network, name, which, number)
            _everybody_writes_once_more(network)
            for devices in (network.ours, network.theirs):
                first, *others = [device.shows() for device in devices]
                assert not any(first["gaps"].values())
                for other in others:
                    assert other == first
        finally:
            network.close()


@settings(max_examples=rounds(3, 1_000))
@given(
    ours=st.integers(2, 3),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["text", "text", "timer", "read", "read", "note", *NETWORK]),
            st.integers(0, 99),
            st.integers(0, 30),
        ),
        min_size=10,
        max_size=40,
    ),
)
def test_what_disappears_does_so_on_all_devices_of_an_account_at_one_time(
    ours: int, steps: list[tuple[str, int, int]]
) -> None:
    """With clocks that are right; with others each device goes by its own."""
    with tempfile.TemporaryDirectory() as folder:
        network = Network(Path(folder), ours=[0] * ours, theirs=[0, 0])
        try:
            for device in network.devices[::2]:
                set_timer(device, _other(network, device), 1)
            network.come_to_rest()
            for name, which, number in steps:
                _step(network, name, which, number)
            for number in range(2):
                network.let_pass(hours=2)
                for device in network.devices:
                    write(device, _other(network, device), f"last {number}")
                network.come_to_rest()
            for devices in (network.ours, network.theirs):
                first, *others = [device.goes() for device in devices]
                for other in others:
                    assert other == first
        finally:
            network.close()


def _step(network: Network, name: str, which: int, number: int) -> None:
    match name:
        case "deliver" | "repeat":
            network.deliver(which, is_repeated=name == "repeat")
        case "lose":
            network.lose(which)
        case "wait":
            network.let_pass(hours=which % 24)
        case _:
            device = network.devices[which % len(network.devices)]
            ACTIONS[name](device, _other(network, device), number)
            network.flush(device)


def _everybody_writes_once_more(network: Network) -> None:
    """What was lost last shows only by what comes after it; a lost answer, by the next."""
    for number in range(2):
        network.let_pass(hours=2)
        for device in network.devices:
            write(device, _other(network, device), f"last {number}")
            write(device, device.own.account_id, f"last note {number}")
        network.come_to_rest()
    # By then whatever disappears has disappeared, by the slowest clock too.
    network.let_pass(hours=72)
    for device in network.devices:
        device.forget_what_is_over()


def _other(network: Network, device: Device) -> bytes:
    others = network.theirs if device in network.ours else network.ours
    return others[0].own.account_id


def _a_message(
    rows: Rows, device: Device, key: bytes, number: int, *, is_own: bool
) -> MessageRow | None:
    found = [
        row
        for row in window(rows, key, 0, 512)
        if row.kind in ERASABLE and (row.author == device.own.account_id or not is_own)
    ]
    return found[number % len(found)] if found else None
