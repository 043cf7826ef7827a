"""What the user decides about people: add, accept, block, rename; and one's own code.

Rule: a person is a root key. What a look-up shows is compared with what is known before anything is
kept; a verified contact's address never passes to another key without a fresh code, and a look-up
alone never ends what is paused.
Spec: docs/engine.md, section 7.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from restante.client import granting
from restante.client.acquaintance import is_welcome, keep_manifest, new_contact, others_at
from restante.client.changes import Changes
from restante.client.directory import Found, manifest_of
from restante.client.gap_requests import ask_again
from restante.client.gaps import devices_with_gaps
from restante.client.giving_up import give_up
from restante.client.interface import ContactState, Trust
from restante.client.lifecycle.following import note_arrival, note_moved
from restante.client.lifecycle.key_changes import is_held, resume, supersede
from restante.client.linking.announcing import tell
from restante.client.looking_up import LookingUp
from restante.client.people_kept import (
    accepted,
    clean_petname,
    decided,
    existing,
    held,
    known_again,
    not_theirs,
    person,
    refuse_taken,
)
from restante.client.sessions import begin_anew
from restante.client.views import contact_view
from restante.errors import CryptoError, ExitCode, RemoteProtocolError, UserError
from restante.protocol.address import Address, AddressError
from restante.protocol.code import CodeError, CodeType, looks_like_code, make_code, parse_code
from restante.protocol.ids import contact_pin
from restante.store import client_outbox
from restante.store.client_account import own_code
from restante.store.client_contacts import contact, contacts, upsert_contact

if TYPE_CHECKING:
    from restante.client.interface import Contact
    from restante.protocol.ids import Token
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

BLOCKED: Final = "You have blocked this contact."


class Contacts(LookingUp):
    """The contacts of one account."""

    async def own_code(self) -> tuple[str, bool]:
        """Return this account's contact code, and whether the relay holds its record.

        UserError if the address is too long for a code.
        """
        row = await self._context.read(own_code)
        if row is None:
            raise UserError("This account has no contact code. Share the address instead.")
        relay = self._own.address.relay
        try:
            code = make_code(
                CodeType.CONTACT,
                pin=contact_pin(self._own.root.raw, relay.pin),
                secret=row.secret,
                name=self._own.address.name,
                relay=relay,
            )
        except CodeError as error:
            raise UserError(str(error)) from None
        return str(code), row.is_published

    async def all(self) -> list[Contact]:
        """Return all contacts, by name."""
        found = await self._context.read(contacts)
        hidden = {ContactState.SELF.value, ContactState.MEMBER.value}
        return [contact_view(row) for row in found if row.state not in hidden]

    async def add(
        self, code_or_address: str, *, petname: str | None, account_id: bytes | None = None
    ) -> Contact:
        """Look somebody up, where they have moved to, and keep them; a code's pin verifies them.

        With `account_id` it must be that account: a card says whom its writer knows there.

        UserError: no such code or address, a key that contradicts what is known, one's own code.
        """
        text = code_or_address.strip()
        token: Token | None = None
        try:
            if by_code := looks_like_code(text):
                code = parse_code(text)
                if code.type is not CodeType.CONTACT:
                    raise UserError("That code is no contact code. Ask the person for theirs.")
                holder = await self._directory.by_code(code)
                found, token = holder.found, holder.token
            else:
                found = await self._directory.find(Address.parse(text))
        except (AddressError, CodeError) as error:
            raise UserError(str(error)) from None
        manifest = found.manifest
        if manifest.account_id == self._own.account_id:
            raise UserError("That is yourself. Give this code to somebody else.")
        if account_id not in {None, manifest.account_id}:
            raise UserError(
                "Somebody else lives at this address than the card says. Ask for a contact code.",
                exit_code=ExitCode.UNTRUSTED,
            )
        name = None if petname is None else clean_petname(petname)

        def work(rows: Rows, changes: Changes) -> ContactRow:
            return self._keep(rows, changes, found, token=token, name=name, by_code=by_code)

        return contact_view(await self._change(work))

    async def accept(self, account_id: bytes) -> Contact:
        """Accept a request: it gets a token, and receipts for what it wrote."""
        row = await self._context.read(lambda rows: decided(rows, person(rows, account_id)))
        is_doubtful = row.trust == Trust.CHANGED.value
        if is_doubtful:
            row = await self._confirm(row)
        trust = row.trust

        def work(rows: Rows, changes: Changes) -> ContactRow:
            now = replace(decided(rows, existing(rows, account_id)), trust=trust)
            if now.state == ContactState.REQUEST.value and is_held(rows, now):
                raise held(now)
            if is_doubtful:
                now = self._settle_address(rows, changes, now, by_code=False)
                resume(rows, changes, now, now_ms=self._context.now_ms())
            return accepted(rows, changes, self._context, now)

        return contact_view(await self._change(work))

    async def block(self, account_id: bytes) -> Contact:
        """Block: nothing more is shown or answered, and the token they hold is worth nothing."""

        def work(rows: Rows, changes: Changes) -> ContactRow:
            row = person(rows, account_id)
            if row.state == ContactState.BLOCKED.value:
                return row
            upsert_contact(rows, replace(row, state=ContactState.BLOCKED.value))
            changes.are_requests_full = False  # until the next one finds no room
            for entry in client_outbox.by_account(rows, account_id):
                give_up(rows, changes, entry, BLOCKED, now_ms=self._context.now_ms())
            granting.rotate_bucket(
                rows,
                changes,
                existing(rows, account_id),
                randomness=self._context.randomness,
                now_ms=self._context.now_ms(),
            )
            return existing(rows, account_id)

        return contact_view(await self._change(work))

    async def rename(self, account_id: bytes, petname: str) -> Contact:
        """Give a contact the user's own name; an empty one takes it back."""
        name = clean_petname(petname) if petname.strip() else None

        def work(rows: Rows, _: Changes) -> ContactRow:
            row = person(rows, account_id)
            refuse_taken(rows, name, account_id)
            renamed = replace(row, petname=name)
            upsert_contact(rows, renamed)
            return renamed

        return contact_view(await self._change(work))

    async def begin_anew(self, account_id: bytes) -> Contact:
        """Begin new sessions with all their devices, or with one's own other ones.

        They hear of it at once by our list of devices; what is missing is asked for on them.
        UserError: somebody blocked, gone, or whose changed key is undecided.
        """

        def work(rows: Rows, changes: Changes) -> ContactRow:
            row = decided(rows, existing(rows, account_id))
            if not is_welcome(row):
                raise UserError("You aren't in touch with them. Accept them first.")
            begin_anew(rows, account_id)
            now_ms, randomness = self._context.now_ms(), self._context.randomness
            tell(rows, changes, row, self._own.manifest, randomness=randomness, now_ms=now_ms)
            for device_id in devices_with_gaps(rows, row):
                ask_again(
                    rows, changes, row, device_id, delay_ms=0, randomness=randomness, now_ms=now_ms
                )
            return row

        return contact_view(await self._change(work))

    async def _confirm(self, row: ContactRow) -> ContactRow:
        """Ask a doubtful contact's relay whose its address is. UserError if it isn't theirs."""
        newest = await self._directory.newest(manifest_of(row).address)
        if newest.root.raw != row.root_key:
            raise not_theirs(row)
        return replace(row, trust=Trust.UNVERIFIED.value)

    def _keep(
        self,
        rows: Rows,
        changes: Changes,
        found: Found,
        *,
        token: Token | None,
        name: str | None,
        by_code: bool,
    ) -> ContactRow:
        manifest, now_ms = found.manifest, self._context.now_ms()
        trust = Trust.VERIFIED if by_code else Trust.UNVERIFIED
        address = manifest.address.unpinned
        refuse_taken(rows, name, manifest.account_id, address=address)
        known = contact(rows, manifest.account_id)
        if known is None:
            row = new_contact(
                manifest,
                state=ContactState.PENDING,
                trust=trust,
                token=token,
                petname=name,
                is_stale=False,
                now_s=self._context.now_s(),
            )
        else:
            if not by_code:
                decided(rows, known)
            row = known_again(known, manifest, trust=trust, token=token, name=name)
        if found.moved is not None and others_at(rows, row):
            raise UserError(
                f"They say that they have moved to {row.address}, where you know somebody else. "
                "Ask them for a new contact code.",
                exit_code=ExitCode.UNTRUSTED,
            )
        row = self._settle_address(rows, changes, row, by_code=by_code)
        if known is not None and known.manifest_hash != row.manifest_hash:
            keep_manifest(rows, row, manifest)
        if known is not None and known.address != row.address:
            before, moved = known.address, found.moved
            note_arrival(rows, changes, row, before=before, moved=moved, now_ms=now_ms)
        if found.pending is not None:
            with contextlib.suppress(CryptoError, RemoteProtocolError):  # not their word
                note_moved(rows, changes, row, found.pending)
        if known is not None and known.trust == Trust.CHANGED.value != row.trust:
            resume(rows, changes, row, now_ms=now_ms)
        if row.state in {
            ContactState.REQUEST.value,
            ContactState.BLOCKED.value,
            ContactState.MEMBER.value,
        }:
            return accepted(rows, changes, self._context, row)
        return row

    def _settle_address(
        self, rows: Rows, changes: Changes, row: ContactRow, *, by_code: bool
    ) -> ContactRow:
        """The relay has said whose the address is now: keep them, in the place of others there.

        UserError if the user has verified another one there, or is still to decide about them.
        """
        if not by_code and is_held(rows, row):
            raise held(row)
        upsert_contact(rows, row)
        return supersede(rows, changes, row, now_ms=self._context.now_ms())
