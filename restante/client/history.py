"""How entries are filed in a conversation: one's own texts, received ones, and notes of our own.

Rule: everything from outside passes `printable` here, before it is stored (attack 49); an id that
is there already is filed no second time. Inside the caller's transaction.
Spec: docs/protocol/content.md; docs/engine.md, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.interface import MessageState
from restante.errors import RemoteProtocolError, UserError
from restante.protocol.codec import decode, encode
from restante.protocol.content import Content, Kind, Quote, Text
from restante.protocol.envelope import max_content_bytes
from restante.protocol.ids import ID_BYTES, MessageId
from restante.protocol.order import advance, next_rank, order_key, rank_at
from restante.protocol.text import printable
from restante.store.client_conversations import clock, set_clock
from restante.store.client_feed import append_feed
from restante.store.client_messages import (
    MessageRow,
    Placed,
    heads,
    insert_message,
    message,
)

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.own_account import OwnAccount
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

MAX_TEXT_BYTES: Final = 50_000
"""What of UTF-8 fits an envelope that also carries a hello, a quote and the heads."""

MAX_EXCERPT_CHARS: Final = 120

NEWER: Final = "Sent with a newer Restante. Update to read it."


def file_own_text(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    row: ContactRow,
    text: str,
    *,
    quoted: bytes | None,
    message_id: bytes,
    now_ms: int,
) -> tuple[Placed, bytes]:
    """File a text of ours as queued; return it with the content to be sent.

    Its counter is 0 until it is sealed: one that is taken back before leaves no gap with others.
    Raises UserError if it is too long.
    """
    conversation = row.account_id
    rank = next_rank(clock(rows, conversation), now_ms)
    quote = None if quoted is None else _quote(rows, quoted)
    content = Content(
        version=1,
        kind=int(Kind.TEXT),
        id=message_id,
        conversation=b"",
        counter=0,
        rank=rank,
        sent_at_ms=now_ms,
        seen=heads(rows, conversation),
        disappears_after_s=0,
        body=encode(Text(text=text, quote=quote, mentions=[])),
    )
    packed = content.to_bytes()
    if len(packed) > max_content_bytes(hello=True):
        raise too_long(len(text.encode()))
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
        kind="text",
        text=printable(text, multiline=True),
        body=packed,
        state=MessageState.QUEUED.value,
        error=None,
        quote_id=None if quote is None else quote.message,
        quote_excerpt=None if quote is None else quote.excerpt,
        expires_at_ms=None,
    )
    set_clock(rows, conversation, rank)
    return _insert(rows, changes, entry), packed


def file_received(
    rows: Rows,
    changes: Changes,
    row: ContactRow,
    device_id: bytes,
    content: Content,
    *,
    packed: bytes,
    feed_type: str,
    now_ms: int,
) -> bool:
    """File what a contact's device sent for the history; False if it is there already.

    Raises RemoteProtocolError if a text's body is malformed.
    """
    kind, text, quote = "unknown", NEWER, None
    if content.kind == Kind.TEXT and not content.conversation:
        body = decode(content.body, Text)
        kind, text, quote = "text", printable(body.text, multiline=True), body.quote
    entry = MessageRow(
        id=content.id,
        conversation=row.account_id,
        author=row.account_id,
        device_id=device_id,
        counter=content.counter,
        order_key=order_key(content.rank, MessageId(content.id)),
        rank=content.rank,
        sent_at_ms=content.sent_at_ms,
        received_at_ms=now_ms,
        kind=kind,
        text=text,
        body=packed,
        state=MessageState.DELIVERED.value,
        error=None,
        quote_id=None if quote is None else quote.message,
        quote_excerpt=None if quote is None else printable(quote.excerpt, multiline=False),
        expires_at_ms=None,
    )
    position = insert_message(rows, entry)
    if position is None:
        return False
    before = clock(rows, row.account_id)
    set_clock(rows, row.account_id, advance(before, content.rank, now_ms))
    changes.message_added(Placed(row=entry, position=position))
    changes.cursors.append(append_feed(rows, feed_type, entry.id, at_ms=now_ms))
    return True


def file_note(
    rows: Rows,
    changes: Changes,
    row: ContactRow,
    *,
    entry_id: bytes,
    device_id: bytes,
    kind: str,
    error: str,
    rank: int | None,
    feed_type: str | None,
    now_ms: int,
) -> bool:
    """File an entry of our own making: a gap, an unreadable message, a notice. False if known.

    `rank` places it among the others; None puts it where a message written now would stand.
    """
    if rank is None:
        rank = max(rank_at(now_ms), clock(rows, row.account_id))
    entry = MessageRow(
        id=entry_id,
        conversation=row.account_id,
        author=row.account_id,
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
    position = insert_message(rows, entry)
    if position is None:
        return False
    changes.message_added(Placed(row=entry, position=position))
    if feed_type is not None:
        changes.cursors.append(append_feed(rows, feed_type, entry_id, at_ms=now_ms))
    return True


def parse_content(packed: bytes) -> Content | None:
    """Read what an envelope held; None if it is no content of this version."""
    try:
        return Content.from_bytes(packed)
    except RemoteProtocolError:
        return None


def check_text(text: str) -> None:
    """Refuse what is no message. UserError: empty, not Unicode, too long (the limit is named)."""
    try:
        size_bytes = len(text.encode())
    except UnicodeEncodeError:
        raise UserError("The text is not valid Unicode. Send it as UTF-8.") from None
    if not text.strip():
        raise UserError("The message is empty. Write something.")
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
    return placed


def _quote(rows: Rows, quoted: bytes) -> Quote:
    row = message(rows, quoted) if len(quoted) == ID_BYTES else None
    if row is None:
        raise UserError("The message that you answer is not in this history.")
    excerpt = " ".join(row.text.split())
    if len(excerpt) > MAX_EXCERPT_CHARS:
        excerpt = excerpt[: MAX_EXCERPT_CHARS - 1] + "…"
    return Quote(message=quoted, excerpt=excerpt)
