"""Polls, by the user of this device: asked, answered, and closed.

Rule: as for everything that is written here; a vote's rank is of this moment, whatever else was
said of the poll, so that nobody else's clock decides whether it was in time.
Spec: docs/engine.md, section 13; docs/protocol/content.md, section 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.changes import Changes
from restante.client.clock import read_rfc3339
from restante.client.grammar.ballots import poll_in
from restante.client.grammar.changing import found
from restante.client.grammar.folding import fold
from restante.client.grammar.writing import own_change, own_entry
from restante.errors import UserError
from restante.protocol.content import Kind
from restante.protocol.ids import ID_BYTES
from restante.protocol.order import next_rank, rank_at
from restante.protocol.poll import (
    MAX_OPTION_CHARS,
    MAX_OPTIONS,
    MAX_QUESTION_CHARS,
    MIN_OPTIONS,
    Poll,
    PollClosed,
    Vote,
)
from restante.protocol.text import printable
from restante.store.client_conversations import clock
from restante.store.client_marks import marks_of
from restante.store.client_messages import placed_message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from msgspec import Struct

    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.grammar.changing import Changing
    from restante.client.interface import Message
    from restante.client.own_account import OwnAccount
    from restante.store.client_messages import MessageRow
    from restante.store.client_rows import Rows

    _Body = Callable[[MessageRow, Poll], Struct]

LONGEST_MS: Final = 366 * 86_400_000
"""Of a poll: nobody waits longer for what came of it."""

OVER: Final = "This poll is over."
NO_POLL: Final = "This message is no poll."


class Polls:
    """What the user does with polls, for one account."""

    def __init__(
        self, context: EngineContext, own: OwnAccount, announcer: Announcer, changing: Changing
    ) -> None:
        self._context = context
        self._own = own
        self._announcer = announcer
        self._changing = changing

    async def send(
        self,
        account_id: bytes,
        question: str,
        options: Sequence[str],
        *,
        is_multiple: bool,
        closes_at: str | None,
        message_id: bytes | None,
    ) -> Message:
        """Ask something. UserError: nothing to ask or to choose, too much, an end in the past."""
        poll = Poll(
            question=_said(question, "The question", MAX_QUESTION_CHARS),
            options=_options(options),
            is_multiple=is_multiple,
            closes_at_s=self._end_s(closes_at),
        )
        which = message_id or self._context.randomness.random(ID_BYTES)
        changes = Changes()

        def work(rows: Rows) -> Message:
            placed = placed_message(rows, which) or own_entry(
                rows,
                changes,
                self._context,
                own=self._own,
                account_id=account_id,
                message_id=which,
                kind=Kind.POLL,
                body_for=lambda _: poll,
            )
            return self._changing.shown(rows, placed)

        message = await self._context.write(work)
        await self._announcer.tell(changes)
        return message

    async def vote(self, message_id: bytes, choices: Sequence[int]) -> Message:
        """Choose options, from 1, in the place of what we chose before; none takes that back."""
        chosen = sorted({each - 1 for each in choices})

        def body(row: MessageRow, poll: Poll) -> Struct:
            if chosen and not 0 <= chosen[0] <= chosen[-1] < len(poll.options):
                raise UserError(f"This poll's options are 1 to {len(poll.options)}.")
            if len(chosen) > 1 and not poll.is_multiple:
                raise UserError("Only one option can be chosen in this poll.")
            return Vote(message=row.id, choices=chosen)

        return await self._change(message_id, Kind.VOTE, body)

    async def close(self, message_id: bytes) -> Message:
        """Let nobody vote any more in a poll of ours."""

        def body(row: MessageRow, _: Poll) -> Struct:
            if row.author != self._own.account_id:
                raise UserError("Only who asked can close a poll.")
            return PollClosed(message=row.id)

        return await self._change(message_id, Kind.POLL_CLOSED, body)

    async def _change(self, message_id: bytes, kind: Kind, body: _Body) -> Message:
        changes = Changes()

        def work(rows: Rows) -> Message:
            row = found(rows, message_id).row
            poll = poll_in(row) if row.kind == "poll" else None
            if poll is None:
                raise UserError(NO_POLL)
            if row.state == "failed":
                raise UserError("This poll was not sent. Send it again first.")
            if self._is_over(rows, row, poll):
                raise UserError(OVER)
            own_change(
                rows,
                changes,
                self._context,
                own=self._own,
                row=row,
                kind=kind,
                body=body(row, poll),
                rank=self._rank(rows, row, kind),
            )
            return self._changing.shown(rows, found(rows, message_id))

        message = await self._context.write(work)
        await self._announcer.tell(changes)
        return message

    def _rank(self, rows: Rows, row: MessageRow, kind: Kind) -> int:
        """Return the rank of a vote of ours, or of the end: past the votes that were in time."""
        now_ms = self._context.now_ms()
        if kind is Kind.POLL_CLOSED:
            return next_rank(clock(rows, row.conversation), now_ms)
        ours = [
            each.rank
            for each in marks_of(rows, row.id)
            if each.kind == Kind.VOTE and each.author == self._own.account_id
        ]
        return max([rank_at(now_ms), *(rank + 1 for rank in ours)])

    def _is_over(self, rows: Rows, row: MessageRow, poll: Poll) -> bool:
        if fold(row, marks_of(rows, row.id)).closing is not None:
            return True
        return 0 < poll.closes_at_s <= self._context.now_s()

    def _end_s(self, closes_at: str | None) -> int:
        if closes_at is None:
            return 0
        now_ms = self._context.now_ms()
        try:
            end_ms = read_rfc3339(closes_at)
        except ValueError:
            raise UserError(
                f"{closes_at[:40]!r} is no time with a zone, as 2026-11-22T08:00:00Z is."
            ) from None
        if not now_ms < end_ms <= now_ms + LONGEST_MS:
            raise UserError("A poll ends later than now, and within a year.")
        return -(-end_ms // 1000)


def _options(options: Sequence[str]) -> list[str]:
    said = [_said(each, "An option", MAX_OPTION_CHARS) for each in options]
    if not MIN_OPTIONS <= len(said) <= MAX_OPTIONS:
        raise UserError(f"A poll has {MIN_OPTIONS} to {MAX_OPTIONS} options.")
    if len({each.casefold() for each in said}) < len(said):
        raise UserError("Two options of the poll are the same.")
    return said


def _said(text: str, what: str, most: int) -> str:
    cleaned = " ".join(printable(text, multiline=False).split())
    if not cleaned:
        raise UserError(f"{what} of a poll can't be empty.")
    if len(cleaned) > most:
        raise UserError(f"{what} of a poll has at most {most} characters.")
    return cleaned
