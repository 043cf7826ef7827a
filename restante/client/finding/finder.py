"""Searching one's history, in one conversation or in all, what mentions one, threads, a date.

Rule: what is looked for is said strictly: what is no time, person or kind is an error that says
what there is, never an empty result. Nothing leaves this machine. Spec: docs/engine.md, section 21.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

from restante.client.clock import read_rfc3339
from restante.client.grammar.threads import thread_of
from restante.client.interface import MessageKind, Thread
from restante.client.named import account_of, conversation_of, message_of
from restante.client.syncing.chosen import thread_draft
from restante.client.viewing import viewer, viewer_of
from restante.client.views import conversation_key
from restante.errors import UserError
from restante.protocol.order import HIGHEST_RANK, rank_at
from restante.store.client_calls import calling
from restante.store.client_messages import message, placed_message
from restante.store.client_positions import position_at_rank
from restante.store.client_search import LINK, Wanted, search

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.interface import Message
    from restante.client.own_account import OwnAccount
    from restante.store.client_rows import Rows

MAX_FOUND: Final = 512
MAX_QUERY_CHARS: Final = 1_000
"""More is no search but a text: each of its words is looked up."""

_SILENT: Final = frozenset({"gap", "undecryptable", "unknown", "notice", "setting", "deleted"})
TYPES: Final = (*(each for each in get_args(MessageKind) if each not in _SILENT), LINK)
"""Kinds of messages that can be looked for; LINK: texts with a web address."""


class Finder:
    """Finds messages of one account."""

    def __init__(self, context: EngineContext, own: OwnAccount) -> None:
        self._context = context
        self._own = own

    async def search(
        self,
        words: str,
        *,
        conversation: str | None,
        sender: str | None,
        since: str | None,
        before: str | None,
        type: str | None,  # noqa: A002  # the interface's name
        past: str | None,
        limit: int,
    ) -> list[Message]:
        """Return the newest messages that are as asked for. UserError: nothing is asked for."""
        wanted = Wanted(
            words=words[:MAX_QUERY_CHARS],
            conversation=None if conversation is None else conversation_of(conversation),
            author=None if sender is None else account_of(sender),
            kind=_kind(type),
            since_ms=0 if since is None else _moment(since),
            before_ms=None if before is None else _moment(before),
            past=None if past is None else message_of(past),
        )
        if not any((words.strip(), conversation, sender, type)):
            raise UserError("Say what to look for: a word, a conversation, a person or a type.")

        def work(rows: Rows) -> list[Message]:
            found = search(rows, wanted, min(max(limit, 1), MAX_FOUND))
            shows = viewer(rows, self._context, self._own, [])  # it looks up whom it meets
            return [shows.message(each.row, each.position) for each in found]

        return await self._context.read(work)

    async def mentions(self, *, unread: bool, past: str | None, limit: int) -> list[Message]:
        """Return what names the user or answers them, the newest first."""
        after = None if past is None else message_of(past)

        def work(rows: Rows) -> list[Message]:
            known = None if after is None else message(rows, after)
            key = None if known is None else known.order_key
            most = min(max(limit, 1), MAX_FOUND)
            shows = viewer(rows, self._context, self._own, [])
            found = calling(rows, unread=unread, past=key, limit=most)
            return [shows.message(each.row, each.position) for each in found]

        return await self._context.read(work)

    async def thread(self, message_id: str, *, start: int, count: int) -> Thread:
        """Return a message's thread, and so many of its messages. UserError: no such message."""
        which, first = message_of(message_id), max(start, 0)
        most = min(max(count, 0), MAX_FOUND)

        def work(rows: Rows) -> Thread:
            row = message(rows, which)
            if row is None:
                raise UserError("There is no message with this id.")
            begins, first_id, answers = thread_of(rows, row)
            ids = [*([] if begins is None else [first_id]), *answers]
            found = (placed_message(rows, each) for each in ids[first : first + most])
            shows = viewer_of(rows, self._context, self._own, row.conversation)
            return Thread(
                conversation=conversation_key(row.conversation),
                first=first_id.hex(),
                is_whole=begins is not None,
                count=len(ids),
                draft=thread_draft(rows, first_id),
                messages=[shows.message(each.row, each.position) for each in found if each],
            )

        return await self._context.read(work)

    async def position_at(self, conversation: str, *, at: str) -> int:
        """Return how many messages of a conversation were written before a time."""
        account_id = conversation_of(conversation)
        rank = min(rank_at(_moment(at)), HIGHEST_RANK)
        return await self._context.read(lambda rows: position_at_rank(rows, account_id, rank))


def _moment(text: str) -> int:
    try:
        return read_rfc3339(text)
    except ValueError:
        raise UserError(
            f"{text[:40]!r} is no time with a zone, as 2026-11-22T08:00:00Z is."
        ) from None


def _kind(type_: str | None) -> str | None:
    if type_ is not None and type_ not in TYPES:
        raise UserError(f"There is no type {type_[:40]!r}. There are: {', '.join(TYPES)}.")
    return type_
