"""Sending: what is due for each relay is sealed, deposited in batches, and its results kept.

One lane a relay, so that a slow one holds up nobody else. Rule: nothing leaves before it is sealed
and durable; nothing leaves on the connection that says who we are, nor what is for others on the
one that our own devices' mailboxes are named on; an entry goes only when a relay has answered for
it, or when it can't ever be sent. Spec: docs/engine.md, section 4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import trio

from restante.client import status as parts
from restante.client import tracing
from restante.client.changes import Changes
from restante.client.depositing import batches, keep_results, postpone
from restante.client.directory import manifest_of
from restante.client.failures import RefusedError, RelayError
from restante.client.giving_up import give_up
from restante.client.groups import fanning_out
from restante.client.interface import MessageState, Trust
from restante.client.sealing import Ready, Sealer
from restante.client.sessions import sending_session
from restante.client.syncing.pausing import SyncPause
from restante.client.syncing.self_contact import is_self
from restante.client.vouching import is_look_due
from restante.errors import StoreError, UserError, WireCode
from restante.protocol import frames as f
from restante.protocol.address import RelayAddress
from restante.protocol.ids import DeviceId, Token
from restante.store import client_outbox
from restante.store.client_contacts import contact, upsert_contact
from restante.store.client_groups import is_group
from restante.store.client_messages import expiring, set_expiry, update_state
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.directory import Directory
    from restante.client.links import AnonymousLinks
    from restante.client.own_account import OwnAccount
    from restante.client.refreshing import Refreshing
    from restante.client.status import StatusBoard
    from restante.protocol.manifest import PrekeyBundle
    from restante.store.client_contacts import ContactRow
    from restante.store.client_outbox import OutboxRow
    from restante.store.client_rows import Rows

ROUND: Final = 64
"""Entries sealed in one transaction: some 2 ms of sealing."""

LOOK_EVERY_S: Final = 60.0
"""Expiries are looked for so often, and a clock that jumped is noticed."""

LONGEST_WAIT_MS: Final = 1_200_000
"""No entry is ever put off for longer; one that is comes from a clock that was set back."""

USELESS_FOR_S: Final = 1200.0
"""Prekeys that had expired are asked for again so much later: an answer may use up others."""

NO_ACCOUNT: Final = "There is no such account at its relay any more."
NOT_BACK: Final = (
    "Their relay was restored from a backup, and they haven't been there since. It is tried again."
)
NOT_FETCHED: Final = "It was not fetched in time, and the relay has deleted it. Send it again."


class Outbox:
    """The service. `run` sends for ever; `flush` waits until nothing is due."""

    def __init__(
        self,
        context: EngineContext,
        own: OwnAccount,
        *,
        links: AnonymousLinks,
        directory: Directory,
        refreshing: Refreshing,
        announcer: Announcer,
        board: StatusBoard,
    ) -> None:
        self._context = context
        self._own = own
        self._links = links
        self._directory = directory
        self._refreshing = refreshing
        self._announcer = announcer
        self._board = board
        self._pause = SyncPause(context)
        self._busy: set[str] = set()
        self._useless: dict[DeviceId, float] = {}
        """Devices whose prekeys were of no use, and when, by trio's clock."""
        self._woken = trio.Event()
        self._settled = trio.Event()
        announcer.also_tell(self._look_in)

    def wake(self) -> None:
        """Something may be due."""
        self._woken.set()

    async def hurry(self, *, anew: bool = False) -> None:
        """Try everything that waits for a later time now; `anew`: prekeys of no use, too."""
        if anew:
            self._useless.clear()
        now_ms = self._context.now_ms()
        await self._context.write(lambda rows: client_outbox.wake(rows, now_ms))
        self.wake()

    async def flush(self) -> None:
        """Wait until each entry was sent, or has failed for now, or waits for acceptance."""
        with self._pause.cut_short():
            while True:
                settled = self._settled
                if self._pause.is_on:
                    await self._context.write(self._pause.end)
                relays = await self._context.read(
                    lambda rows: client_outbox.relays_due(rows, self._context.now_ms())
                )
                if not relays and not self._busy:
                    return
                self.wake()
                await settled.wait()

    async def run(self) -> None:
        """Send what is due, for ever."""
        async with trio.open_nursery() as nursery:
            while True:
                self._woken = woken = trio.Event()
                wait_s = await self._begin_lanes(nursery)
                with trio.move_on_after(wait_s):
                    await woken.wait()

    def _look_in(self, changes: Changes) -> None:
        if changes.is_outbox_due:
            self._board.touch()
            self.wake()

    async def _begin_lanes(self, nursery: trio.Nursery) -> float:
        """Start a lane for each relay that something is due for; return when to look again."""
        try:
            await self._expire()
            now_ms = self._context.now_ms()
            relays, next_ms = await self._context.read(
                lambda rows: (
                    client_outbox.relays_due(rows, now_ms),
                    client_outbox.next_due_ms(rows),
                )
            )
            if next_ms is not None and next_ms > now_ms + LONGEST_WAIT_MS:
                await self.hurry()
        except StoreError as error:
            self._board.set_error(parts.STORE, str(error))
            return LOOK_EVERY_S
        self._board.set_error(parts.STORE, None)
        for relay in relays:
            if relay not in self._busy:
                self._busy.add(relay)
                nursery.start_soon(self._lane, relay)
        if next_ms is None or relays:
            return LOOK_EVERY_S
        return min(max((next_ms - now_ms) / 1000, 0.0), LOOK_EVERY_S)

    async def _lane(self, relay: str) -> None:
        """Send what is due for one relay, round after round."""
        try:
            while await self._round(relay):
                self._board.touch()
        except StoreError as error:
            self._board.set_error(parts.STORE, str(error))
            await trio.sleep(self._context.backoff_s(3))
        finally:
            self._busy.discard(relay)
            self._settled.set()
            self._settled = trio.Event()
            self.wake()
            self._board.touch()

    async def _round(self, relay: str) -> bool:
        """Send one batch; False when nothing is due any more, or the relay failed."""
        now_ms = self._context.now_ms()
        entries = await self._context.read(
            lambda rows: client_outbox.due(rows, now_ms, ROUND, relay=relay)
        )
        if not entries:
            return False
        own_id = self._own.account_id
        is_ours = entries[0].account_id == own_id
        entries = [each for each in entries if (each.account_id == own_id) is is_ours]
        if is_ours:
            entries = await self._context.write(lambda rows: self._pause.after(rows, entries))
        if not entries:
            return True
        try:
            async with self._links.use(RelayAddress.parse(relay), about_us=is_ours) as link:
                # A contact's new manifest may name another relay: that is another lane's then.
                prepared = await self._prepare(entries)
                ready = [each for each in prepared if each.entry.relay == relay]
                for frame_of, batch in batches(ready, link.welcome):
                    reach("outbox.sealed")
                    answer = await link.ask(f.Deposited, frame_of)
                    reach("outbox.deposited")
                    await self._keep(batch, answer)
        except RelayError as error:
            self._board.set_error(parts.OUTBOX, str(error))
            while entries:  # all that is due for this relay, or it would be tried again at once
                await self._postpone(entries, str(error), at_least_s=error.retry_after_s)
                entries = await self._context.read(
                    lambda rows: client_outbox.due(rows, now_ms, ROUND, relay=relay)
                )
            return False
        self._board.set_error(parts.OUTBOX, None)
        return True

    async def _prepare(self, entries: list[OutboxRow]) -> list[Ready]:
        """Make sure of devices, sessions and keys, contact by contact; seal. Raises RelayError."""
        ready: list[Ready] = []
        for account_id in dict.fromkeys(entry.account_id for entry in entries):
            of_account = [entry for entry in entries if entry.account_id == account_id]
            if is_group(account_id):
                ready += await self._prepare_fan_out(of_account)
                continue
            try:
                ready += await self._prepare_contact(account_id, of_account)
            except RefusedError as error:
                if error.code is not WireCode.NOT_FOUND:
                    raise
                if error.retry_after_s:  # a restored relay, at which the account may not be back
                    await self._postpone(of_account, NOT_BACK, at_least_s=error.retry_after_s)
                else:
                    await self._give_up(of_account, NO_ACCOUNT)
            except UserError as error:
                if isinstance(error, RelayError):
                    raise
                await self._postpone(of_account, str(error), at_least_s=LOOK_EVERY_S)
        return ready

    async def _prepare_contact(self, account_id: bytes, entries: list[OutboxRow]) -> list[Ready]:
        row, is_due = await self._context.read(lambda rows: self._look(rows, account_id))
        bundles: dict[DeviceId, PrekeyBundle] = {}
        if row is not None:
            if is_due:
                row = await self._refreshing.refresh(row)
            if row.trust != Trust.CHANGED.value:
                bundles = await self._bundles(row)
        sealer = Sealer(
            own=self._own,
            randomness=self._context.randomness,
            bundles=bundles,
            now_ms=self._context.now_ms(),
        )
        changes = Changes()
        batch = await self._context.write(
            lambda rows: sealer.seal_all(rows, changes, account_id, entries)
        )
        await self._announcer.tell(changes)
        self._useless |= dict.fromkeys(batch.useless, trio.current_time())
        if batch.lacking:
            await self._doubt(account_id)  # perhaps that device is no more, and there is another
            late = [entry for entry in entries if entry.id in batch.lacking]
            await self._postpone(
                late,
                "Their device has published no keys to begin with. It is tried again.",
                at_least_s=0.0,  # one that was just linked publishes them within seconds
            )
        return batch.ready

    async def _prepare_fan_out(self, entries: list[OutboxRow]) -> list[Ready]:
        """Seal what goes to a large group: once, for all its mailboxes at this relay."""
        changes, context = Changes(), self._context
        ready = await context.write(
            lambda rows: fanning_out.prepare(
                rows,
                changes,
                self._own,
                entries,
                randomness=context.randomness,
                now_ms=context.now_ms(),
            )
        )
        await self._announcer.tell(changes)
        return ready

    def _look(self, rows: Rows, account_id: bytes) -> tuple[ContactRow | None, bool]:
        """Return a contact, and whether its relay is asked before anything is sealed for it."""
        row = contact(rows, account_id)
        if row is None:
            return None, False
        return row, row.is_stale or is_look_due(rows, row, now_s=self._context.now_s())

    async def _doubt(self, account_id: bytes) -> None:
        """Have a contact looked up before the next attempt."""

        def work(rows: Rows) -> None:
            row = contact(rows, account_id)
            if row is not None and not is_self(row):
                upsert_contact(rows, replace(row, is_stale=True))

        await self._context.write(work)

    async def _bundles(self, row: ContactRow) -> dict[DeviceId, PrekeyBundle]:
        """Fetch prekeys for the devices that there is no session with."""
        manifest = manifest_of(row)
        listed = [
            each.device_id
            for each in manifest.devices
            if each.entry.mailbox is not None and each.device_id != self._own.device_id
        ]
        missing = await self._context.read(
            lambda rows: [each for each in listed if sending_session(rows, each) is None]
        )
        missing = [each for each in missing if not self._was_useless(each)]
        if not missing:
            return {}
        token = None if row.token is None else Token(row.token)
        is_ours = row.account_id == self._own.account_id
        return await self._directory.bundles(manifest.address, missing, token, about_us=is_ours)

    def _was_useless(self, device: DeviceId) -> bool:
        """Whether what a device has published began no session, not long ago."""
        at = self._useless.get(device)
        return at is not None and trio.current_time() - at < USELESS_FOR_S

    async def _keep(self, batch: list[Ready], answer: f.Deposited) -> None:
        changes = Changes()
        context = self._context
        await context.write(lambda rows: keep_results(rows, changes, context, batch, answer))
        reach("outbox.settled")
        await self._announcer.tell(changes)

    async def _postpone(
        self, entries: list[OutboxRow], sentence: str, *, at_least_s: float
    ) -> None:
        changes = Changes()
        context = self._context
        await context.write(
            lambda rows: postpone(
                rows,
                changes,
                context,
                [entry.id for entry in entries],
                sentence=sentence,
                at_least_s=at_least_s,
            )
        )
        await self._announcer.tell(changes)

    async def _give_up(self, entries: list[OutboxRow], sentence: str) -> None:
        changes = Changes()

        def work(rows: Rows) -> None:
            for entry in entries:
                give_up(rows, changes, entry, sentence, now_ms=self._context.now_ms())

        await self._context.write(work)
        await self._announcer.tell(changes)

    async def _expire(self) -> None:
        """Note which messages were not fetched before their relay deleted them."""
        now_ms = self._context.now_ms()
        relayed, expired = MessageState.RELAYED.value, MessageState.EXPIRED.value
        late = await self._context.read(lambda rows: expiring(rows, now_ms, ROUND, state=relayed))
        if not late:
            return
        changes = Changes()

        def work(rows: Rows) -> None:
            for row in expiring(rows, now_ms, ROUND, state=relayed):
                set_expiry(rows, row.id, None)
                tracing.note(rows, row.id, tracing.Event.EXPIRED, now_ms=now_ms)
                changes.message_changed(update_state(rows, row.id, expired, NOT_FETCHED))

        await self._context.write(work)
        await self._announcer.tell(changes)
