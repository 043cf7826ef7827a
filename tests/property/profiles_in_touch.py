"""Profiles of two accounts and a network between them, without a socket or an envelope.

Each device is a real database, read and written by the engine's own functions. The network carries
contents, as they would be sealed, and does with them what it is told: delays, repeats, loses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from restante.client.acquaintance import new_contact
from restante.client.changes import Changes
from restante.client.contents import Arrival, Reader
from restante.client.context import EngineContext, Tuning
from restante.client.depositing import note_left_here
from restante.client.events import EventHub
from restante.client.finishing import final_content
from restante.client.grammar.shown import details
from restante.client.grammar.timers import erase_gone
from restante.client.interface import ContactState, MessageState, Trust
from restante.client.own_account import OwnAccount
from restante.client.receipts import tell
from restante.client.states import moved
from restante.client.syncing.records import settle
from restante.client.syncing.self_contact import current_account
from restante.crypto import own_keys
from restante.crypto.own_keys import DeviceSecrets
from restante.crypto.randomness import SystemRandomness
from restante.crypto.signatures import VerifiedManifest, verify_manifest
from restante.protocol.address import Address
from restante.protocol.codec import decode
from restante.protocol.content import Content, Kind, Receipt, ReceiptState
from restante.protocol.frames import Lane
from restante.protocol.ids import ID_BYTES, MailboxId
from restante.store import client_outbox
from restante.store.client_account import AccountRow, save_account, set_value
from restante.store.client_contacts import contact, contacts, upsert_contact
from restante.store.client_conversations import gaps
from restante.store.client_inbox import take_receipts
from restante.store.client_marks import marks_of
from restante.store.client_messages import message, update_state, window
from restante.store.client_records import records
from restante.store.client_rows import Rows
from restante.store.client_transfer_rows import conversation_keys
from restante.store.migrations import CLIENT
from restante.store.sqlcipher import DatabaseKey, sqlcipher_driver

T = TypeVar("T")

RANDOM = SystemRandomness()
MOST_LOST_RECEIPTS = 4
NOW_MS = 1_800_000_000_000


@dataclass
class Hands:
    """The clock of one device."""

    now: int

    def now_ms(self) -> int:
        return self.now


@dataclass
class Parcel:
    """A content on its way from one device to another."""

    sender: Device
    receiver: Device
    packed: bytes

    @property
    def kind(self) -> int:
        return Content.from_bytes(self.packed).kind


class Device:
    """One device of one account: a database, a clock, and what the engine does with them."""

    def __init__(self, path: Path, secrets: DeviceSecrets, *, clock_ms: int) -> None:
        self.secrets = secrets
        self.hands = Hands(now=clock_ms)
        self.raw = sqlcipher_driver(DatabaseKey(bytes(32))).connect(path)
        self.raw.execute("PRAGMA synchronous = OFF")  # a test of logic, not of the disk
        self.raw.execute("PRAGMA journal_mode = MEMORY")
        for statement in CLIENT.whole:
            self.raw.execute(statement)
        self.context = EngineContext(
            profile="",
            database=cast("Any", None),
            clock=self.hands,
            randomness=RANDOM,
            hub=EventHub(),
            tuning=Tuning(resend_grace_s=0.0, receipt_jitter_s=0.0),
            proxy=None,
        )
        self.own: OwnAccount = cast("Any", None)

    def begin(self, manifest: VerifiedManifest, other: VerifiedManifest) -> None:
        """Keep the account, and the other one as an accepted contact."""
        row = AccountRow(
            address=str(manifest.address),
            root_secret=None,
            account_secret=None,
            device_secret=self.secrets.signing.raw,
            identity_secret=self.secrets.identity.secret.raw,
            generation=1,
            created_at_s=NOW_MS // 1000,
        )
        them = new_contact(
            other,
            state=ContactState.ACCEPTED,
            trust=Trust.UNVERIFIED,
            token=None,
            petname=None,
            is_stale=False,
            now_s=NOW_MS // 1000,
        )

        def work(rows: Rows, _: Changes) -> OwnAccount | None:
            save_account(rows, row)
            set_value(rows, "manifest", manifest.signed.to_bytes())
            set_value(rows, "is_registered", b"\x01")
            upsert_contact(rows, them)
            return current_account(rows, now_s=NOW_MS // 1000)

        own = self.run(work)
        assert own is not None
        self.own = own
        self.raw.execute("DELETE FROM touched")

    def run(self, work: Callable[[Rows, Changes], T]) -> T:
        """Run one transaction."""
        self.raw.execute("BEGIN IMMEDIATE")
        try:
            result = work(Rows(self.raw), Changes())
        except BaseException:
            self.raw.rollback()
            raise
        self.raw.execute("COMMIT")
        return result

    def read(self, parcel: Parcel) -> None:
        """Take what another device sent."""
        reader = Reader(own=self.own, randomness=RANDOM, resend_grace_ms=0, now_ms=self.hands.now)

        def work(rows: Rows, changes: Changes) -> None:
            row = contact(rows, parcel.sender.own.account_id)
            assert row is not None
            reader.read(
                rows,
                changes,
                Arrival(
                    contact=row,
                    device_id=parcel.sender.own.device_id,
                    lane=Lane.CONTACT,
                    packed=parcel.packed,
                    envelope_tag=RANDOM.random(ID_BYTES),
                    arrived_ms=self.hands.now,
                ),
            )

        self.run(work)

    def send(self, receivers: list[Device]) -> Iterator[Parcel]:
        """Seal all that is due: contents as they leave."""
        self.run(self._settle)
        while entries := self.run(lambda rows, _: client_outbox.outbox_entries(rows)):
            for entry in entries:
                packed, account_id = self.run(lambda rows, c, e=entry: self._seal(rows, c, e))
                for receiver in receivers:
                    is_meant = entry.device_id in {None, receiver.own.device_id}
                    is_theirs = receiver.own.account_id == account_id
                    if packed is not None and receiver is not self and is_meant and is_theirs:
                        yield Parcel(sender=self, receiver=receiver, packed=packed)

    def forget_what_is_over(self) -> None:
        """Erase the messages whose time is over."""
        while self.run(lambda rows, changes: erase_gone(rows, changes, now_ms=self.hands.now)):
            pass

    def _settle(self, rows: Rows, changes: Changes) -> None:
        while settle(rows, changes, now_ms=self.hands.now):
            pass
        for owed in take_receipts(rows):
            tell(
                rows,
                changes,
                owed.account_id,
                owed.state,
                [owed.message_id],
                randomness=RANDOM,
                now_ms=self.hands.now,
            )

    def _seal(
        self, rows: Rows, changes: Changes, entry: client_outbox.OutboxRow
    ) -> tuple[bytes | None, bytes]:
        row = contact(rows, entry.account_id)
        assert row is not None
        packed = None
        if row.state != ContactState.BLOCKED.value:
            packed = final_content(rows, changes, row, entry, now_ms=self.hands.now)
        client_outbox.delete(rows, entry.id)
        sent = None if entry.message_id is None else message(rows, entry.message_id)
        if sent is not None and moved(MessageState(sent.state), MessageState.RELAYED):
            update_state(rows, sent.id, MessageState.RELAYED.value, None)
            note_left_here(rows, changes, sent, now_ms=self.hands.now)
        return packed, entry.account_id

    def shows(self) -> dict[str, Any]:
        """Return all that a user sees, in plain values."""
        return self.run(lambda rows, _: self._shows(rows))

    def goes(self) -> dict[str, tuple[str, int | None]]:
        """Return what is there, and when it disappears."""
        return self.run(
            lambda rows, _: {
                row.id.hex(): (row.text, row.gone_at_ms)
                for key in conversation_keys(rows)
                for row in window(rows, key, 0, 10_000)
                if row.timer_s
            }
        )

    def _shows(self, rows: Rows) -> dict[str, Any]:
        return {
            "messages": {
                key.hex(): [
                    (
                        row.id.hex(),
                        row.author.hex(),
                        row.kind,
                        row.text,
                        row.state,
                        details(
                            row, marks_of(rows, row.id), lambda _: ("", False), lambda *_: True
                        ),
                    )
                    for row in window(rows, key, 0, 10_000)
                ]
                for key in sorted(conversation_keys(rows))
            },
            "gaps": {key.hex(): gaps(rows, key) for key in sorted(conversation_keys(rows))},
            "contacts": [(row.petname, row.state, row.trust) for row in contacts(rows)],
            "records": {
                (row.kind, row.key.hex()): (row.rank, row.device_id.hex(), row.value)
                for row in records(rows)
            },
        }


class Network:
    """Two accounts, and what is under way between their devices."""

    def __init__(self, folder: Path, *, ours: list[int], theirs: list[int]) -> None:
        """Make devices with these clocks, in hours from the true time."""
        self.under_way: list[Parcel] = []
        self.lost_receipts = 0
        self.ours = [self._device(folder / f"a{n}", hours) for n, hours in enumerate(ours)]
        self.theirs = [self._device(folder / f"b{n}", hours) for n, hours in enumerate(theirs)]
        manifests = [_manifest("alice", self.ours), _manifest("bob", self.theirs)]
        for device in self.ours:
            device.begin(manifests[0], manifests[1])
        for device in self.theirs:
            device.begin(manifests[1], manifests[0])

    @property
    def devices(self) -> list[Device]:
        return [*self.ours, *self.theirs]

    def flush(self, device: Device) -> None:
        """Let all that a device has to say leave it."""
        self.under_way.extend(device.send(self.devices))

    def deliver(self, number: int, *, is_repeated: bool = False) -> None:
        """Let one thing arrive, whichever; it may come again later."""
        if self.under_way:
            at = number % len(self.under_way)
            parcel = self.under_way[at] if is_repeated else self.under_way.pop(at)
            parcel.receiver.read(parcel)
            self.flush(parcel.receiver)

    def lose(self, number: int) -> None:
        """Let one thing never arrive. That something was read does: nobody asks for that again.

        That it was delivered is said again with the next few, so that a few may be lost.
        """
        lossy = [each for each in self.under_way if self._may_be_lost(each)]
        if lossy:
            lost = lossy[number % len(lossy)]
            self.lost_receipts += lost.kind == Kind.RECEIPT
            self.under_way.remove(lost)

    def _may_be_lost(self, parcel: Parcel) -> bool:
        if parcel.kind != Kind.RECEIPT:
            return True
        receipt = decode(Content.from_bytes(parcel.packed).body, Receipt)
        is_delivered = receipt.state == ReceiptState.DELIVERED
        return is_delivered and self.lost_receipts < MOST_LOST_RECEIPTS

    def come_to_rest(self) -> None:
        """Let everything arrive, and all that follows from it."""
        for device in self.devices:
            self.flush(device)
        while self.under_way:
            self.deliver(0)

    def let_pass(self, hours: int) -> None:
        """Let time pass for everybody."""
        for device in self.devices:
            device.hands.now += hours * 3_600_000

    def close(self) -> None:
        """Close all databases."""
        for device in self.devices:
            device.raw.close()

    def _device(self, path: Path, hours: int) -> Device:
        secrets = own_keys.generate_device(RANDOM)
        return Device(path, secrets, clock_ms=NOW_MS + hours * 3_600_000)


def _manifest(name: str, devices: list[Device]) -> VerifiedManifest:
    account = own_keys.generate_account(RANDOM, now_s=NOW_MS // 1000)
    entries = [
        own_keys.device_entry(
            device.secrets, mailbox=MailboxId(RANDOM.random(ID_BYTES)), now_s=NOW_MS // 1000
        )
        for device in devices
    ]
    address = Address.parse(f"{name}@relay.example")
    return verify_manifest(
        own_keys.make_manifest(account, address=address, devices=entries, now_s=NOW_MS // 1000)
    )
