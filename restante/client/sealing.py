"""From contents to envelopes: one transaction that takes the keys and keeps what they sealed.

Rule: an entry is sealed once, for each device, in the transaction that moves the session on; what
is sealed is what is sent, however often. So no key is used twice and none is lost, wherever a crash
falls. A message gets its counter here. Knows no network. Spec: docs/engine.md, section 4.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING

from restante.client import tracing
from restante.client.directory import manifest_of
from restante.client.finishing import final_content
from restante.client.giving_up import give_up
from restante.client.granting import token_for
from restante.client.groups.posting import GONE, in_epoch, may_receive
from restante.client.interface import ContactState, MessageState, Trust
from restante.client.lifecycle.key_changes import pause
from restante.client.lifecycle.leaving import left_because
from restante.client.queueing import local_id, park, send_to_others
from restante.client.requests import REQUEST_LANE_BYTES
from restante.client.sessions import keep_sealed, sending_session
from restante.client.syncing.outgoing import as_it_waits
from restante.client.syncing.self_contact import is_self
from restante.crypto.envelope import seal
from restante.crypto.handshake import initiate
from restante.crypto.header import Heads
from restante.errors import CryptoError
from restante.protocol.envelope import bucket_for
from restante.protocol.ids import ID_BYTES, Token
from restante.store import client_outbox
from restante.store.client_account import get_value, set_value
from restante.store.client_contacts import contact
from restante.store.client_outbox import OutboxRow, outbox_entry
from restante.store.failpoints import reach
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from restante.client.changes import Changes
    from restante.client.own_account import OwnAccount
    from restante.crypto.randomness import Randomness
    from restante.crypto.session import Session
    from restante.crypto.signatures import ListedDevice, VerifiedManifest
    from restante.protocol.ids import DeviceId
    from restante.protocol.manifest import PrekeyBundle
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A mailbox that an envelope is for, and whose it is."""

    mailbox: bytes
    token: Token | None
    account_id: bytes
    device_id: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A sealed entry, and where it goes: to one mailbox, or of a large group's to many."""

    entry: OutboxRow
    goals: tuple[Goal, ...]


@dataclass(slots=True, kw_only=True)
class Batch:
    """What became of the entries of one contact."""

    ready: list[Ready] = field(default_factory=list)
    lacking: list[bytes] = field(default_factory=list)
    """Entries that no session and no usable prekeys exist for yet."""
    useless: set[DeviceId] = field(default_factory=set)
    """Devices whose prekeys begin no session: expired, mostly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealer:
    """Seals for one contact at one moment. `bundles` were fetched for devices without a session."""

    own: OwnAccount
    randomness: Randomness
    bundles: Mapping[DeviceId, PrekeyBundle]
    now_ms: int

    def seal_all(
        self, rows: Rows, changes: Changes, account_id: bytes, entries: Iterable[OutboxRow]
    ) -> Batch:
        """Seal what isn't yet; return everything that can be deposited now."""
        batch = Batch()
        row = contact(rows, account_id)
        for listed in entries:
            entry = outbox_entry(rows, listed.id)
            if entry is None:
                continue  # taken back meanwhile
            if row is not None and row.trust == Trust.CHANGED.value:
                pause(rows, changes, entry, row, now_ms=self.now_ms)
                continue
            reason = _reason_not_to_send(row)
            if row is None or reason is not None:
                sentence = reason or "The contact was deleted."
                give_up(rows, changes, entry, sentence, now_ms=self.now_ms)
                continue
            if not may_receive(rows, entry):
                give_up(rows, changes, entry, GONE, now_ms=self.now_ms)
                continue
            manifest = manifest_of(row)
            devices = _targets(manifest, entry, self.own.device_id)
            if not devices and is_self(row):
                client_outbox.delete(rows, entry.id)  # this is the only device
            elif not devices and send_to_others(rows, changes, entry, row, now_ms=self.now_ms):
                continue
            elif not devices:
                sentence = f"{row.address} has no device that could receive it."
                give_up(rows, changes, entry, sentence, now_ms=self.now_ms)
            elif entry.payload is None:
                row = self._seal(rows, changes, row, entry, devices=devices, batch=batch)
            else:
                batch.ready.append(_ready(entry, devices[0], row))
        reach("outbox.sealing")
        return batch

    def _seal(
        self,
        rows: Rows,
        changes: Changes,
        row: ContactRow,
        entry: OutboxRow,
        *,
        devices: list[ListedDevice],
        batch: Batch,
    ) -> ContactRow:
        """Seal one entry for as many of its devices as can be; the others get an entry each."""
        sealable: list[tuple[ListedDevice, Session, bool]] = []
        parked: list[ListedDevice] = []
        lacking: list[ListedDevice] = []
        for device in devices:
            row, session, is_new = self._session(rows, row, device, batch=batch)
            if session is None:
                lacking.append(device)
            elif not self._may_send(rows, row, session, entry):
                parked.append(device)
            else:
                sealable.append((device, session, is_new))
        if not sealable:
            if parked:
                park(rows, changes, entry)
            else:
                batch.lacking.append(entry.id)
            return row
        content = self._final_content(rows, changes, row, entry)
        if content is None:
            client_outbox.delete(rows, entry.id)
            return row
        for device in (*parked, *lacking):
            later = self._for_device(entry, device, as_it_waits(content))
            client_outbox.enqueue(rows, later)
            if device in parked:
                park(rows, changes, later)
        for number, (device, session, is_new) in enumerate(sealable):
            for_device = entry
            if number:
                for_device = self._for_device(entry, device, content)
                client_outbox.enqueue(rows, for_device)
            sealed = self._keep(
                rows, row, for_device, device, content=content, session=session, is_new=is_new
            )
            batch.ready.append(_ready(sealed, device, row))
        return row

    def _session(
        self, rows: Rows, row: ContactRow, device: ListedDevice, *, batch: Batch
    ) -> tuple[ContactRow, Session | None, bool]:
        """Find the session to send on, or begin one; None if that can't be done yet."""
        session = sending_session(rows, device.device_id)
        if session is not None:
            return row, session, False
        bundle = self.bundles.get(device.device_id)
        if bundle is None:
            return row, None, False
        if is_self(row):
            reply_token = None  # they have it as we do
        else:
            row, reply_token = token_for(rows, row, randomness=self.randomness)
        try:
            session = initiate(
                self.randomness,
                own=self.own.device,
                own_manifest=self.own.manifest,
                recipient=manifest_of(row),
                bundle=bundle,
                reply_token=reply_token,
                own_relay_pin=self.own.address.relay.pin,
                now_s=self.now_ms // 1000,
            )
        except CryptoError:
            batch.useless.add(device.device_id)
            return row, None, False  # a bad or expired bundle is as good as none
        return row, session, True

    def _may_send(self, rows: Rows, row: ContactRow, session: Session, entry: OutboxRow) -> bool:
        """Whether there is still room in the request lane, if that is where it goes."""
        if row.token is not None or session.is_confirmed:
            return True
        used = _lane_bytes(rows, session)
        size = bucket_for(len(entry.content), hello=True)
        return used == 0 or used + size <= REQUEST_LANE_BYTES

    def _keep(
        self,
        rows: Rows,
        row: ContactRow,
        entry: OutboxRow,
        device: ListedDevice,
        *,
        content: bytes,
        session: Session,
        is_new: bool,
    ) -> OutboxRow:
        """Seal, and keep session and envelope."""
        heads = Heads(sender=self.own.manifest.head, recipient=manifest_of(row).head)
        content = in_epoch(rows, content)
        sealed = seal(session, content, heads=heads, randomness=self.randomness)
        keep_sealed(rows, sealed.session, now_ms=self.now_ms, is_new=is_new)
        if row.token is None and not session.is_confirmed:
            used = _lane_bytes(rows, session) + len(sealed.envelope)
            set_value(rows, _lane_key(session), used.to_bytes(8, "big"))
        ready = replace(
            entry,
            envelope_id=self.randomness.random(ID_BYTES),
            device_id=device.device_id,
            payload=sealed.envelope,
            relay=str(manifest_of(row).address.relay),
        )
        client_outbox.save_sealed(
            rows,
            entry.id,
            envelope_id=ready.envelope_id or b"",
            device_id=device.device_id,
            payload=sealed.envelope,
            relay=ready.relay,
        )
        sealed_event, device_id = tracing.Event.SEALED, device.device_id
        tracing.note(rows, entry.message_id, sealed_event, now_ms=self.now_ms, device_id=device_id)
        # From here on an attempt may have reached the relay, whatever happens to this process.
        client_outbox.mark(
            rows,
            entry.id,
            state=MessageState.QUEUED.value,
            attempts=entry.attempts,
            next_attempt_ms=self.now_ms,
            was_sent=True,
        )
        return ready

    def _final_content(
        self, rows: Rows, changes: Changes, row: ContactRow, entry: OutboxRow
    ) -> bytes | None:
        """Return what is sealed: with its counter, with what is missing now; None if nothing is."""
        return final_content(rows, changes, row, entry, now_ms=self.now_ms)

    def _for_device(self, entry: OutboxRow, device: ListedDevice, content: bytes) -> OutboxRow:
        return replace(
            entry,
            id=local_id("entry-for-device", entry.id, device.device_id),
            device_id=device.device_id,
            content=content,
        )


def _reason_not_to_send(row: ContactRow | None) -> str | None:
    if row is None:
        return "The contact was deleted."
    if row.state == ContactState.BLOCKED.value:
        return "You have blocked this contact."
    if row.state == ContactState.LEFT.value:
        return left_because(row)
    return None


def _targets(
    manifest: VerifiedManifest, entry: OutboxRow, own_device: DeviceId
) -> list[ListedDevice]:
    """Return the listed devices with a mailbox that an entry is for; never this one."""
    return [
        device
        for device in manifest.devices
        if device.entry.mailbox is not None
        and entry.device_id in {None, device.device_id}
        and device.device_id != own_device
    ]


def _ready(entry: OutboxRow, device: ListedDevice, row: ContactRow) -> Ready:
    token = None if row.token is None else Token(row.token)
    goal = Goal(
        mailbox=device.entry.mailbox or b"",
        token=token,
        account_id=row.account_id,
        device_id=device.device_id,
    )
    return Ready(entry=entry, goals=(goal,))


def _lane_key(session: Session) -> str:
    return f"lane:{session.facts.peer_device.hex()}"


def _lane_bytes(rows: Rows, session: Session) -> int:
    return int.from_bytes(get_value(rows, _lane_key(session)) or b"", "big")
