"""Receipts: owed from the moment a message is filed, sent in batches after a chance pause.

Rule: for each contact the pause is drawn anew, between nothing and `receipt_jitter_s`: five
receipts sent at once would tell a relay who reads whom (attack 50). Nobody gets one whom the user
doesn't want to hear from. Spec: docs/engine.md, section 9.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import trio

from restante.client.acquaintance import is_heard
from restante.client.changes import Changes
from restante.client.queueing import control_content, enqueue_content
from restante.errors import StoreError
from restante.protocol.content import MAX_RECEIPT_IDS, Kind, Receipt
from restante.protocol.ids import ID_BYTES
from restante.store.client_account import get_value, set_value
from restante.store.client_contacts import contact
from restante.store.client_inbox import queue_receipt, take_receipts
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.crypto.randomness import Randomness
    from restante.store.client_rows import Rows

REPEATED: Final = 16
"""Messages of earlier receipts that the next one to the same contact names again: it may be that
they were lost. They cost no larger envelope, and say nothing new to whoever has them."""

LOOK_AGAIN_S: Final = 30.0


class Receipts:
    """The service that turns what is owed into outbox entries."""

    def __init__(self, context: EngineContext, announcer: Announcer) -> None:
        self._context = context
        self._announcer = announcer
        self._due_at: dict[bytes, float] = {}
        self._owed = trio.Event()
        self._owed.set()  # something may be left of an earlier run
        announcer.also_tell(self._look_in)

    async def run(self) -> None:
        """Send what is owed when its pause is over; for ever."""
        while True:
            next_at = min(self._due_at.values(), default=math.inf)
            with trio.move_on_at(next_at):
                await self._owed.wait()
            self._owed = trio.Event()
            try:
                await self._queue_due(trio.current_time())
            except StoreError:
                await trio.sleep(LOOK_AGAIN_S)  # the outbox says what is wrong
                self._owed.set()

    async def flush(self) -> None:
        """Queue all that is owed now, without a pause: the process is about to end."""
        await self._queue_due(math.inf)

    def _look_in(self, changes: Changes) -> None:
        if changes.are_receipts_owed:
            self._owed.set()

    async def _queue_due(self, now: float) -> None:
        """Put the receipts of those whose pause is over into the outbox; draw pauses for others."""
        context = self._context
        changes = Changes()
        due = {account for account, at in self._due_at.items() if at <= now}

        def work(rows: Rows) -> set[bytes]:
            later: set[bytes] = set()
            for_account: dict[tuple[bytes, int], list[bytes]] = {}
            for owed in take_receipts(rows):
                if owed.account_id in due or now == math.inf:
                    of = for_account.setdefault((owed.account_id, owed.state), [])
                    of.append(owed.message_id)
                else:
                    queue_receipt(rows, owed.account_id, owed.message_id, owed.state)
                    later.add(owed.account_id)
            for (account_id, state), message_ids in for_account.items():
                tell(
                    rows,
                    changes,
                    account_id,
                    state,
                    message_ids,
                    randomness=context.randomness,
                    now_ms=context.now_ms(),
                )
            return later

        later = await context.write(work)
        reach("receipts.queued")
        for account in due:
            self._due_at.pop(account, None)  # `flush` and `run` may both have taken it
        for account in later - self._due_at.keys():
            self._due_at[account] = (
                trio.current_time() + context.tuning.receipt_jitter_s * context.chance()
            )
        await self._announcer.tell(changes)


def tell(
    rows: Rows,
    changes: Changes,
    account_id: bytes,
    state: int,
    message_ids: list[bytes],
    *,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Queue receipts of one state for a contact, with those that were said lately."""
    row = contact(rows, account_id)
    if row is None or not is_heard(row):
        return
    said = _said_lately(rows, account_id, state)
    for start in range(0, len(message_ids), MAX_RECEIPT_IDS):
        some = message_ids[start : start + MAX_RECEIPT_IDS]
        again = [each for each in said if each not in some][: MAX_RECEIPT_IDS - len(some)]
        body = Receipt(state=state, messages=[*some, *again])
        content = control_content(Kind.RECEIPT, body, now_ms=now_ms, randomness=randomness)
        enqueue_content(
            rows,
            changes,
            row,
            content.to_bytes(),
            entry_id=randomness.random(ID_BYTES),
            message_id=None,
            now_ms=now_ms,
        )
        said = [*reversed(some), *again][:REPEATED]
    set_value(rows, _key(account_id, state), b"".join(said))


def _said_lately(rows: Rows, account_id: bytes, state: int) -> list[bytes]:
    """Return the messages of the last receipts to a contact, the newest first."""
    packed = get_value(rows, _key(account_id, state)) or b""
    return [packed[at : at + ID_BYTES] for at in range(0, len(packed), ID_BYTES)]


def _key(account_id: bytes, state: int) -> str:
    return f"receipts:{state}:{account_id.hex()}"
