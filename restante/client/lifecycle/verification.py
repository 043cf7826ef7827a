"""Whether it is really them: safety numbers, compared by eye or by code, and keys that changed.

Rule: a number is always of the key that the decision is about; what is accepted is exactly that
key, looked at again in the write that accepts it. Numbers that differ never let anything be sent.
Spec: docs/engine.md, section 16.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restante.client.changes import Changes
from restante.client.directory import head_of, manifest_of, with_manifest
from restante.client.interface import ContactState, SafetyNumber, Trust
from restante.client.lifecycle.key_changes import (
    follow,
    is_held,
    is_undecided,
    note_changed,
    paused_because,
    proposed,
    resume,
    successor,
    supersede,
)
from restante.client.looking_up import LookingUp
from restante.client.people_kept import accepted, held, person
from restante.client.views import contact_view, display_name
from restante.crypto.keys import RootKey
from restante.crypto.safety_number import safety_number
from restante.crypto.signatures import ManifestForkError, accept_manifest
from restante.errors import CryptoError, ExitCode, UserError
from restante.store.client_account import get_value, set_value
from restante.store.client_contacts import contact, upsert_contact

if TYPE_CHECKING:
    from collections.abc import Callable

    from restante.client.interface import Contact
    from restante.crypto.signatures import VerifiedManifest
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

    Check = Callable[[Rows, ContactRow], None]
    """Raises UserError unless what the user has said is about a contact as it is now."""


class Verification(LookingUp):
    """What the user says about keys, for the contacts of one account."""

    async def safety_number(self, account_id: bytes, *, printed: bool = False) -> SafetyNumber:
        """Return the sixty digits, in groups of five: of the new key, if one waits for a word.

        `printed`: remember them as what the user is about to compare.
        """

        def work(rows: Rows) -> tuple[ContactRow, str]:
            row = person(rows, account_id)
            digits = self._digits(rows, row)
            if printed:
                set_value(rows, _printed(account_id), digits.encode("ascii"))
            return row, digits

        run = self._context.write if printed else self._context.read
        row, digits = await run(work)
        return SafetyNumber(
            digits=" ".join(digits[at : at + 5] for at in range(0, len(digits), 5)),
            trust=Trust(row.trust),
            peer=display_name(row),
            payload=digits,
        )

    async def compare(self, account_id: bytes, digits: str) -> Contact:
        """Compare with the digits that the other side shows: the same verify, others are refused.

        UserError, and nothing changes: they differ, or aren't sixty digits.
        """
        theirs = _sixty(digits)

        def check(rows: Rows, row: ContactRow) -> None:
            if theirs != self._digits(rows, row):
                raise UserError(
                    f"That is not the number that you share with {display_name(row)}. Somebody may "
                    "be in between: don't write to them before it is the same on both sides.",
                    exit_code=ExitCode.UNTRUSTED,
                )

        return await self._verify(account_id, check)

    async def set_verified(
        self, account_id: bytes, *, verified: bool, digits: str | None = None
    ) -> Contact:
        """Record that the number `digits`, as it was shown, was compared; or take that back.

        For a changed key, the same numbers accept it; different ones leave everything paused.
        Without `digits` it is the one that was printed last. UserError, and nothing changes: none
        was, or meanwhile the number is another key's.
        """
        if verified:
            given = None if digits is None else _sixty(digits)

            def check(rows: Rows, row: ContactRow) -> None:
                shown = given or (get_value(rows, _printed(account_id)) or b"").decode("ascii")
                if not shown:
                    raise UserError(
                        f"Look at the number first, and compare it: restante verify {row.address}"
                    )
                if shown != self._digits(rows, row):
                    raise UserError(
                        f"{display_name(row)} has another number now than the one that was "
                        "compared: the key has changed meanwhile. Compare the new one.",
                        exit_code=ExitCode.UNTRUSTED,
                    )

            return await self._verify(account_id, check)

        def work(rows: Rows, _: Changes) -> ContactRow:
            row = person(rows, account_id)
            if row.trust != Trust.CHANGED.value:
                row = replace(row, trust=Trust.UNVERIFIED.value)
                upsert_contact(rows, row)
            return row

        return contact_view(await self._change(work))

    async def accept_key(self, account_id: bytes) -> Contact:
        """Go on with the key that a contact's relay shows; return whom one writes to from now on.

        UserError if no key changed, or if the relay shows yet another one.
        """

        def check(rows: Rows, row: ContactRow) -> None:
            if row.trust != Trust.CHANGED.value:
                raise UserError(f"The security key of {display_name(row)} has not changed.")

        return await self._decide(account_id, Trust.UNVERIFIED, check)

    async def _verify(self, account_id: bytes, check: Check) -> Contact:
        return await self._decide(account_id, Trust.VERIFIED, check)

    async def _decide(self, account_id: bytes, trust: Trust, check: Check) -> Contact:
        """Take the key that is in question once `check` has passed it, in the same write."""

        def look(rows: Rows) -> tuple[ContactRow, bytes, bool]:
            row = person(rows, account_id)
            check(rows, row)
            is_own = row.trust == Trust.CHANGED.value and proposed(rows, row) is None
            return row, _root_in_question(rows, row), is_own

        row, root, is_own = await self._context.read(look)
        if is_own:
            return await self._accept_own(row, trust, check)

        def work(rows: Rows, changes: Changes) -> ContactRow:
            old = person(rows, account_id)
            check(rows, old)
            if _root_in_question(rows, old) != root:
                raise _yet_another(old)
            if old.trust != Trust.CHANGED.value:
                old = replace(old, trust=trust.value)
                upsert_contact(rows, old)
                return old
            shown = proposed(rows, old)
            if shown is None:
                raise _yet_another(old)
            now_ms = self._context.now_ms()
            goes_on = successor(rows, old)
            if goes_on is None:
                known = contact(rows, shown.account_id)
                if known is not None and is_undecided(rows, known):
                    raise UserError(paused_because(known), exit_code=ExitCode.UNTRUSTED)
                goes_on = follow(rows, changes, old, shown, trust=trust, now_ms=now_ms)
                if goes_on.address != old.address:
                    raise _known_elsewhere(old, goes_on)
            elif trust is Trust.VERIFIED:
                goes_on = replace(goes_on, trust=trust.value)
                upsert_contact(rows, goes_on)
            return self._welcome(rows, changes, goes_on)

        return contact_view(await self._change(work))

    async def _accept_own(self, row: ContactRow, trust: Trust, check: Check) -> Contact:
        """Go on with a contact whose own list of devices was in doubt: a fork, or a newcomer."""
        newest = await self._directory.newest(manifest_of(row).address)

        def work(rows: Rows, changes: Changes) -> ContactRow:
            now = person(rows, row.account_id)
            check(rows, now)
            if _root_in_question(rows, now) != row.root_key:
                raise _yet_another(now)
            now_ms = self._context.now_ms()
            if newest.root.raw != now.root_key:
                note_changed(
                    rows, changes, now, newest, own_account=self._own.account_id, now_ms=now_ms
                )
                return now
            if trust is not Trust.VERIFIED and is_held(rows, now):
                raise held(now)  # it is decided there, not on the newcomer's word
            now = replace(_as_shown(now, newest), trust=trust.value)
            upsert_contact(rows, now)
            resume(rows, changes, now, now_ms=now_ms)
            now = supersede(rows, changes, now, now_ms=now_ms)
            return self._welcome(rows, changes, now)

        kept = await self._change(work)
        if newest.root.raw != row.root_key:
            raise _yet_another(row)
        return contact_view(kept)

    def _digits(self, rows: Rows, row: ContactRow) -> str:
        return safety_number(self._own.root, RootKey(_root_in_question(rows, row)))

    def _welcome(self, rows: Rows, changes: Changes, row: ContactRow) -> ContactRow:
        if row.state == ContactState.REQUEST.value:
            return accepted(rows, changes, self._context, row)
        return contact(rows, row.account_id) or row


def _printed(account_id: bytes) -> str:
    return f"printed:{account_id.hex()}"


def _root_in_question(rows: Rows, row: ContactRow) -> bytes:
    shown = proposed(rows, row) if row.trust == Trust.CHANGED.value else None
    return row.root_key if shown is None else shown.root.raw


def _sixty(digits: str) -> str:
    """Return a safety number without its spaces. UserError if it is none."""
    number = "".join(digits.split())
    if len(number) != 60 or not (number.isascii() and number.isdigit()):
        raise UserError("A safety number has 60 digits. Scan or copy it again, whole.")
    return number


def _yet_another(row: ContactRow) -> UserError:
    return UserError(
        f"The relay shows yet another key for {row.address}. Compare the number again, or ask for "
        "a contact code.",
        exit_code=ExitCode.UNTRUSTED,
    )


def _known_elsewhere(old: ContactRow, shown: ContactRow) -> UserError:
    return UserError(
        f"The key that is shown for {old.address} is that of {display_name(shown)}, whom you know "
        f"as {shown.address}. Ask them for a new contact code, or block them.",
        exit_code=ExitCode.UNTRUSTED,
    )


def _as_shown(row: ContactRow, newest: VerifiedManifest) -> ContactRow:
    """Return a contact with what the user has decided to believe: never an older list."""
    try:
        accept_manifest(head_of(row), [newest])
    except ManifestForkError:
        return with_manifest(row, newest)
    except CryptoError:
        return replace(row, is_stale=True)  # ours stays, and is brought up to date later
    return with_manifest(row, newest)
