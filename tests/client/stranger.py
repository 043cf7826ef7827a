"""Somebody whom a device knows, with the keys at hand: what they sign, send, and say of themselves.

Without a socket: what arrives is read by the engine's own functions, as in `profiles_in_touch`.
"""

from __future__ import annotations

from msgspec import Struct

from restante.client.acquaintance import new_contact
from restante.client.changes import Changes
from restante.client.contents import Arrival, Reader
from restante.client.interface import ContactState, Trust
from restante.crypto import own_keys, signing
from restante.crypto.own_keys import AccountSecrets, DeviceSecrets
from restante.crypto.signatures import VerifiedManifest, verify_manifest
from restante.protocol.address import Address
from restante.protocol.codec import encode
from restante.protocol.content import Content, Kind, NewManifest
from restante.protocol.frames import Lane
from restante.protocol.ids import ID_BYTES, MailboxId
from restante.protocol.manifest import DeviceEntry
from restante.protocol.order import rank_at
from restante.store.client_contacts import ContactRow, contact, upsert_contact
from restante.store.client_rows import Rows
from tests.property.profiles_in_touch import NOW_MS, RANDOM, Device

HERE = Address.parse("mallory@relay.example")
THERE = Address.parse("mallory@where.mallory.example")


def an_entry(device: DeviceSecrets | None = None) -> DeviceEntry:
    """A device, as a manifest lists it."""
    device = device or own_keys.generate_device(RANDOM)
    mailbox = MailboxId(RANDOM.random(ID_BYTES))
    return own_keys.device_entry(device, mailbox=mailbox, now_s=NOW_MS // 1000)


def said(kind: Kind, body: Struct, *, conversation: bytes = b"") -> bytes:
    """A content that stands in no history."""
    return Content(
        version=1,
        kind=int(kind),
        id=RANDOM.random(ID_BYTES),
        conversation=conversation,
        counter=0,
        rank=rank_at(NOW_MS),
        sent_at_ms=NOW_MS,
        seen=[],
        disappears_after_s=0,
        body=encode(body),
    ).to_bytes()


class Stranger:
    """An account that is known to Alice's device in some state, and what it sends there."""

    def __init__(self, alice: Device, state: ContactState) -> None:
        self.alice = alice
        self.device: DeviceSecrets = own_keys.generate_device(RANDOM)
        self.account: AccountSecrets = own_keys.generate_account(RANDOM, now_s=NOW_MS // 1000)
        manifest = verify_manifest(
            own_keys.make_manifest(
                self.account, address=HERE, devices=[an_entry(self.device)], now_s=NOW_MS // 1000
            )
        )
        self.manifest = manifest
        self.device_id = manifest.devices[0].device_id
        row = new_contact(
            manifest,
            state=state,
            trust=Trust.UNVERIFIED,
            token=None,
            petname=None,
            is_stale=False,
            now_s=NOW_MS // 1000,
        )
        self.key = row.account_id
        alice.run(lambda rows, _: upsert_contact(rows, row))

    def moved(self) -> bytes:
        return signing.sign_moved(
            self.account.root, from_address=HERE, to_address=THERE, at_s=NOW_MS // 1000
        ).to_bytes()

    def lists(self, *more: DeviceEntry, address: Address | None = None) -> VerifiedManifest:
        """The next manifest of the account, signed by whoever holds its account key."""
        listed = [each.entry for each in self.manifest.devices]
        return verify_manifest(
            own_keys.next_manifest(
                self.account.account,
                self.manifest,
                devices=[*listed, *more],
                address=address,
                now_s=NOW_MS // 1000,
            )
        )

    def begins_anew(self, address: Address) -> VerifiedManifest:
        """A new generation of the account, signed by its root."""
        listed = [each.entry for each in self.manifest.devices]
        _, signed = own_keys.new_generation(
            self.account.root,
            generation=self.manifest.generation + 1,
            address=address,
            devices=listed,
            now_s=NOW_MS // 1000,
            randomness=RANDOM,
        )
        return verify_manifest(signed)

    def tells(self, manifest: VerifiedManifest) -> Changes:
        """Say to the device which manifest is the newest."""
        return self.says(said(Kind.MANIFEST, NewManifest(manifest=manifest.signed.to_bytes())))

    def says(self, packed: bytes, *, lane: Lane = Lane.CONTACT) -> Changes:
        reader = Reader(own=self.alice.own, randomness=RANDOM, resend_grace_ms=0, now_ms=NOW_MS)

        def work(rows: Rows, changes: Changes) -> Changes:
            arrival = Arrival(
                contact=self.row(rows),
                device_id=self.device_id,
                lane=lane,
                packed=packed,
                envelope_tag=RANDOM.random(ID_BYTES),
                arrived_ms=NOW_MS,
            )
            reader.read(rows, changes, arrival)
            return changes

        return self.alice.run(work)

    def row(self, rows: Rows) -> ContactRow:
        row = contact(rows, self.key)
        assert row is not None
        return row
