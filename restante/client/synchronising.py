"""Everything that is due, at once: the mailbox emptied, the relay up to date, the outbox sent.

Rule: whoever waits for it waits for what can go now. Our relay out of reach, or an entry that
failed at somebody else's, ends the waiting; what was queued meanwhile doesn't, nor what our own
relay has refused once. Spec: docs/engine.md, section 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from restante.store.client_outbox import outbox_entries

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.services import Parts, Services
    from restante.store.client_outbox import OutboxRow

UPKEEP_PATIENCE_S: Final = 10.0

MOST_ROUNDS: Final = 8
"""Who writes on and on, from another command, keeps nobody waiting for ever."""


async def synchronise(context: EngineContext, services: Services, running: Parts) -> bool:
    """Do all that is due; False if the relay can't be reached, or something is left undone."""
    await running.outbox.hurry()
    is_drained = await running.mailbox.drained()
    with trio.move_on_after(UPKEEP_PATIENCE_S):
        if is_drained:
            await running.mailbox.published()
        else:  # perhaps because this device was revoked
            await services.settled(running)
    with trio.move_on_after(UPKEEP_PATIENCE_S):
        await running.doors.old_mailbox.drained()
    for _ in range(MOST_ROUNDS):
        await running.receipts.flush()
        await running.journal.flush()
        if is_drained:
            await running.doors.files.settled()
        await running.outbox.flush()
        left = await _left(context, running)
        if not is_drained or not any(_goes_on(entry, running) for entry in left):
            return is_drained and not left and await running.doors.files.is_all_sent()
        await services.settled(running)  # a mailbox that was refused is another one by now
        await running.outbox.hurry()
    return False


async def _left(context: EngineContext, running: Parts) -> list[OutboxRow]:
    """Return what should have gone by now."""
    now_ms = context.now_ms()
    return [
        entry
        for entry in await context.read(outbox_entries)
        if entry.next_attempt_ms is not None
        and (entry.attempts or entry.next_attempt_ms <= now_ms)
        and not _waits_for_own_device(entry, running)
    ]


def _waits_for_own_device(entry: OutboxRow, running: Parts) -> bool:
    """Whether it is for a device of our own that has published no keys yet, perhaps never."""
    is_ours = entry.account_id == running.own.account_id
    return is_ours and entry.payload is None and entry.attempts > 0


def _goes_on(entry: OutboxRow, running: Parts) -> bool:
    """Whether another round can send it: it was never tried, or our own relay refused it once."""
    is_ours = entry.account_id == running.own.account_id
    return entry.attempts == 0 or (is_ours and entry.attempts == 1)
