"""Receiving: batches of envelopes, each batch one durable transaction, then acknowledged.

Rule: an envelope is acknowledged only after all that it said is on the disk; one that comes again
says nothing new. One envelope that trips over a bug of ours never holds up the others. What opens
envelopes is imported with the first one. Spec: docs/engine.md, section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.changes import Changes
from restante.client.log import log_bug
from restante.errors import StoreError
from restante.store.client_aside import has_aside
from restante.store.client_inbox import is_processed, mark_processed
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.opening import Opener
    from restante.client.own_account import OwnAccount
    from restante.protocol.frames import Delivery
    from restante.store.client_rows import Rows

BATCH: Final = 32
"""Envelopes in a transaction: one fsync for all of them, and the database is busy for 20 ms."""


class Inbox:
    """Takes deliveries in, durably."""

    def __init__(self, context: EngineContext, own: OwnAccount, announcer: Announcer) -> None:
        self._context = context
        self._own = own
        self._announcer = announcer

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        """Keep all that these envelopes say; when this returns, they may be acknowledged.

        Raises StoreError, and then they must not be.
        """
        for start in range(0, len(deliveries), BATCH):
            batch = deliveries[start : start + BATCH]
            try:
                await self._keep(batch)
            except StoreError:
                raise
            except Exception:  # a bug must not make the same batch fail for ever
                for delivery in batch:
                    await self._keep_alone(delivery)

    async def take_again(self) -> None:
        """Try first messages once more that an older manifest, ours or theirs, couldn't open.

        Raises StoreError.
        """
        if not await self._context.read(has_aside):
            return
        opener = self._opener()

        def work(rows: Rows) -> Changes:
            changes = Changes()
            opener.take_again(rows, changes)
            return changes

        await self._announcer.tell(await self._context.write(work))

    async def _keep(self, batch: Sequence[Delivery]) -> None:
        opener = self._opener()

        def work(rows: Rows) -> Changes:
            changes = Changes()
            for delivery in batch:
                opener.take(rows, changes, delivery.id, delivery.lane, delivery.payload)
            reach("inbox.opened")
            return changes

        changes = await self._context.write(work)
        reach("inbox.kept")
        await self._announcer.tell(changes)

    async def _keep_alone(self, delivery: Delivery) -> None:
        try:
            await self._keep([delivery])
        except StoreError:
            raise
        except Exception as error:  # logged, and the envelope let go: see above
            log_bug(error)
            now_s = self._context.now_s()
            await self._context.write(lambda rows: mark_processed(rows, delivery.id, now_s))

    async def take_what_opens(self, deliveries: Sequence[Delivery]) -> tuple[int, int]:
        """Take in those that open now; return how many did, and how many had come before.

        Of the others nothing is noted: they may come again, and whole. Raises StoreError.
        """
        from restante.client.bundling.trying import opens

        opener = self._opener()

        def work(rows: Rows) -> tuple[Changes, int, int]:
            changes, taken, known = Changes(), 0, 0
            for each in deliveries:
                if is_processed(rows, each.id):
                    known += 1
                elif opens(rows, each.payload, reader=opener.reader):
                    opener.take(rows, changes, each.id, each.lane, each.payload)
                    taken += 1
            return changes, taken, known

        changes, taken, known = await self._context.write(work)
        await self._announcer.tell(changes)
        return taken, known

    def _opener(self) -> Opener:
        from restante.client.contents import Reader
        from restante.client.opening import Opener

        context = self._context
        return Opener(
            reader=Reader(
                own=self._own,
                randomness=context.randomness,
                resend_grace_ms=int(context.tuning.resend_grace_s * 1000),
                join_step_ms=int(context.tuning.join_step_s * 1000),
                shelf=context.shelf,
                now_ms=context.now_ms(),
            )
        )
