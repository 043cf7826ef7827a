"""A contact as records say it, and a contact that follows its records.

Rule: who a contact is comes only with a manifest that verifies, under the account id that its root
has, and an older manifest never takes a newer one's place. What is decided on one device holds on
all; what it did to others (a token sent, a receipt) is never done again. Inside the caller's
transaction. Spec: docs/engine.md, section 12; docs/protocol/content.md, section 2.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta, Struct

from restante.client.acquaintance import is_welcome, keep_manifest, new_contact, others_at
from restante.client.giving_up import give_up
from restante.client.interface import ContactState, Trust
from restante.client.lifecycle.following import note_arrival
from restante.client.lifecycle.key_changes import (
    leave_undecided,
    note_forked,
    pause,
    resume,
    take_over,
)
from restante.client.requests import forgotten_elsewhere
from restante.client.syncing.putting import put
from restante.client.syncing.self_contact import is_self
from restante.crypto.signatures import verify_manifest
from restante.errors import CryptoError
from restante.protocol.codec import decode, encode
from restante.protocol.ids import Bytes16, Token
from restante.protocol.limits import BUCKET_TOKENS, MAX_MANIFEST_BYTES
from restante.protocol.manifest import SignedManifest
from restante.protocol.sync import RecordKind
from restante.protocol.text import printable
from restante.store import client_outbox
from restante.store.client_contacts import contact, upsert_contact
from restante.store.client_records import RecordRow, record

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.crypto.signatures import VerifiedManifest
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

KINDS: Final = (
    RecordKind.CONTACT,
    RecordKind.PETNAME,
    RecordKind.CONTACT_STATE,
    RecordKind.TRUST,
)

MAX_PETNAME_CHARS: Final = 64

BLOCKED: Final = "You have blocked this contact."


class Person(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Value of a CONTACT record. The root key and the address stand in the manifest."""

    manifest: Annotated[bytes, Meta(min_length=1, max_length=MAX_MANIFEST_BYTES)]
    token: Bytes16 | None
    token_given: Annotated[int, Meta(ge=0, lt=BUCKET_TOKENS)] | None


def write_down(rows: Rows, row: ContactRow, *, now_ms: int) -> None:
    """Let the records say what a contact is here."""
    key = row.account_id
    if row.state == ContactState.MEMBER.value:
        return  # the groups' own logs say it to every device
    if row.manifest is not None:
        person = Person(manifest=row.manifest, token=row.token, token_given=row.token_given)
        put(rows, RecordKind.CONTACT, key, encode(person), now_ms=now_ms)
    petname = None if row.petname is None else row.petname.encode()
    put(rows, RecordKind.PETNAME, key, petname, now_ms=now_ms)
    for kind, value in (
        (RecordKind.CONTACT_STATE, row.state),
        (RecordKind.TRUST, row.trust),
    ):
        before = record(rows, int(kind), key)
        was = None if before is None or before.value is None else before.value.decode()
        decided = _is_decision(kind, was, value)
        put(rows, kind, key, value.encode(), now_ms=now_ms, is_decision=decided)


def write_decisions_down(rows: Rows, account_id: bytes, *, now_ms: int) -> None:
    """Let the records say what the user has decided here, before another device's word counts.

    The journal says it a moment later: until then the record there is from before the decision.
    """
    row = contact(rows, account_id)
    if row is None or is_self(row):
        return
    petname = None if row.petname is None else row.petname.encode()
    put(rows, RecordKind.PETNAME, account_id, petname, now_ms=now_ms)
    for kind, value in ((RecordKind.CONTACT_STATE, row.state), (RecordKind.TRUST, row.trust)):
        before = record(rows, int(kind), account_id)
        if before is not None and before.value is not None:
            was = before.value.decode()
            if was != value and _is_decision(kind, was, value):
                put(rows, kind, account_id, value.encode(), now_ms=now_ms)


def follow(rows: Rows, changes: Changes, said: RecordRow, *, is_newest: bool, now_ms: int) -> None:
    """Let a contact be what a record says. `is_newest`: it took the place of the one before.

    Of one that didn't, only a newer manifest counts. Raises RemoteProtocolError or CryptoError if
    it is malformed.
    """
    row = contact(rows, said.key)
    if row is not None and is_self(row):
        return
    if row is None:
        newly = _begin(said) if said.kind == RecordKind.CONTACT else None
        if newly is None:
            return  # its other records wait until it is known who it is
        upsert_contact(rows, newly)
        for kind in KINDS[1:]:
            other = record(rows, int(kind), said.key)
            if other is not None:
                follow(rows, changes, other, is_newest=True, now_ms=now_ms)
    elif said.kind == RecordKind.CONTACT and said.value is None:
        if is_newest and not forgotten_elsewhere(rows, changes, row):
            write_down(rows, row, now_ms=now_ms)
    elif said.kind == RecordKind.CONTACT:
        _follow_person(rows, changes, row, said, is_newest=is_newest, now_ms=now_ms)
    elif is_newest:
        _follow_decision(rows, changes, row, said, now_ms=now_ms)
    changes.conversations[said.key] = None


def _begin(said: RecordRow) -> ContactRow:
    person = decode(said.value or b"", Person)
    manifest = verify_manifest(SignedManifest.from_bytes(person.manifest))
    if manifest.account_id != said.key:
        raise CryptoError("a record about another account")
    row = new_contact(
        manifest,
        state=ContactState.REQUEST,
        trust=Trust.UNVERIFIED,
        token=None if person.token is None else Token(person.token),
        petname=None,
        is_stale=True,
        now_s=manifest.issued_at_s,
    )
    return replace(row, token_given=person.token_given)


def _follow_person(
    rows: Rows,
    changes: Changes,
    row: ContactRow,
    said: RecordRow,
    *,
    is_newest: bool,
    now_ms: int,
) -> None:
    person = decode(said.value or b"", Person)
    manifest = verify_manifest(SignedManifest.from_bytes(person.manifest))
    if manifest.root.raw != row.root_key:
        raise CryptoError("a record about another account")
    if is_newest:
        given = row.token_given if person.token_given is None else person.token_given
        row = replace(row, token=person.token or row.token, token_given=given)
        upsert_contact(rows, row)
    # Our other device has accepted it by the chain rule; what can be seen here is looked at here.
    known = (row.generation, row.manifest_sequence)
    newest = (manifest.generation, manifest.sequence)
    if newest == known and manifest.head != row.manifest_hash:
        note_forked(rows, changes, row, now_ms=now_ms)  # they told each of us another one (I15)
    elif newest > known and manifest.address.unpinned == row.address:
        _keep_newer(rows, row, manifest, token=person.token if is_newest else None)
    elif newest > known and _may_have_moved(rows, row, manifest):
        before = row.address
        row = _keep_newer(rows, row, manifest, token=person.token or row.token)
        note_arrival(rows, changes, row, before=before, moved=None, now_ms=now_ms)


def _keep_newer(
    rows: Rows, row: ContactRow, manifest: VerifiedManifest, *, token: bytes | None
) -> ContactRow:
    row = keep_manifest(rows, row, manifest)
    if row.token is None and token is not None:
        row = replace(row, token=token)  # what our other device was given since the recovery
        upsert_contact(rows, row)
    return row


def _may_have_moved(rows: Rows, row: ContactRow, manifest: VerifiedManifest) -> bool:
    """Whether an account may be at another address now, by its root key's word (I24).

    Whoever moves signs another generation with the root key. The key of a generation that we know
    leads nowhere, whichever of our devices says that it does; and nobody takes another's place.
    """
    there = replace(row, address=manifest.address.unpinned)
    return manifest.generation > row.generation and not others_at(rows, there)


def _follow_decision(
    rows: Rows, changes: Changes, row: ContactRow, said: RecordRow, *, now_ms: int
) -> None:
    text = (said.value or b"").decode("utf-8", errors="replace")
    match said.kind:
        case RecordKind.PETNAME:
            name = printable(text, multiline=False)[:MAX_PETNAME_CHARS].strip()
            upsert_contact(rows, replace(row, petname=name or None))
        case RecordKind.CONTACT_STATE if text in set(ContactState) - {ContactState.SELF}:
            now = replace(row, state=text)
            upsert_contact(rows, now)
            if row.trust != Trust.CHANGED.value:
                take_over(rows, changes, now, now_ms=now_ms)  # who was decided on is welcome now
            if text == ContactState.BLOCKED:
                for entry in client_outbox.by_account(rows, row.account_id):
                    give_up(rows, changes, entry, BLOCKED, now_ms=now_ms)
        case RecordKind.TRUST if text in set(Trust):
            _follow_trust(rows, changes, row, text, now_ms=now_ms)


def _follow_trust(
    rows: Rows, changes: Changes, row: ContactRow, trust: str, *, now_ms: int
) -> None:
    now = replace(row, trust=trust)
    if trust != Trust.CHANGED:
        upsert_contact(rows, now)
        if row.trust == Trust.CHANGED.value:
            resume(rows, changes, now, now_ms=now_ms)
        take_over(rows, changes, now, now_ms=now_ms)
    elif row.trust != Trust.CHANGED.value:
        # Which key it was is asked for here, too: another own device's word shows no number.
        upsert_contact(rows, replace(now, is_stale=True))
        if row.trust == Trust.VERIFIED.value or is_welcome(row):
            leave_undecided(rows, row)
        changes.outdated[row.account_id] = row.manifest_hash
        for entry in client_outbox.by_account(rows, row.account_id):
            pause(rows, changes, entry, now, now_ms=now_ms)


def _is_decision(kind: RecordKind, was: str | None, now: str) -> bool:
    """Whether it was the user who made this of a contact, and not what others did."""
    if kind is RecordKind.TRUST:
        return now != Trust.CHANGED and (was is not None or now == Trust.VERIFIED)
    request, pending, accepted, blocked = (
        ContactState.REQUEST,
        ContactState.PENDING,
        ContactState.ACCEPTED,
        ContactState.BLOCKED,
    )
    return (
        blocked in {was, now}
        or (was is None and now == pending)
        or (was == request and now in {accepted, pending})
    )
