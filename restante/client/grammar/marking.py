"""Changes of messages as they are kept and made to count: edits, deletions, reactions, pins.

One path for what a contact's device sent, what another own device sent and what is done here.
Rule: a change is kept by its id, once, whether its message is here or not, and then all that is
known of the message is folded anew; so the order of arrival decides nothing. What was erased leaves
no excerpt in a quote. Inside the caller's transaction. Spec: docs/protocol/content.md, C15 and C16.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec

from restante.client.grammar.folding import CHANGEABLE, GONE_MARK, READ_MARK, fold
from restante.client.grammar.naming import calls_of
from restante.client.grammar.reading import read_change, read_edit
from restante.client.queueing import local_id
from restante.errors import RemoteProtocolError
from restante.protocol.codec import decode, encode
from restante.protocol.content import Content, File, Kind, Text
from restante.protocol.order import advance
from restante.protocol.sync import RecordKind
from restante.store import client_outbox
from restante.store.client_conversations import clock, set_clock
from restante.store.client_feed import append_feed
from restante.store.client_marks import (
    MarkRow,
    add_mark,
    count_stray_marks,
    delete_mark,
    keep_with_message,
    mark,
    marks_of,
)
from restante.store.client_messages import ANSWERS_US, message, placed_message, set_calls
from restante.store.client_records import record
from restante.store.client_rewrites import erase, quoting, rewrite, set_excerpt
from restante.store.client_threads import first_of_thread

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.store.client_messages import MessageRow, Placed
    from restante.store.client_rows import Rows

MAX_STRAYS: Final = 1024
"""Changes kept of one author whose messages aren't here; more of them are let go."""

LATEST_MS: Final = 60 * 86_400_000
"""What another own device has read arrives here within so long, or never."""


def keep_change(
    rows: Rows,
    changes: Changes,
    content: Content,
    *,
    conversation: bytes,
    author: bytes,
    device_id: bytes,
    packed: bytes,
    is_own: bool,
    is_told: bool,
    now_ms: int,
) -> bool:
    """Keep a content that changes a message, and let it count; False if it is here already.

    `conversation` and `author` are account ids (of a group its id), `device_id` whose counter it
    has. `is_own`: this account wrote it; those are never too many. `is_told`: what it changes
    is a line of the feed. Raises RemoteProtocolError if its body is malformed.
    """
    change = read_change(content)
    known = mark(rows, content.id)
    if known is not None:
        if known.author == author or not is_own:
            return False
        # Whoever has our content can send one of theirs under its id, before our copy comes here.
        delete_mark(rows, known.id)
        changes.message_changed(settle(rows, changes, known.target))
    before = clock(rows, conversation)
    set_clock(rows, conversation, advance(before, content.rank, now_ms))
    is_stray = message(rows, change.target) is None
    if is_stray and (
        is_hidden(rows, change.target)
        or is_gone(rows, change.target)
        or (not is_own and count_stray_marks(rows, author) >= MAX_STRAYS)
    ):
        return True
    timer_ms = content.disappears_after_s * 1000
    add_mark(
        rows,
        MarkRow(
            id=content.id,
            conversation=conversation,
            target=change.target,
            kind=content.kind,
            author=author,
            device_id=device_id,
            counter=content.counter,
            rank=content.rank,
            at_ms=content.sent_at_ms,
            # A change goes with its message; one that waits for it must not wait for ever.
            gone_at_ms=now_ms + timer_ms if is_stray and timer_ms else None,
            value=change.value,
            body=packed,
        ),
    )
    changes.message_changed(settle(rows, changes, change.target))
    if is_told and not is_stray and mark(rows, content.id) is not None:
        changes.cursors.append(append_feed(rows, "change", change.target, at_ms=now_ms))
    return True


def settle(rows: Rows, changes: Changes, message_id: bytes) -> Placed | None:
    """Make a message show what follows from its marks; return it as it stands now.

    None if it isn't here, or nothing was said of it. The caller says that it changed or was added.
    """
    row = message(rows, message_id)
    found = [] if row is None else marks_of(rows, message_id)
    if row is None or not found:
        return None
    if any(each.gone_at_ms is not None for each in found):
        keep_with_message(rows, message_id)  # they have waited for it
    folded = fold(row, found)
    for moot in folded.moot:
        take_back(rows, moot)
        delete_mark(rows, moot)
    if folded.is_deleted:
        if row.kind != "deleted":
            first = first_of_thread(rows, row.conversation, message_id)
            erase(rows, message_id, kind="deleted")
            set_calls(rows, message_id, 0)
            forget_excerpts(rows, changes, message_id)
            if first != message_id:
                changes.message_changed(placed_message(rows, first))  # it has fewer answers
    elif folded.edits and row.kind in CHANGEABLE:
        with contextlib.suppress(RemoteProtocolError):  # another own device's copy of one
            entry = read_edit(folded.edits[-1].body)
            rewrite(
                rows,
                message_id,
                kind=entry.kind,
                text=entry.text,
                quote_id=row.quote_id,  # what a message answers stays, however often it is edited
                quote_excerpt=row.quote_excerpt,
            )
            now = replace(row, text=entry.text)
            calls = calls_of(rows, now, edit=folded.edits[-1].body)
            set_calls(rows, message_id, calls, keeps=ANSWERS_US)
    return placed_message(rows, message_id)


def take_back(rows: Rows, content_id: bytes) -> bool:
    """Take a content of ours out of the outbox; False if something of it may have left."""
    entries = client_outbox.by_message(rows, content_id)
    if any(entry.was_sent or entry.payload is not None for entry in entries):
        return False
    for entry in entries:
        client_outbox.delete(rows, entry.id)
    return True


def take_back_changes(rows: Rows, message_id: bytes) -> None:
    """Take out of the outbox what changes a message that will not be here any more."""
    for each in marks_of(rows, message_id):
        take_back(rows, each.id)


def forget_excerpts(rows: Rows, changes: Changes, message_id: bytes) -> None:
    """Take what other messages repeat of one out of them: what is erased is erased in quotes."""
    for row in quoting(rows, message_id):
        body = without_excerpt(row.body)
        if row.quote_excerpt or body != row.body:
            changes.message_changed(set_excerpt(rows, row.id, "", body=body))
            for entry in client_outbox.by_message(rows, row.id):
                if entry.payload is None:
                    client_outbox.set_content(rows, entry.id, without_excerpt(entry.content))


def without_excerpt(packed: bytes) -> bytes:
    """Return a content without what it repeats of the message that it answers."""
    try:
        content = Content.from_bytes(packed)
        answer = _answer(content)
    except RemoteProtocolError:
        return packed
    if answer is None or answer.quote is None:
        return packed
    quote = msgspec.structs.replace(answer.quote, excerpt="")
    body = encode(msgspec.structs.replace(answer, quote=quote))
    return msgspec.structs.replace(content, body=body).to_bytes()


def _answer(content: Content) -> Text | File | None:
    """Read the body of a content that can answer another. Raises RemoteProtocolError."""
    if content.kind == Kind.FILE:
        return decode(content.body, File)
    return decode(content.body, Text) if content.kind == Kind.TEXT else None


def is_hidden(rows: Rows, message_id: bytes) -> bool:
    """Whether the user has deleted a message for this account alone."""
    found = record(rows, int(RecordKind.HIDDEN), message_id)
    return found is not None and found.value is not None


def is_gone(rows: Rows, message_id: bytes) -> bool:
    """Whether a message's time was over here."""
    return mark(rows, _own_id(GONE_MARK, message_id)) is not None


def note_gone(rows: Rows, row: MessageRow, *, until_ms: int) -> None:
    """Remember until a moment that a message's time was over, so that it doesn't come back."""
    add_mark(
        rows,
        _own_mark(GONE_MARK, row.conversation, row.id, at_ms=until_ms, gone_at_ms=until_ms),
    )


def note_read_before(rows: Rows, conversation: bytes, message_id: bytes, *, at_ms: int) -> None:
    """Remember that another own device has read a message that isn't here; the earliest counts."""
    earlier = mark(rows, _own_id(READ_MARK, message_id))
    if earlier is not None:
        if earlier.at_ms <= at_ms:
            return
        delete_mark(rows, earlier.id)
    add_mark(
        rows,
        _own_mark(READ_MARK, conversation, message_id, at_ms=at_ms, gone_at_ms=at_ms + LATEST_MS),
    )


def read_before_ms(rows: Rows, message_id: bytes) -> int | None:
    """Return when another own device has read a message, if it said so before it came here."""
    found = mark(rows, _own_id(READ_MARK, message_id))
    return None if found is None else found.at_ms


def _own_mark(
    kind: int, conversation: bytes, target: bytes, *, at_ms: int, gone_at_ms: int
) -> MarkRow:
    return MarkRow(
        id=_own_id(kind, target),
        conversation=conversation,
        target=target,
        kind=kind,
        author=b"",
        device_id=b"",
        counter=0,
        rank=0,
        at_ms=at_ms,
        gone_at_ms=gone_at_ms,
        value="",
        body=b"",
    )


def own_mark_id(purpose: str, *fields: bytes) -> bytes:
    """Return the id of a mark of our own making: one byte longer than any content's can be.

    Else a contact could send a change under the id of a note that is kept about another message.
    """
    return b"\x00" + local_id(purpose, *fields)


def _own_id(kind: int, target: bytes) -> bytes:
    return own_mark_id("own-mark", kind.to_bytes(2, "big"), target)
