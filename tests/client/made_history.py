"""A history of any size, of every sort of row, and what is compared of two of them."""

from __future__ import annotations

import random
from dataclasses import replace

from restante.protocol.codec import encode
from restante.protocol.content import Content, Deletion, Edit, Kind, Reaction, Text
from restante.store import client_transfer_rows as history
from restante.store.client_conversations import (
    clock,
    gaps,
    next_counter,
    note_counter,
    own_counter,
    set_clock,
)
from restante.store.client_marks import MarkRow, add_mark
from restante.store.client_messages import MessageRow, insert_messages
from restante.store.client_records import RecordRow, put_record, records
from restante.store.client_rows import Rows
from restante.store.client_summaries import unread
from tests.store.made_rows import made_id, made_message

OWN = b"own account-----"
OWN_DEVICE = b"the old device--"
NEW_DEVICE = b"the new device--"
FIRST_MS = 1_700_000_000_000
WORDS = ["train", "is", "late", "café", "Müller", "добрый", "день", "🦊", "let", "us", "meet"]


def fill(rows: Rows, *, messages: int, conversations: int, seed: int = 1, own: bytes = OWN) -> None:
    """Fill a profile of the account `own`: texts, unread ones, quotes, marks, records and gaps."""
    chance = random.Random(seed)
    keys = [bytes([65 + number]) * 16 for number in range(conversations)]
    for number, key in enumerate(keys):
        count = messages // conversations + (number < messages % conversations)
        made = [_message(chance, key, each, of=count, own=own) for each in range(count)]
        added = [row for row in made if row.author == own or row.counter % 50]  # gaps
        insert_messages(rows, key, added)
        set_clock(rows, key, max(row.rank for row in added))
        for row in added:
            if row.author == own:
                next_counter(rows, key)
            else:
                note_counter(rows, key, row.device_id, row.counter)
        for row in added[::9]:
            add_mark(rows, _reaction(chance, row))
        put_record(rows, _record(chance, number, key))
    add_mark(rows, replace(_reaction(chance, added[0]), target=made_id(chance), id=made_id(chance)))


def _message(chance: random.Random, key: bytes, number: int, *, of: int, own: bytes) -> MessageRow:
    is_own = number % 3 == 0
    text = " ".join(chance.choices(WORDS, k=chance.choice((2, 5, 8, 30))))
    sent_at_ms = FIRST_MS + number * 60_000 + key[0]
    message_id = made_id(chance)
    content = Content(
        version=1,
        kind=int(Kind.TEXT),
        id=message_id,
        conversation=b"",
        counter=number // 3 + 1,
        rank=sent_at_ms << 16,
        sent_at_ms=sent_at_ms,
        seen=[],
        disappears_after_s=0,
        body=encode(Text(text=text, quote=None, mentions=[])),
    )
    return made_message(
        chance,
        rank=content.rank,
        id=message_id,
        conversation=key,
        author=own if is_own else key,
        device_id=OWN_DEVICE if is_own else bytes([key[0], number % 3]) * 8,
        counter=content.counter,
        sent_at_ms=sent_at_ms,
        received_at_ms=None if is_own else sent_at_ms + 700,
        text=text,
        body=content.to_bytes(),
        state="delivered" if not is_own and number > of - 10 else "read",
        quote_id=made_id(chance) if number % 7 == 0 else None,
        quote_excerpt="what was said" if number % 7 == 0 else None,
        error="It was sent twice." if number % 11 == 0 else None,
    )


def _reaction(chance: random.Random, row: MessageRow) -> MarkRow:
    return MarkRow(
        id=made_id(chance),
        conversation=row.conversation,
        target=row.id,
        kind=int(Kind.REACTION),
        author=row.conversation,
        device_id=bytes([row.conversation[0], 1]) * 8,
        counter=0,
        rank=row.rank + 1,
        at_ms=row.sent_at_ms + 1,
        value="🦊",
        body=b"a reaction",
    )


def made_change(chance: random.Random, row: MessageRow, kind: Kind, value: str) -> MarkRow:
    """Return a change of a message by its author, as their device sent it."""
    made_of = {
        Kind.EDIT: lambda: encode(
            Edit(
                message=row.id,
                kind=int(Kind.TEXT),
                body=encode(Text(text=value, quote=None, mentions=[])),
            )
        ),
        Kind.DELETION: lambda: encode(Deletion(message=row.id)),
        Kind.REACTION: lambda: encode(Reaction(message=row.id, emoji=value)),
    }
    change_id = made_id(chance)
    body = Content(
        version=1,
        kind=int(kind),
        id=change_id,
        conversation=b"",
        counter=0,
        rank=row.rank + 2,
        sent_at_ms=row.sent_at_ms,
        seen=[],
        disappears_after_s=0,
        body=made_of[kind](),
    ).to_bytes()
    return replace(
        _reaction(chance, row),
        id=change_id,
        kind=int(kind),
        author=row.author,
        rank=row.rank + 2,
        value=value,
        body=body,
    )


def _record(chance: random.Random, number: int, key: bytes) -> RecordRow:
    return RecordRow(
        kind=2 + number % 4,
        key=key,
        rank=number + 1,
        device_id=OWN_DEVICE,
        value=chance.randbytes(40),
    )


def everything(rows: Rows) -> dict[str, object]:
    """Return all of a history that two devices must agree on, row by row."""
    keys = sorted(history.conversation_keys(rows))
    return {
        "messages": {
            key: history.messages_before(rows, key, history.AFTER_ALL, 1_000_000) for key in keys
        },
        "marks": sorted(
            (row for _, row in history.marks_after(rows, 0, 1_000_000)), key=lambda row: row.id
        ),
        "records": records(rows),
        "clocks": {key: clock(rows, key) for key in keys},
        "unread": {key: unread(rows, key) for key in keys},
        "gaps": {key: gaps(rows, key) for key in keys},
    }


def highest(rows: Rows, own_device: bytes) -> dict[bytes, dict[bytes, int]]:
    """Return the highest counter of each device, this one included, in each conversation."""
    found = {}
    for key in history.conversation_keys(rows):
        counters = dict(history.highest_counters(rows, key))
        own = own_counter(rows, key)
        found[key] = {**counters, **({own_device: own} if own else {})}
    return found
