"""Who a contact is to us: how a hello or a look-up makes one, and what a contact's state allows.

Rule: an account is its root key. An address is only what it says of itself until its relay has been
asked (`is_stale`), and two roots that claim one address are never mixed up: the newcomer is shown
as CHANGED, whatever lane it came by. Inside the caller's transaction; knows no network.
Spec: docs/engine.md, section 7.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from restante.client.directory import head_of, manifest_of, with_manifest
from restante.client.interface import ContactState, Trust
from restante.client.sessions import end_unlisted
from restante.client.vouching import end_doubt, note_earlier
from restante.crypto.signatures import (
    ManifestForkError,
    ManifestRollbackError,
    accept_manifest,
    verify_manifest,
)
from restante.errors import CryptoError
from restante.protocol.frames import Lane
from restante.protocol.manifest import SignedManifest
from restante.store.client_aside import has_aside
from restante.store.client_contacts import ContactRow, contact, find, upsert_contact
from restante.store.client_requests import count_in_state_since

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.crypto.introduction import Introduction
    from restante.crypto.signatures import VerifiedManifest
    from restante.protocol.ids import Token
    from restante.store.client_rows import Rows

WELCOME: Final = frozenset(
    {ContactState.ACCEPTED.value, ContactState.PENDING.value, ContactState.SELF.value}
)
"""The states in which a contact's messages are ours to read, and are answered with receipts."""


MAX_CODE_HOLDERS: Final = 64
"""Strangers with a token of ours who are welcome at once, in a day; the others wait as requests. A
contact can hand its token on to as many accounts as it makes."""

A_DAY_S: Final = 86_400


class RefusedHelloError(CryptoError):
    """The manifest in a hello contradicts what is known of the account, or leaves a hole after it.

    `may_follow`: the relay may have what is in between. `is_fork`: it contradicts the newest one.
    """

    def __init__(
        self, message: str, known: ContactRow, *, may_follow: bool = False, is_fork: bool = False
    ) -> None:
        super().__init__(message)
        self.known = known
        self.may_follow = may_follow
        self.is_fork = is_fork


def is_welcome(row: ContactRow) -> bool:
    """Whether the user has chosen to hear from this contact."""
    return row.state in WELCOME


def is_heard(row: ContactRow) -> bool:
    """Whether what somebody says, in groups at least, is answered by receipts and requests."""
    return row.state in WELCOME or row.state == ContactState.MEMBER.value


def new_contact(
    manifest: VerifiedManifest,
    *,
    state: ContactState,
    trust: Trust,
    token: Token | None,
    petname: str | None,
    is_stale: bool,
    now_s: int,
) -> ContactRow:
    """Return a contact that isn't stored yet."""
    return ContactRow(
        account_id=manifest.account_id,
        address=manifest.address.unpinned,
        root_key=manifest.root.raw,
        petname=petname,
        state=state.value,
        trust=trust.value,
        token=token,
        token_given=None,
        manifest=manifest.signed.to_bytes(),
        manifest_hash=manifest.head,
        manifest_sequence=manifest.sequence,
        generation=manifest.generation,
        is_stale=is_stale,
        created_at_s=now_s,
    )


def others_at(rows: Rows, row: ContactRow) -> list[ContactRow]:
    """Return other accounts that are known under the same address."""
    same = find(rows, row.address)
    return [
        each for each in same if each.address == row.address and each.account_id != row.account_id
    ]


def introduced(rows: Rows, introduction: Introduction, *, lane: Lane, now_s: int) -> ContactRow:
    """Return the contact that a hello comes from, as it is to be kept.

    A stranger who holds one of our tokens was given our contact code: accepted. Any other waits as
    a request. Raises RefusedHelloError if the manifest contradicts what we know of the account, or
    can't be seen to follow on it.
    """
    manifest = introduction.manifest
    known = contact(rows, manifest.account_id)
    if known is None:
        row = _stranger(rows, introduction, lane=lane, now_s=now_s)
    else:
        row = _brought_up_to_date(known, introduction)
    if is_of_key(introduction):
        _refuse_unknown_key(known, row, introduction)
    elif introduction.reply_token is not None and row.state != ContactState.SELF.value:
        row = replace(row, token=introduction.reply_token)
    return row


def is_of_key(introduction: Introduction) -> bool:
    """Whether a hello comes from a capability key, which is no device of its account."""
    return introduction.manifest.device(introduction.key.raw).entry.is_capability_key


def _refuse_unknown_key(
    known: ContactRow | None, row: ContactRow, introduction: Introduction
) -> None:
    """Refuse a capability key that may do nothing, and one that would introduce its account."""
    entry = manifest_of(row).device(introduction.key.raw).entry
    if known is None or not is_heard(known) or entry.grant is None:
        raise RefusedHelloError("a hello of a capability key", row)


def keep_introduced(rows: Rows, row: ContactRow) -> None:
    """Keep the contact that `introduced` returned."""
    known = contact(rows, row.account_id)
    upsert_contact(rows, row)
    if known is not None and known.manifest_hash != row.manifest_hash:
        _note_replaced(rows, known, manifest_of(row))
        keep_manifest(rows, row, manifest_of(row))


def _stranger(rows: Rows, introduction: Introduction, *, lane: Lane, now_s: int) -> ContactRow:
    row = new_contact(
        introduction.manifest,
        state=ContactState.REQUEST,
        trust=Trust.UNVERIFIED,
        token=None,
        petname=None,
        is_stale=True,  # nobody but themselves has said yet that the address is theirs
        now_s=now_s,
    )
    if others_at(rows, row):
        return replace(row, trust=Trust.CHANGED.value)
    if lane is Lane.CONTACT and _may_be_welcome(rows, now_s=now_s):
        return replace(row, state=ContactState.ACCEPTED.value)
    return row


def _may_be_welcome(rows: Rows, *, now_s: int) -> bool:
    """Whether a stranger with a token of ours is welcome at once: few were, in the last day."""
    accepted = ContactState.ACCEPTED.value
    return count_in_state_since(rows, accepted, now_s - A_DAY_S) < MAX_CODE_HOLDERS


def _brought_up_to_date(known: ContactRow, introduction: Introduction) -> ContactRow:
    manifest = introduction.manifest
    if manifest.address.unpinned != known.address:
        # Else a contact could take on another's name; only a relay's own word moves an account.
        # A key has no session that goes on: what it says waits until we have followed, too.
        may_follow = is_of_key(introduction)
        raise RefusedHelloError("a hello under another address", known, may_follow=may_follow)
    try:
        accept_manifest(head_of(known), [manifest])
    except ManifestRollbackError:
        # An older list than ours: the device counts only if it is still on ours.
        try:
            manifest_of(known).device(introduction.key.raw)
        except CryptoError:
            raise RefusedHelloError("a hello of an unlisted device", known) from None
        return known
    except ManifestForkError:
        raise RefusedHelloError("a forked manifest", known, is_fork=True) from None
    except CryptoError:
        raise RefusedHelloError("a manifest after a hole", known, may_follow=True) from None
    return with_manifest(known, manifest) if manifest.head != known.manifest_hash else known


def keep_manifest(rows: Rows, row: ContactRow, manifest: VerifiedManifest) -> ContactRow:
    """Keep a manifest that was accepted of a contact; sessions with what it doesn't list end."""
    if manifest.generation > row.generation and row.state != ContactState.SELF.value:
        row = replace(row, token=None)  # recovered: what it gave out before is worth nothing
    _note_replaced(rows, row, manifest)
    row = with_manifest(row, manifest)
    upsert_contact(rows, row)
    end_unlisted(rows, row.account_id, [device.device_id for device in manifest.devices])
    return row


def _note_replaced(rows: Rows, row: ContactRow, manifest: VerifiedManifest) -> None:
    """Note which list a newer one takes the place of: what was sealed under it may come late."""
    if row.manifest_hash is not None and row.manifest_hash != manifest.head:
        note_earlier(rows, row, row.manifest_hash, manifest.previous)
        end_doubt(rows, row)


def told_of_manifest(rows: Rows, row: ContactRow, packed: bytes) -> ContactRow:
    """Take the manifest that a device of a contact says is the newest one (attack 2).

    A relay that goes on showing an older one hides nothing so. One that names another address is
    not taken: only a move leads there. Raises ManifestForkError if it contradicts the one that is
    known, CryptoError or RemoteProtocolError if it doesn't verify.
    """
    manifest = verify_manifest(SignedManifest.from_bytes(packed))
    if manifest.address.unpinned != row.address:
        return row
    try:
        accept_manifest(head_of(row), [manifest])
    except ManifestForkError:
        raise
    except ManifestRollbackError:
        return row
    except CryptoError:
        if manifest.account_id != row.account_id:
            raise
        row = replace(row, is_stale=True)  # some in between are missing: their relay is asked
    else:
        return keep_manifest(rows, row, manifest)
    upsert_contact(rows, row)
    return row


def is_first_device(row: ContactRow, device_id: bytes) -> bool:
    """Whether a device is the one that holds an account's key: it alone may end the account."""
    return manifest_of(row).devices[0].device_id == device_id


def heard_from(rows: Rows, row: ContactRow) -> ContactRow:
    """Note that somebody we wrote to has answered."""
    if row.state != ContactState.PENDING.value:
        return row
    row = replace(row, state=ContactState.ACCEPTED.value)
    upsert_contact(rows, row)
    return row


def note_welcome(rows: Rows, changes: Changes, row: ContactRow) -> None:
    """Somebody is welcome from now on: a hello of theirs that waits aside is tried again.

    Perhaps their newer list is known by now; if not, their relay is asked then.
    """
    if has_aside(rows):
        changes.outdated.setdefault(row.account_id, None)
