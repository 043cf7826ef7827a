"""A new capability key: listed in the manifest with its grant, and handed out as one secret.

Rule: one transaction; the secret is returned once and kept nowhere. Only the device that holds the
account key makes keys. Knows no network. Spec: docs/protocol/identity.md, section 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.acquaintance import is_welcome
from restante.client.capability_keys.known import keep_grant, keep_readers
from restante.client.clock import read_rfc3339
from restante.client.directory import manifest_of
from restante.client.groups.posting import recipients_of, writable
from restante.client.interface import NewKey, Trust
from restante.client.linking.approving import refuse_if_full
from restante.client.linking.devices import device_view
from restante.client.linking.names import clean_device_name, put_name, unlike_others
from restante.client.linking.own_manifest import change_devices, signing_account
from restante.client.named import conversation_of
from restante.client.syncing.self_contact import is_self, self_contact
from restante.crypto import own_keys
from restante.errors import UserError
from restante.protocol.codec import encode
from restante.protocol.grant import MAX_GRANTED_MESSAGES, Grant, GrantReader, GrantSecret
from restante.protocol.ids import ID_BYTES, grant_hash
from restante.store.client_contacts import contact
from restante.store.client_groups import is_group
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.crypto.signatures import VerifiedManifest
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

MAX_DAYS: Final = 366
MAX_MEMBERS: Final = 128
"""In a group that a key writes to: its secret names each, and has 64 KiB."""
_DAY_MS: Final = 86_400_000
_LABEL_CHARS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A key as it was asked for, checked. `label` is what the asker calls the conversation."""

    conversation: bytes
    messages: int
    until_ms: int
    name: str

    @classmethod
    def read(
        cls, conversation: str, *, messages: int, until: str, name: str | None, now_ms: int
    ) -> Wanted:
        """Check what was asked for. UserError says what can be."""
        if not 1 <= messages <= MAX_GRANTED_MESSAGES:
            raise UserError(f"A key is for 1 to {MAX_GRANTED_MESSAGES} messages.")
        try:
            until_ms = read_rfc3339(until)
        except ValueError:
            raise UserError(
                f"{until[:40]!r} is no time with a zone, as 2026-11-22T08:00:00Z is."
            ) from None
        if not now_ms < until_ms <= now_ms + MAX_DAYS * _DAY_MS:
            raise UserError(f"A key ends in the future, within {MAX_DAYS} days.")
        return cls(
            conversation=conversation_of(conversation),
            messages=messages,
            until_ms=until_ms,
            name="" if name is None else clean_device_name(name),
        )


def make_key(rows: Rows, changes: Changes, wanted: Wanted, *, context: EngineContext) -> NewKey:
    """List a new key and return it with its secret.

    UserError: not the first device, no room for another, or nobody whom a key may write to.
    """
    own, _ = signing_account(rows)
    refuse_if_full(own)
    label, readers = _who_reads(rows, own, wanted.conversation)
    now_ms, randomness = context.now_ms(), context.randomness
    key = own_keys.generate_device(randomness)
    packed = encode(
        Grant(
            version=1,
            conversation=wanted.conversation,
            messages=wanted.messages,
            until_s=wanted.until_ms // 1000,
            salt=randomness.random(ID_BYTES),
        )
    )
    label = label[:_LABEL_CHARS]
    entry = own_keys.capability_entry(key, grant=grant_hash(packed), now_s=now_ms // 1000)
    listed = [device.entry for device in own.manifest.devices]
    name = unlike_others(rows, own.manifest, wanted.name or clean_device_name(f"key for {label}"))
    put_name(rows, key.device_id, name, now_ms=now_ms)
    keep_grant(rows, key.device_id, packed)
    keep_readers(rows, key.device_id, [each.account_id for each in readers])
    manifest = change_devices(rows, changes, [*listed, entry], context=context)
    us = self_contact(rows)
    secret = GrantSecret(
        version=1,
        signing_seed=key.signing.raw,
        identity_secret=key.identity.secret.raw,
        owner=_reader(manifest, None if us is None else us.token),
        grant=packed,
        readers=[_reader(manifest_of(each), each.token) for each in readers],
        label=label,
    )
    return NewKey(device=device_view(rows, key.device_id), secret=secret.to_text())


def _who_reads(rows: Rows, own: OwnAccount, conversation: bytes) -> tuple[str, list[ContactRow]]:
    """Return what the conversation is called, and who reads what is said there. UserError."""
    if not is_group(conversation):
        row = _whom(rows, conversation)
        return row.petname or row.address, [row]
    group = writable(rows, conversation)
    readers = recipients_of(rows, own, conversation)
    if not readers:
        raise UserError(f"Nobody else is in {group.name}, so that a key would write to nobody.")
    if len(readers) > MAX_MEMBERS:
        raise UserError(
            f"A key names everybody whom it writes to: {MAX_MEMBERS} at the most, and "
            f"{group.name} has {len(readers)} others in it."
        )
    return group.name, readers


def _whom(rows: Rows, conversation: bytes) -> ContactRow:
    row = contact(rows, conversation)
    if row is None:
        raise UserError("There is nobody of that name to write to. See: restante contact ls")
    if is_self(row):
        raise UserError("A key writes to somebody else, not into your notes.")
    if not is_welcome(row) or row.token is None:
        raise UserError(
            f"{row.address} hasn't accepted you yet, so that a key would write to nobody. Try "
            "again once they have answered."
        )
    if row.trust == Trust.CHANGED.value:
        raise UserError(f"The security key of {row.address} has changed. Decide on that first.")
    return row


def _reader(manifest: VerifiedManifest, token: bytes | None) -> GrantReader:
    return GrantReader(
        address=str(manifest.address),
        account=manifest.account_id,
        generation=manifest.generation,
        sequence=manifest.sequence,
        token=token,
    )
