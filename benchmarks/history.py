"""Makes a large history: fills a profile's database with as many messages as asked for.

Deterministic: the same count gives the same texts, times and authors, so that two runs compare.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from itertools import islice

from restante.store import client_messages
from restante.store.client_messages import MessageRow
from restante.store.client_rows import Rows
from restante.store.driver import RawConnection
from restante.store.seam import Database

OWN_DEVICE = b"this very device"
PER_TRANSACTION = 10_000
UNREAD = 20
"""So many of the last messages are unread."""

_FIRST_MS = 1_600_000_000_000
_BETWEEN_MS = 60_000
_SENTENCES = """
the train is late again and nobody says why so let us meet at the café near the old harbour
tomorrow around noon if it does not rain did you read what I sent yesterday yes no maybe I
think we should ask Müller first naïve question but does it compile with warnings as errors
良い朝 добрый день 🦊 and then there was nothing left to do but laugh thank you good night
"""
_WORDS = _SENTENCES.split()


async def fill(db: Database, conversation: bytes, count: int) -> None:
    """Put `count` messages at the end of a conversation, a minute apart, from two people.

    `conversation` is the other's account id, 16 B, who wrote every second message.
    """
    begun = await db.read_raw(lambda raw: client_messages.count(Rows(raw), conversation))
    rows = _messages(conversation, begun, count)
    while added := list(islice(rows, PER_TRANSACTION)):
        await db.write_raw(partial(_insert, conversation, added))


def _insert(conversation: bytes, added: list[MessageRow], raw: RawConnection) -> None:
    client_messages.insert_messages(Rows(raw), conversation, added)


def _messages(conversation: bytes, begun: int, count: int) -> Iterator[MessageRow]:
    chance = random.Random(f"{conversation.hex()} {begun}")
    own_account = bytes(byte ^ 0xFF for byte in conversation)
    for number in range(begun, begun + count):
        is_theirs = number % 2 == 0
        sent_at_ms = _FIRST_MS + number * _BETWEEN_MS
        message_id = chance.randbytes(16)
        rank = sent_at_ms << 16
        text = " ".join(chance.choices(_WORDS, k=chance.choice((2, 5, 8, 8, 12, 30))))
        is_new = is_theirs and number >= begun + count - 2 * UNREAD
        yield MessageRow(
            id=message_id,
            conversation=conversation,
            author=conversation if is_theirs else own_account,
            device_id=conversation if is_theirs else OWN_DEVICE,
            counter=number // 2 + 1,
            order_key=rank.to_bytes(8, "big") + message_id,
            rank=rank,
            sent_at_ms=sent_at_ms,
            received_at_ms=sent_at_ms + 900 if is_theirs else None,
            kind="text",
            text=text,
            body=text.encode(),
            state="delivered" if is_new else "read",
            error=None,
            quote_id=None,
            quote_excerpt=None,
            expires_at_ms=None,
        )
