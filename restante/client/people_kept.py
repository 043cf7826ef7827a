"""What is kept of a person, and when it is refused: who there is, who is welcome, whose name it is.

Rule: inside the caller's transaction; what is refused is a sentence for the user. A look-up alone
never ends what is paused, and never takes a verified contact's trust away.
Spec: docs/engine.md, section 7.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from restante.client import gap_requests, granting
from restante.client.acquaintance import is_welcome, note_welcome
from restante.client.changes import Changes
from restante.client.directory import head_of, with_manifest
from restante.client.gaps import devices_with_gaps
from restante.client.interface import ContactState, Trust
from restante.client.lifecycle.key_changes import is_undecided, paused_because
from restante.crypto.signatures import VerifiedManifest, accept_manifest
from restante.errors import CryptoError, ExitCode, UserError
from restante.protocol.content import ReceiptState
from restante.protocol.text import printable
from restante.store.client_contacts import contact, contact_by_petname, upsert_contact
from restante.store.client_inbox import queue_receipt
from restante.store.client_messages import window

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.protocol.ids import Token
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

MAX_PETNAME_CHARS: Final = 64
_RECENT: Final = 512


def existing(rows: Rows, account_id: bytes) -> ContactRow:
    """Return a contact. UserError if there is none."""
    row = contact(rows, account_id)
    if row is None:
        raise UserError("There is no such conversation. See: restante contact ls")
    return row


def person(rows: Rows, account_id: bytes) -> ContactRow:
    """Return a contact who is somebody else. UserError if there is none."""
    row = existing(rows, account_id)
    if row.state == ContactState.SELF.value:
        raise UserError("That is yourself. Choose somebody else.")
    return row


def accepted(rows: Rows, changes: Changes, context: EngineContext, row: ContactRow) -> ContactRow:
    """Make somebody welcome: a token, receipts for what waits, and what is missing asked for."""
    was_welcome = is_welcome(row)
    if not was_welcome:
        row = replace(row, state=ContactState.ACCEPTED.value)
    upsert_contact(rows, row)
    changes.conversations[row.account_id] = None
    if was_welcome:
        return row
    note_welcome(rows, changes, row)
    changes.are_requests_full = False  # until the next one finds no room
    now_ms, randomness = context.now_ms(), context.randomness
    granting.grant(rows, changes, row, randomness=randomness, now_ms=now_ms)
    for entry in window(rows, row.account_id, 0, _RECENT):
        if entry.received_at_ms is not None:
            queue_receipt(rows, row.account_id, entry.id, int(ReceiptState.DELIVERED))
            changes.are_receipts_owed = True
    for device_id in devices_with_gaps(rows, row):
        gap_requests.ask_again(
            rows, changes, row, device_id, delay_ms=0, randomness=randomness, now_ms=now_ms
        )
    return existing(rows, row.account_id)


def clean_petname(petname: str) -> str:
    """Return a petname as it is kept. UserError: empty or too long."""
    name = " ".join(printable(petname, multiline=False).split())
    if not name or len(name) > MAX_PETNAME_CHARS:
        raise UserError(f"A name for a contact has 1 to {MAX_PETNAME_CHARS} characters.")
    return name


def known_again(
    known: ContactRow,
    manifest: VerifiedManifest,
    *,
    trust: Trust,
    token: Token | None,
    name: str | None,
) -> ContactRow:
    """Return a contact that was looked up once more."""
    try:
        accept_manifest(head_of(known), [manifest])
    except CryptoError:
        row = (
            known  # an older list, or one with a hole: ours stays, and is brought up to date later
        )
        row = replace(row, is_stale=True)
    else:
        row = with_manifest(known, manifest)
    keeps_trust = trust is Trust.UNVERIFIED and known.trust == Trust.VERIFIED.value
    return replace(
        row,
        trust=known.trust if keeps_trust else trust.value,
        token=token or known.token,
        petname=name or known.petname,
    )


def refuse_taken(
    rows: Rows, name: str | None, account_id: bytes, *, address: str | None = None
) -> None:
    """Refuse a petname that somebody else has; whoever takes over `address` may take it along."""
    other = None if name is None else contact_by_petname(rows, name)
    if other is not None and other.account_id != account_id and other.address != address:
        raise UserError(f"You call {other.address} {name!r} already. Choose another name.")


def held(row: ContactRow) -> UserError:
    """Return the refusal of somebody at the address of one whom the user knows with another key."""
    return UserError(
        f"{row.address} has another key than the one you have verified. It may be a new "
        "installation, or somebody in between: ask for a new contact code and add that.",
        exit_code=ExitCode.UNTRUSTED,
    )


def decided(rows: Rows, row: ContactRow) -> ContactRow:
    """Return a contact. UserError if its own key waits for the user's decision."""
    if is_undecided(rows, row):
        raise UserError(paused_because(row), exit_code=ExitCode.UNTRUSTED)
    return row


def not_theirs(row: ContactRow) -> UserError:
    return UserError(
        f"Their relay says that {row.address} is somebody else's. Block this request, or ask for a "
        "contact code.",
        exit_code=ExitCode.UNTRUSTED,
    )
