"""Whether the account has a newer manifest than this device knows: the relay is asked, and checked.

On each connection, and when somebody's envelope shows that they know another manifest of ours.
Rule: one's own account is believed no more easily than a contact's: a manifest that doesn't follow,
or is another root's, changes nothing and is shown as what it is (attacks 1 to 4). A relay that
shows an older one, as after a restore, gets ours again; one that goes on showing it is told of.
Spec: docs/engine.md, section 12.
"""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Final

import trio

from restante.client import status as parts
from restante.client.changes import Changes
from restante.client.directory import manifest_of
from restante.client.failures import RelayError
from restante.client.interface import Trust
from restante.client.lifecycle.following import note_moved
from restante.client.linking.own_manifest import signing_account
from restante.client.publishing import is_manifest_changed, note_manifest_lost
from restante.client.syncing.self_contact import keep_own_manifest, self_contact
from restante.client.vouching import doubt
from restante.errors import CryptoError, RemoteProtocolError, StoreError, UserError

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.directory import Directory, Refreshed
    from restante.client.own_account import OwnAccount
    from restante.client.status import StatusBoard
    from restante.store.client_rows import Rows

FORGED: Final = (
    "Your relay shows a list of devices under your address that this device can't accept: another "
    "account, or a list that contradicts the one known here. Ask its operator, and compare safety "
    "numbers before you write anything secret."
)

HIDDEN: Final = (
    "Another device of this account goes by a newer list of its devices than your relay shows. It "
    "may hide that one was linked or revoked: look at the list on your first device."
)

ROLLED_BACK: Final = (
    "Your relay goes on showing others an older list of your devices than the one known here. Who "
    "writes to you may write to a device that was revoked, or leave a new one out: ask its "
    "operator, and let your first device connect, which publishes the list again."
)

LOOK_AGAIN_S: Final = 3600.0
"""While the relay shows an older list and that is told: whether it still does."""


class AccountWatch:
    """The service. `run` looks for ever, when there is a reason to."""

    def __init__(
        self,
        context: EngineContext,
        own: OwnAccount,
        *,
        directory: Directory,
        announcer: Announcer,
        board: StatusBoard,
    ) -> None:
        self._context = context
        self._own = own
        self._directory = directory
        self._announcer = announcer
        self._board = board
        self._doubted = trio.Event()
        self._settled = trio.Event()
        self._settled.set()
        self._rolled_back_since: float | None = None
        """By trio's clock, when the relay was first seen to show an older list."""
        announcer.also_tell(self._look_in)

    async def run(self) -> None:
        """Look whenever there is doubt; for ever."""
        while True:
            with trio.move_on_after(self._look_in_s()):
                await self._doubted.wait()
            self._doubted = trio.Event()
            try:
                await self._look()
            except RelayError:
                pass  # the next connection looks again
            except UserError as error:
                self._board.set_error(parts.ACCOUNT, str(error))
            except StoreError as error:
                self._board.set_error(parts.STORE, str(error))
            if not self._doubted.is_set():
                self._settled.set()
            # What a stranger writes may be nonsense, message after message: that costs this much.
            await trio.sleep(self._context.tuning.resend_grace_s / 4)

    def _look_in_s(self) -> float:
        """When to look though there is no new reason to: while the relay shows an older list."""
        since = self._rolled_back_since
        if since is None:
            return math.inf
        left_s = since + self._context.tuning.doubt_grace_s - trio.current_time()
        return left_s if left_s > 0 else LOOK_AGAIN_S

    def _goes_on(self, found: Refreshed) -> bool:
        """Note whether the relay shows an older list; whether it has done so for long."""
        if not found.is_rolled_back:
            self._rolled_back_since = None
            return False
        now = trio.current_time()
        if self._rolled_back_since is None:
            self._rolled_back_since = now
        return now - self._rolled_back_since >= self._context.tuning.doubt_grace_s

    async def settled(self) -> None:
        """Wait until whatever gave reason to doubt was looked into."""
        while not self._settled.is_set():
            await self._settled.wait()

    def _look_in(self, changes: Changes) -> None:
        if changes.is_account_doubtful:
            self._doubted.set()
            if self._settled.is_set():
                self._settled = trio.Event()

    async def _look(self) -> None:
        row = await self._context.read(self_contact)
        if row is None:
            return
        found = await self._directory.refresh(row)
        if found.row.trust == Trust.CHANGED.value:
            self._board.set_error(parts.ACCOUNT, FORGED)
            return
        changes = Changes()
        is_hidden = await self._context.write(lambda rows: self._keep(rows, changes, found))
        sentence = ROLLED_BACK if self._goes_on(found) else HIDDEN if is_hidden else None
        self._board.set_error(parts.ACCOUNT, sentence)
        await self._announcer.tell(changes)

    def _keep(self, rows: Rows, changes: Changes, found: Refreshed) -> bool:
        """Keep what was found; whether another device goes by a list that isn't shown, for long."""
        try:
            now_s = self._context.now_s()
            keep_own_manifest(rows, changes, manifest_of(found.row), now_s=now_s)
        except CryptoError:
            return False  # a newer one came by another way meanwhile
        row = self_contact(rows)
        if row is None:
            return False
        if found.is_rolled_back and not is_manifest_changed(rows):
            with contextlib.suppress(UserError):  # another device signs, and has the links
                signing_account(rows)
                note_manifest_lost(rows)
                changes.is_upkeep_due = True
        if found.moved is not None:
            with contextlib.suppress(CryptoError, RemoteProtocolError):  # not our own word
                note_moved(rows, changes, row, found.moved)
        known = doubt(rows, row)
        grace_ms = int(self._context.tuning.doubt_grace_s * 1000)
        return known is not None and self._context.now_ms() - known.since_ms >= grace_ms
