"""How entries are filed in a conversation: what is written here, and notes of our own making.

What comes from other devices is filed by `grammar.filing`. Rule: an id that is there already is
filed no second time. Inside the caller's transaction.
Spec: docs/protocol/content.md; docs/engine.md, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.grammar.excerpts import excerpt_of
from restante.client.grammar.naming import own_mentions
from restante.client.grammar.reading import read_entry
from restante.client.grammar.threads import thread_changed
from restante.client.grammar.timers import conversation_timer_s
from restante.client.interface import MessageState
from restante.errors import RemoteProtocolError, UserError
from restante.protocol.codec import encode
from restante.protocol.content import Content, Kind, Quote, Text
from restante.protocol.envelope import max_content_bytes
from restante.protocol.ids import ID_BYTES, MessageId
from restante.protocol.order import HIGHEST_RANK, next_rank, order_key, rank_at
from restante.store.client_conversations import clock, set_clock
from restante.store.client_feed import append_feed
from restante.store.client_groups import is_group
from restante.store.client_messages import (
    MessageRow,
    Placed,
    delete_message,
    heads,
    insert_message,
    message,
)
from restante.store.client_rewrites import last_setting

if TYPE_CHECKING:
    from msgspec import Struct

    from restante.client.changes import Changes
    from restante.client.own_account import OwnAccount
    from restante.store.client_rows import Rows

MAX_TEXT_BYTES: Final = 50_000
"""What of UTF-8 fits an envelope that also carries a hello, a quote and the heads."""

NOTES: Final = frozenset({"gap", "undecryptable", "notice"})
"""Kinds of entries of our own making. Their ids can be guessed: a content of such an id is no
accident."""


def own_text(rows: Rows, conversation: bytes, text: str, *, quoted: bytes | None) -> Text:
    """Return a text as it goes to a conversation: with what it quotes, and whom it names.

    Raises UserError if what it quotes isn't here.
    """
    quote = own_quote(rows, conversation, quoted)
    return Text(text=text, quote=quote, mentions=own_mentions(rows, conversation, text))


def own_quote(rows: Rows, conversation: bytes, quoted: bytes | None) -> Quote | None:
    """Return what an answer in a conversation repeats. Raises UserError if that isn't here."""
    timer_s = conversation_timer_s(rows, conversation)
    return None if quoted is None else _quote(rows, quoted, timer_s=timer_s)


def file_own(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    conversation: bytes,
    *,
    kind: Kind,
    body: Struct,
    message_id: bytes,
    now_ms: int,
) -> tuple[Placed, bytes]:
    """File an entry of ours as queued; return it with the content to be sent.

    Its counter is 0 until it is sealed: one that is taken back before leaves no gap with others.
    Raises UserError if it is too long.
    """
    rank = moment = next_rank(clock(rows, conversation), now_ms)
    if kind is Kind.SETTING and (before := last_setting(rows, conversation)) is not None:
        # The one that sorts last holds: also after one that was dated years ahead.
        rank = min(max(moment, before.rank + 1), HIGHEST_RANK)
    timer_s = 0 if kind is Kind.SETTING else conversation_timer_s(rows, conversation)
    content = Content(
        version=1,
        kind=int(kind),
        id=message_id,
        conversation=conversation if is_group(conversation) else b"",
        counter=0,
        rank=rank,
        sent_at_ms=now_ms,
        seen=heads(rows, conversation),
        disappears_after_s=timer_s,
        body=encode(body),
    )
    packed = content.to_bytes()
    if len(packed) > max_content_bytes(hello=True):
        raise too_long(len(packed))
    shown = read_entry(content)
    entry = MessageRow(
        id=message_id,
        conversation=conversation,
        author=own.account_id,
        device_id=own.device_id,
        counter=0,
        order_key=order_key(rank, MessageId(message_id)),
        rank=rank,
        sent_at_ms=now_ms,
        received_at_ms=None,
        kind=shown.kind,
        text=shown.text,
        body=packed,
        # A note to oneself has arrived where it was written.
        state=(
            MessageState.DELIVERED if conversation == own.account_id else MessageState.QUEUED
        ).value,
        error=None,
        quote_id=shown.quote_id,
        quote_excerpt=shown.quote_excerpt,
        expires_at_ms=None,
        timer_s=timer_s,
    )
    set_clock(rows, conversation, moment)
    return _insert(rows, changes, entry), packed


def file_note(
    rows: Rows,
    changes: Changes,
    author: bytes,
    *,
    conversation: bytes | None = None,
    entry_id: bytes,
    device_id: bytes,
    kind: str,
    error: str,
    rank: int | None,
    feed_type: str | None,
    now_ms: int,
) -> bool:
    """File an entry of our own making: a gap, an unreadable message, a notice. False if known.

    `author` is the account that it is about; `conversation` is theirs, if no other is named.
    `rank` places it among the others; None puts it where a message written now would stand.
    """
    key = conversation or author
    if rank is None:
        rank = max(rank_at(now_ms), clock(rows, key))
    entry = MessageRow(
        id=entry_id,
        conversation=key,
        author=author,
        device_id=device_id,
        counter=0,
        order_key=order_key(rank, MessageId(entry_id)),
        rank=rank,
        sent_at_ms=now_ms,
        received_at_ms=None,
        kind=kind,
        text="",
        body=b"",
        state=MessageState.READ.value,
        error=error,
        quote_id=None,
        quote_excerpt=None,
        expires_at_ms=None,
    )
    known = message(rows, entry_id)
    if known is not None and known.kind not in NOTES:
        delete_message(rows, entry_id)  # a contact's, who wants this not to be shown
        changes.is_resync = True
    position = insert_message(rows, entry)
    if position is None:
        return False
    changes.message_added(Placed(row=entry, position=position))
    if feed_type is not None:
        changes.cursors.append(append_feed(rows, feed_type, entry_id, at_ms=now_ms))
    return True


def erased_content(row: MessageRow) -> bytes:
    """Return what is sent again in the place of a deleted message: its place, and nothing else."""
    return Content(
        version=1,
        kind=int(Kind.ERASED),
        id=row.id,
        conversation=row.conversation if is_group(row.conversation) else b"",
        counter=row.counter,
        rank=row.rank,
        sent_at_ms=row.sent_at_ms,
        seen=[],
        disappears_after_s=0,
        body=b"",
    ).to_bytes()


def parse_content(packed: bytes) -> Content | None:
    """Read what an envelope held; None if it is no content of this version."""
    try:
        return Content.from_bytes(packed)
    except RemoteProtocolError:
        return None


def check_text(text: str) -> int:
    """Return how many bytes a text has. UserError: it is no message: empty, or not Unicode."""
    try:
        size_bytes = len(text.encode())
    except UnicodeEncodeError:
        raise UserError("The text is not valid Unicode. Send it as UTF-8.") from None
    if not text.strip():
        raise UserError("The message is empty. Write something.")
    return size_bytes


def short_text(text: str) -> None:
    """Refuse what doesn't fit a message. UserError: no message, or too long (names the limit)."""
    size_bytes = check_text(text)
    if size_bytes > MAX_TEXT_BYTES:
        raise too_long(size_bytes)


def too_long(size_bytes: int) -> UserError:
    """Return the error for a text that fits no envelope."""
    return UserError(
        f"The message has {size_bytes} bytes, a message holds {MAX_TEXT_BYTES}. Shorten it, or "
        "send it in parts."
    )


def _insert(rows: Rows, changes: Changes, entry: MessageRow) -> Placed:
    position = insert_message(rows, entry)
    if position is None:
        raise UserError("A message with this id exists already.")
    placed = Placed(row=entry, position=position)
    changes.message_added(placed)
    thread_changed(rows, changes, entry)
    return placed


def _quote(rows: Rows, quoted: bytes, *, timer_s: int) -> Quote:
    row = message(rows, quoted) if len(quoted) == ID_BYTES else None
    if row is None:
        raise UserError("The message that you answer is not in this history.")
    if row.timer_s and not 0 < timer_s <= row.timer_s:
        return Quote(message=quoted, excerpt="")  # it would outlive what it repeats
    return Quote(message=quoted, excerpt=excerpt_of(row))
