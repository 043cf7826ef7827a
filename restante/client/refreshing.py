"""Contacts looked up at their relays: what is accepted is kept, and what stays doubtful is said.

Rule: a look-up changes nothing that a key doesn't vouch for. A list of devices that a contact goes
by, and that their relay doesn't show, is told to the user once the time is over in which it may
just be late. Spec: docs/engine.md, sections 14 and 16.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import trio

from restante.client import vouching
from restante.client.acquaintance import is_welcome, keep_manifest
from restante.client.changes import Changes
from restante.client.directory import manifest_of
from restante.client.failures import RelayError
from restante.client.interface import Trust
from restante.client.lifecycle.following import note_moved
from restante.client.lifecycle.key_changes import note_changed, proposed
from restante.client.looking_up import LookingUp
from restante.client.syncing.self_contact import is_self
from restante.errors import CryptoError, RemoteProtocolError, StoreError, UserError
from restante.store.client_contacts import contact, contacts

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.directory import Directory
    from restante.client.own_account import OwnAccount
    from restante.client.vouching import Doubt
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

LOOK_EVERY_S: Final = 3600.0
"""At the latest: a clock that was set back must not put a warning off for long."""


class Refreshing(LookingUp):
    """Looks contacts up; `run` is the service that looks after what is doubtful, for ever."""

    def __init__(
        self,
        context: EngineContext,
        own: OwnAccount,
        *,
        directory: Directory,
        announcer: Announcer,
    ) -> None:
        super().__init__(context, own, directory=directory, announcer=announcer)
        self._noted = trio.Event()
        announcer.also_tell(self._look_in)

    async def refresh(self, row: ContactRow) -> ContactRow:
        """Ask a contact's relay for its newest manifest, and keep what is accepted of it.

        Raises RelayError, UserError if what is shown doesn't verify, or StoreError.
        """
        found = await self._directory.refresh(row)
        changes = Changes()

        def keep(rows: Rows) -> ContactRow:
            now_ms = self._context.now_ms()
            now = contact(rows, row.account_id) or row
            if now.manifest_hash != row.manifest_hash:
                return now  # they told us of a newer one meanwhile
            is_shown = now.trust == Trust.CHANGED.value and proposed(rows, now) is not None
            if found.row.trust == Trust.CHANGED.value and not is_shown:
                return note_changed(
                    rows,
                    changes,
                    now,
                    found.other,
                    own_account=self._own.account_id,
                    now_ms=now_ms,
                )
            merged = keep_manifest(rows, now, manifest_of(found.row))
            vouching.note_look(
                rows, changes, merged, vouched_at_s=found.vouched_at_s, now_ms=now_ms
            )
            if found.moved is not None:
                with contextlib.suppress(CryptoError, RemoteProtocolError):  # not their word
                    note_moved(rows, changes, merged, found.moved)
            changes.conversations[row.account_id] = None
            return merged

        kept = await self._context.write(keep)
        await self._announcer.tell(changes)
        return kept

    async def run(self) -> None:
        """Look after each doubt when its time is over; for ever."""
        failures = 0
        while True:
            self._noted = noted = trio.Event()
            pause_s = LOOK_EVERY_S
            try:
                for row, known in await self._context.read(_doubts):
                    grace_ms = int(self._context.tuning.doubt_grace_s * 1000)
                    left_s = (known.since_ms + grace_ms - self._context.now_ms()) / 1000
                    if left_s <= 0:
                        await self._settle(row, known)
                    else:
                        pause_s = min(pause_s, left_s)
                failures = 0
            except StoreError:
                failures += 1
                pause_s = self._context.backoff_s(failures)
            with trio.move_on_after(pause_s):
                await noted.wait()

    async def _settle(self, row: ContactRow, known: Doubt) -> None:
        """Ask once more; a relay that doesn't answer, or shows nothing new, ends no doubt."""
        earlier: list[bytes] = []
        with contextlib.suppress(RelayError, UserError):
            row = await self.refresh(row)
            earlier = await self._directory.earlier(row)
        changes = Changes()

        def work(rows: Rows) -> None:
            now = contact(rows, row.account_id)
            if now is None or vouching.doubt(rows, now) != known:
                return
            if known.head in earlier:  # sealed under an old list, and very late
                vouching.note_earlier(rows, now, known.head)
                vouching.end_doubt(rows, now)
                changes.conversations[now.account_id] = None
                return
            vouching.tell_of_doubt(rows, changes, now, known, now_ms=self._context.now_ms())

        await self._context.write(work)
        await self._announcer.tell(changes)

    def _look_in(self, changes: Changes) -> None:
        if changes.are_lists_doubtful:
            self._noted.set()


def _doubts(rows: Rows) -> list[tuple[ContactRow, Doubt]]:
    people = [row for row in contacts(rows) if is_welcome(row) and not is_self(row)]
    found = [(row, vouching.doubt(rows, row)) for row in people]
    return [(row, known) for row, known in found if known is not None and not known.is_told]
