"""The self contact: this account among its own contacts, by which its devices write to each other.

Its conversation is "Note to self". Rule: it follows the account: manifest, address and token are
always those that the account has now, and only `keep_own_manifest` gives the account another
manifest. Inside the caller's transaction; knows no network. Spec: docs/engine.md, section 12.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restante.client.acquaintance import new_contact
from restante.client.directory import manifest_of, with_manifest
from restante.client.interface import ContactState, Trust
from restante.client.own_account import keep_manifest, load_own_account
from restante.client.sessions import end_unlisted
from restante.client.syncing.this_device import SELF, own_device
from restante.client.vouching import end_doubt
from restante.errors import CryptoError
from restante.protocol.ids import ID_BYTES, AccountId, Token
from restante.protocol.limits import BUCKET_TOKENS
from restante.store.client_account import get_value, set_value, tokens
from restante.store.client_contacts import contact, upsert_contact

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.own_account import OwnAccount
    from restante.crypto.signatures import ListedDevice, VerifiedManifest
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows


def current_account(rows: Rows, *, now_s: int) -> OwnAccount | None:
    """Return the account, its self contact made or brought up to date; None in a new profile.

    Raises StoreError if it is damaged.
    """
    own = load_own_account(rows)
    if own is not None and own.is_registered:
        _follow(rows, own, now_s=now_s)
    return own


def self_contact(rows: Rows) -> ContactRow | None:
    """Return the self contact; None before the account's first start."""
    us = get_value(rows, SELF)
    return None if us is None else contact(rows, us[:ID_BYTES])


def other_devices(rows: Rows, row: ContactRow) -> list[ListedDevice]:
    """Return the account's devices with a mailbox, but this one. `row` is the self contact."""
    this = own_device(rows)
    return [
        device
        for device in manifest_of(row).devices
        if device.entry.mailbox is not None and device.device_id != this
    ]


def is_self(row: ContactRow) -> bool:
    """Whether a contact is the self contact."""
    return row.state == ContactState.SELF.value


def keep_own_manifest(
    rows: Rows, changes: Changes, manifest: VerifiedManifest, *, now_s: int
) -> None:
    """Give the account a newer manifest; the engine goes on with it after the commit.

    Whoever calls has made it, or accepted it by the chain rule. CryptoError if it is another
    account's or an older one; the one that is there changes nothing.
    """
    own = load_own_account(rows)
    if own is None or manifest.root != own.root:
        raise CryptoError("a manifest of another account")
    if manifest.head == own.manifest.head:
        return
    place = (own.manifest.generation, own.manifest.sequence)
    if (manifest.generation, manifest.sequence) <= place:
        raise CryptoError("an older manifest of one's own")
    _follow(rows, keep_manifest(rows, own, manifest), now_s=now_s)
    changes.is_account_changed = True


def follow_tokens(rows: Rows) -> None:
    """Let the self contact's token be a live one again: tokens were retired."""
    row = self_contact(rows)
    if row is not None:
        upsert_contact(rows, replace(row, token=_token(rows, AccountId(row.account_id))))


def _follow(rows: Rows, own: OwnAccount, *, now_s: int) -> None:
    known = contact(rows, own.account_id)
    if known is None:
        known = new_contact(
            own.manifest,
            state=ContactState.SELF,
            trust=Trust.VERIFIED,
            token=None,
            petname=None,
            is_stale=False,
            now_s=now_s,
        )
    if known.manifest_hash != own.manifest.head:
        end_doubt(rows, known)
    row = replace(
        with_manifest(known, own.manifest),
        state=ContactState.SELF.value,
        trust=Trust.VERIFIED.value,
        token=_token(rows, own.account_id),
    )
    upsert_contact(rows, row)
    end_unlisted(rows, own.account_id, [listed.device_id for listed in own.manifest.devices])
    set_value(rows, SELF, own.account_id + own.device_id)


def _token(rows: Rows, account_id: AccountId) -> Token | None:
    """Return the live token that all our devices use for each other: of a bucket that is fixed."""
    live = {each.bucket: each.token for each in tokens(rows) if each.is_live}
    token = live.get(account_id[0] % BUCKET_TOKENS)
    return None if token is None else Token(token)
