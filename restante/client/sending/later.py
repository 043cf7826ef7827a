"""Texts that are sent when their time has come, by whichever engine runs then.

Rule: before its time a text is no message: it stands in no history, and can be taken back without
a trace. It becomes one under the id that it had from the start, so a crash between sending it and
forgetting that it was due sends nothing twice. Spec: docs/engine.md, section 19.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.alarm import Alarm
from restante.client.clock import read_rfc3339, rfc3339
from restante.client.groups.known import check_conversation
from restante.client.history import short_text
from restante.client.interface import Resync, Scheduled
from restante.client.named import conversation_of, message_of
from restante.client.views import conversation_key
from restante.errors import UserError
from restante.protocol.ids import ID_BYTES
from restante.store.client_messages import placed_message
from restante.store.client_sending import (
    ScheduledRow,
    next_due_ms,
    refuse_scheduled,
    schedule,
    scheduled_text,
    scheduled_texts,
    unschedule,
)
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.conversations import Conversations
    from restante.store.client_rows import Rows

MAX_AHEAD_MS: Final = 366 * 86_400_000
MAX_SCHEDULED: Final = 1_000
"""Of one profile: more is a mailing list, which a script keeps better."""


class Later:
    """What waits for its time; `run` for ever."""

    def __init__(self, context: EngineContext, conversations: Conversations) -> None:
        self._context = context
        self._conversations = conversations
        self._alarm = Alarm(context)

    async def schedule(
        self, conversation: str, text: str, *, at: str, quote: str | None, message_id: str | None
    ) -> Scheduled:
        """Keep a text for its time, durably. The same id twice: one text."""
        short_text(text)
        account_id = conversation_of(conversation)
        now_ms = self._context.now_ms()
        try:
            due_ms = read_rfc3339(at)
        except ValueError:
            raise UserError(
                f"{at[:40]!r} is no time with a zone, as 2026-11-22T08:00:00Z is."
            ) from None
        if not now_ms - 60_000 <= due_ms <= now_ms + MAX_AHEAD_MS:
            raise UserError("A text can be sent from now on until a year from now.")
        fresh = self._context.randomness.random(ID_BYTES)
        row = ScheduledRow(
            id=fresh if message_id is None else message_of(message_id),
            account_id=account_id,
            text=text,
            quoted=None if quote is None else message_of(quote),
            due_ms=due_ms,
            error=None,
        )

        def work(rows: Rows) -> ScheduledRow:
            check_conversation(rows, account_id)
            if placed_message(rows, row.id) is not None:
                raise UserError("This message was sent already.")
            if (before := scheduled_text(rows, row.id)) is not None:
                return before
            if len(scheduled_texts(rows)) >= MAX_SCHEDULED:
                raise UserError(f"{MAX_SCHEDULED} texts wait already: no more can.")
            schedule(rows, row)
            return row

        kept = await self._context.write(work)
        self._alarm.set_anew()
        return _view(kept)

    async def all(self) -> list[Scheduled]:
        """Return what waits, the next one first."""
        return [_view(row) for row in await self._context.read(scheduled_texts)]

    async def cancel(self, message_id: str) -> None:
        """Take back what waits. UserError: there is no such text."""
        which = message_of(message_id)
        if not await self._context.write(lambda rows: unschedule(rows, which)):
            raise UserError("Nothing waits under this id: it was sent, or taken back.")

    async def run(self) -> None:
        """Send what is due, whenever something is; for ever."""
        await self._alarm.run(self._send_due)

    async def _send_due(self) -> int | None:
        """Send what is due; return when something is next, in unix milliseconds."""
        next_ms = await self._context.read(next_due_ms)
        now_ms = self._context.now_ms()
        if next_ms is not None and next_ms > now_ms:
            return next_ms
        for row in await self._context.read(scheduled_texts):
            if row.due_ms <= now_ms:
                await self._send(row)
        return await self._context.read(next_due_ms)

    async def _send(self, row: ScheduledRow) -> None:
        because: str | None = None
        try:
            await self._conversations.send(
                conversation_key(row.account_id),
                row.text,
                quote=None if row.quoted is None else row.quoted.hex(),
                message_id=row.id.hex(),
            )
        except UserError as error:  # blocked, or a changed key: it goes out once that is decided
            because = str(error)
        reach("send.due")
        if because is None:
            await self._context.write(lambda rows: unschedule(rows, row.id))
        elif because != row.error:
            await self._context.write(lambda rows: refuse_scheduled(rows, row.id, because))
        else:
            return
        self._context.hub.publish([Resync()])  # whoever shows what waits reads it again


def _view(row: ScheduledRow) -> Scheduled:
    return Scheduled(
        id=row.id.hex(),
        conversation=conversation_key(row.account_id),
        at=rfc3339(row.due_ms),
        text=row.text,
        error=row.error,
    )
