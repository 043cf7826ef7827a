"""Following a contact, or one's own account, to another address: only by the root key's word.

A move comes as a content of theirs, or with the manifest that their old relay shows. Rule: it is
followed from the address that is held, if it is newer than the last one followed, and once the
manifest at the new address is accepted and names it; an old move leads nobody back (I23 to I25).
Verification, history, token and petname stay. Spec: docs/engine.md, section 18.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import trio

from restante.client.acquaintance import is_welcome, keep_manifest, note_welcome, others_at
from restante.client.changes import Changes
from restante.client.directory import head_of, manifest_of
from restante.client.failures import RelayError
from restante.client.lifecycle.old_mailbox import note_old_mailbox
from restante.client.notices import file_notice
from restante.client.own_account import load_own_account
from restante.client.queueing import local_id
from restante.client.syncing.self_contact import is_self, keep_own_manifest
from restante.crypto.keys import RootKey
from restante.crypto.signatures import accept_manifest, verify_moved
from restante.errors import CryptoError, RemoteProtocolError, StoreError, UserError
from restante.protocol.manifest import SignedMoved
from restante.store import client_outbox
from restante.store.client_account import get_value, set_value
from restante.store.client_contacts import contact, contacts, upsert_contact

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.directory import Directory, Found
    from restante.crypto.signatures import VerifiedManifest, VerifiedMoved
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

AGAIN_AFTER_S: Final = 60.0
"""The new relay may not answer; so long after, it is asked again, and then ever more seldom."""

MOVING: Final = "moving"
"""Setting: a move that this device is making itself, and so doesn't follow."""


def note_moved(rows: Rows, changes: Changes, row: ContactRow, packed: bytes) -> None:
    """Remember that a contact says to have moved, if that is to be followed.

    Raises CryptoError or RemoteProtocolError if it isn't the account's own word.
    """
    moved = verify_moved(SignedMoved.from_bytes(packed), RootKey(row.root_key))
    if is_self(row) and get_value(rows, MOVING) is not None:
        return
    if moved.from_address.unpinned != row.address or moved.at_s <= _followed_at_s(rows, row):
        return
    set_value(rows, _pending(row), packed)
    changes.is_move_noted = True


def note_arrival(
    rows: Rows,
    changes: Changes,
    row: ContactRow,
    *,
    before: str,
    moved: VerifiedMoved | None,
    now_ms: int,
) -> None:
    """Send what waits for a contact, kept already, to where they are now, and say so.

    `before` is their old address; `moved` the last move that led to the new one, if one did.
    """
    if moved is not None and moved.at_s > _followed_at_s(rows, row):
        set_value(rows, _followed(row), moved.at_s.to_bytes(8, "big"))
    _redirect(rows, changes, row, str(manifest_of(row).address.relay), now_ms=now_ms)
    changes.conversations[row.account_id] = None
    file_notice(
        rows,
        changes,
        row,
        f"{before} has moved to {row.address}. It is the same account: what you write goes there "
        "from now on.",
        entry_id=local_id(
            "notice", row.account_id, b"moved", row.address.encode(), row.generation.to_bytes(8)
        ),
        now_ms=now_ms,
    )


class MoveFollower:
    """The service. `run` looks moved accounts up at their new address; for ever."""

    def __init__(
        self, context: EngineContext, *, directory: Directory, announcer: Announcer
    ) -> None:
        self._context = context
        self._directory = directory
        self._announcer = announcer
        self._noted = trio.Event()
        announcer.also_tell(self._look_in)

    async def run(self) -> None:
        """Follow whatever is noted; again after a while what couldn't be."""
        attempts = 0
        while True:
            self._noted = noted = trio.Event()
            attempts = 0 if await self._follow_all() else attempts + 1
            if attempts:
                wait_s = self._context.backoff_s(attempts, at_least_s=AGAIN_AFTER_S)
                with trio.move_on_after(wait_s):
                    await noted.wait()
            else:
                await noted.wait()

    def _look_in(self, changes: Changes) -> None:
        if changes.is_move_noted:
            self._noted.set()

    async def _follow_all(self) -> bool:
        """Follow each account that is noted; False if one has to be tried again."""
        try:
            noted = await self._context.read(_all_noted)
        except StoreError:
            return False
        results = [await self._follow(row, packed) for row, packed in noted]
        return all(results)

    async def _follow(self, row: ContactRow, packed: bytes) -> bool:
        try:
            moved = verify_moved(SignedMoved.from_bytes(packed), RootKey(row.root_key))
            found = await self._directory.find(moved.to_address, about_us=is_self(row))
            if found.manifest.root.raw == row.root_key:
                accept_manifest(head_of(row), [found.manifest])
            changes = Changes()
            await self._context.write(
                lambda rows: self._keep(
                    rows, changes, row.account_id, moved, packed=packed, found=found
                )
            )
            await self._announcer.tell(changes)
        except (RelayError, StoreError):
            return False
        except (CryptoError, RemoteProtocolError, UserError):
            # Nobody of that root is there, or not with that list: not to be followed now.
            return False
        return True

    def _keep(
        self,
        rows: Rows,
        changes: Changes,
        account_id: bytes,
        moved: VerifiedMoved,
        *,
        packed: bytes,
        found: Found,
    ) -> None:
        now_ms, newest = self._context.now_ms(), found.manifest
        row = contact(rows, account_id)
        if row is None or newest.root.raw != row.root_key:
            return
        if get_value(rows, _pending(row)) == packed:
            set_value(rows, _pending(row), None)
        if moved.at_s <= _followed_at_s(rows, row) or not is_welcome(row):
            return
        # What is known of them may be newer by now than when their new relay was asked.
        if row.address not in {moved.from_address.unpinned, moved.to_address.unpinned}:
            return
        accept_manifest(head_of(row), [newest])
        if others_at(rows, replace(row, address=newest.address.unpinned)):
            return  # somebody else is known there: nobody takes another's place by moving
        last = found.moved or moved
        set_value(rows, _followed(row), last.at_s.to_bytes(8, "big"))
        if is_self(row):
            self._move_in(rows, changes, packed, newest, now_s=now_ms // 1000)
            return
        before = moved.from_address.unpinned  # another own device may have told the new one already
        row = replace(keep_manifest(rows, row, newest), token=row.token)
        upsert_contact(rows, row)
        note_arrival(rows, changes, row, before=before, moved=last, now_ms=now_ms)
        note_welcome(rows, changes, row)  # what a script of theirs sent from there waits aside

    def _move_in(
        self,
        rows: Rows,
        changes: Changes,
        packed: bytes,
        newest: VerifiedManifest,
        *,
        now_s: int,
    ) -> None:
        """Go along with the account, which another device of ours has moved."""
        own = load_own_account(rows)
        if own is None:
            return
        if own.address.relay.authority != newest.address.relay.authority:
            note_old_mailbox(
                rows,
                own.address,
                to=newest.address,
                moved=packed,
                account_secret=None,
                head=own.manifest.head,
                now_s=now_s,
            )
        keep_own_manifest(rows, changes, newest, now_s=now_s)


def _redirect(rows: Rows, changes: Changes, row: ContactRow, relay: str, *, now_ms: int) -> None:
    """Send what waits for a contact to their new relay, in the same order."""
    for entry in client_outbox.by_account(rows, row.account_id):
        client_outbox.delete(rows, entry.id)
        due_ms = None if entry.next_attempt_ms is None else now_ms
        client_outbox.enqueue(rows, replace(entry, relay=relay, next_attempt_ms=due_ms))
        changes.is_outbox_due = True


def _all_noted(rows: Rows) -> list[tuple[ContactRow, bytes]]:
    # A stranger, or who is blocked by now, makes us ask nobody: it would say that we are here.
    welcome = (row for row in contacts(rows) if is_welcome(row))
    found = ((row, get_value(rows, _pending(row))) for row in welcome)
    return [(row, packed) for row, packed in found if packed is not None]


def _followed_at_s(rows: Rows, row: ContactRow) -> int:
    return int.from_bytes(get_value(rows, _followed(row)) or b"", "big")


def _pending(row: ContactRow) -> str:
    return f"moved:{row.account_id.hex()}"


def _followed(row: ContactRow) -> str:
    return f"moved-at:{row.account_id.hex()}"
