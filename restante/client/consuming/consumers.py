"""Named consumers: what arrived past their place, and what their programs would not take.

Rule: `consume` moves nothing; only what was acknowledged, or put on the list of dead letters, is
behind. Spec: docs/engine.md, section 20.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.clock import read_rfc3339, rfc3339
from restante.client.interface import Consumer, DeadLetter, Received
from restante.client.named import conversation_of
from restante.client.viewing import viewer
from restante.errors import UserError
from restante.store.client_consumers import (
    DeadLetterRow,
    bury,
    consumers,
    cursor,
    dead,
    forget_consumer,
    set_cursor,
    take_off,
)
from restante.store.client_contacts import contacts
from restante.store.client_feed import feed_after, feed_at
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.store.client_rows import Rows

MAX_WINDOW: Final = 512
MAX_NAME_CHARS: Final = 64
MAX_ERROR_CHARS: Final = 400


class Consumers:
    """Whoever reads the feed of one account."""

    def __init__(self, context: EngineContext, own: OwnAccount) -> None:
        self._context = context
        self._own = own

    async def consume(
        self,
        consumer: str,
        *,
        limit: int,
        after: int | None,
        since: str | None,
        conversation: str | None,
    ) -> list[Received]:
        """Return what arrived past a place, oldest first; moves nothing."""
        since_ms = 0 if since is None else _moment(since)
        of = None if conversation is None else conversation_of(conversation)

        def work(rows: Rows) -> list[Received]:
            shows = viewer(rows, self._context, self._own, contacts(rows))
            place = cursor(rows, consumer) if after is None else after
            lines = feed_after(
                rows,
                place,
                min(max(limit, 1), MAX_WINDOW),
                since_ms=since_ms,
                conversation=of,
            )
            return [shows.received(line) for line in lines]

        return await self._context.read(work)

    async def acknowledge(self, consumer: str, *, up_to: int) -> None:
        """Move a consumer's cursor forward."""
        _check(consumer)
        await self._context.write(lambda rows: set_cursor(rows, consumer, up_to))
        reach("consumer.moved")

    async def all(self) -> list[Consumer]:
        """Return all consumers, by name."""
        found = await self._context.read(consumers)
        return [Consumer(name=name, cursor=at, waiting=waiting) for name, at, waiting in found]

    async def forget(self, consumer: str) -> None:
        """Forget a consumer and its dead letters. UserError: there is none."""
        if not await self._context.write(lambda rows: forget_consumer(rows, consumer)):
            raise _unknown(consumer)

    async def bury(self, consumer: str, *, at: int, error: str) -> None:
        """Put a line on a consumer's list of dead letters, and move the consumer past it."""
        _check(consumer)
        now_ms = self._context.now_ms()
        said = error[:MAX_ERROR_CHARS]
        row = DeadLetterRow(consumer=consumer, cursor=at, error=said, died_at_ms=now_ms)
        await self._context.write(lambda rows: bury(rows, row))
        reach("consumer.buried")

    async def dead(self) -> list[DeadLetter]:
        """Return all dead letters, by consumer and order of arrival."""

        def work(rows: Rows) -> list[DeadLetter]:
            shows = viewer(rows, self._context, self._own, contacts(rows))
            found = []
            for row in dead(rows):
                line = feed_at(rows, row.cursor)
                if line is not None:
                    found.append(
                        DeadLetter(
                            consumer=row.consumer,
                            error=row.error,
                            died_at=rfc3339(row.died_at_ms),
                            received=shows.received(line),
                        )
                    )
            return found

        return await self._context.read(work)

    async def take_off(self, consumer: str, *, at: int) -> None:
        """Take a line off the list of dead letters. UserError: it isn't on it."""
        if not await self._context.write(lambda rows: take_off(rows, consumer, at)):
            raise UserError(f"There is no dead letter {at} of consumer {consumer!r}.")


def _check(consumer: str) -> None:
    if not consumer or len(consumer) > MAX_NAME_CHARS or not consumer.isprintable():
        raise UserError(f"A consumer's name has 1 to {MAX_NAME_CHARS} characters that can be seen.")


def _unknown(consumer: str) -> UserError:
    return UserError(f"There is no consumer {consumer[:MAX_NAME_CHARS]!r}. See: restante hook ls")


def _moment(text: str) -> int:
    try:
        return read_rfc3339(text)
    except ValueError:
        raise UserError(f"{text[:40]!r} is no time with a zone, as 2026-11-22T08:00:00Z.") from None
