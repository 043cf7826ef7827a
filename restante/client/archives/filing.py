"""Messages from a file, filed in a conversation's past and marked as imported.

Rule: what is imported twice is there once; what is here already by itself, was deleted here or has
disappeared is not filed; nobody hears of it, and no receipt, line of the feed or notice follows.
Spec: docs/engine.md, section 23.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from restante.client.changes import Changes
from restante.client.clock import read_rfc3339
from restante.client.grammar.marking import is_gone, is_hidden
from restante.client.groups.known import check_conversation
from restante.client.imported import IMPORTED_DEVICE
from restante.client.interface import ImportResult, MessageState
from restante.client.named import conversation_of, id_of
from restante.errors import UserError
from restante.protocol.codec import encode
from restante.protocol.content import Content, Kind, Text
from restante.protocol.ids import ID_BYTES, MessageId
from restante.protocol.order import order_key, rank_at
from restante.protocol.text import printable
from restante.store.client_contacts import contact_by_address
from restante.store.client_groups import is_group
from restante.store.client_messages import MessageRow, insert_messages, message
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.interface import ImportedText
    from restante.client.own_account import OwnAccount
    from restante.store.client_rows import Rows

MOST_AT_ONCE: Final = 512
MAX_TEXT_BYTES: Final = 50_000
AHEAD_MS: Final = 86_400_000
"""A file's clock may be a day wrong; what is dated later than that is none of the past."""

_EARLIEST_MS: Final = 631_152_000_000  # 1990


class Archives:
    """Files what comes from files."""

    def __init__(self, context: EngineContext, own: OwnAccount, announcer: Announcer) -> None:
        self._context = context
        self._own = own
        self._announcer = announcer

    async def file(
        self, conversation: str, texts: list[ImportedText], *, dry_run: bool
    ) -> ImportResult:
        """File texts, and return what became of them. UserError: no such conversation."""
        if len(texts) > MOST_AT_ONCE:
            raise UserError(f"At most {MOST_AT_ONCE} texts are filed at once.")
        key = conversation_of(conversation)
        now_ms = self._context.now_ms()
        changes = Changes(conversations={key: None})

        def work(rows: Rows) -> ImportResult:
            check_conversation(rows, key)
            added: list[MessageRow] = []
            known: list[int] = []
            refused: list[int] = []
            unknown: list[int] = []
            here: set[bytes] = set()  # what stands twice in a file comes once
            for index, text in enumerate(texts):
                author = self._author(rows, key, text)
                if author is None:
                    unknown.append(index)
                    continue
                row = self._row(key, author, text, now_ms=now_ms)
                if row is None:
                    refused.append(index)
                elif row.id in here or self._is_known(rows, row, text):
                    known.append(index)
                else:
                    added.append(row)
                    here.add(row.id)
            if not dry_run:
                insert_messages(rows, key, added)
                reach("import.filing")
            return ImportResult(
                added=len(added),
                known=len(known),
                refused=len(refused),
                known_at=known,
                refused_at=refused,
                unknown=len(unknown),
                unknown_at=tuple(unknown),
            )

        if dry_run:
            return await self._context.read(work)
        result = await self._context.write(work)
        reach("import.filed")
        if result.added:
            changes.is_resync = True
            await self._announcer.tell(changes)
        return result

    def _author(self, rows: Rows, key: bytes, text: ImportedText) -> bytes | None:
        """Return whose account wrote a text; None if that isn't known here."""
        if text.is_me:
            return self._own.account_id
        if not is_group(key):
            return key
        found = contact_by_address(rows, text.author)
        return None if found is None else found.account_id

    def _row(
        self,
        key: bytes,
        author: bytes,
        text: ImportedText,
        *,
        now_ms: int,
    ) -> MessageRow | None:
        """Return what a text is filed as; None if it can't be."""
        body = printable(text.body, multiline=True)
        try:
            at_ms = read_rfc3339(text.sent_at)
        except (ValueError, OverflowError):
            return None
        size_bytes = len(body.encode())
        if not body.strip() or size_bytes > MAX_TEXT_BYTES:
            return None
        if not _EARLIEST_MS <= at_ms <= now_ms + AHEAD_MS:
            return None
        message_id = imported_id(key, text.source)
        rank = rank_at(at_ms) + min(max(text.place, 0), 0xFFFF)
        content = Content(
            version=1,
            kind=int(Kind.TEXT),
            id=message_id,
            conversation=key if is_group(key) else b"",
            counter=0,
            rank=rank,
            sent_at_ms=at_ms,
            seen=[],
            disappears_after_s=0,
            body=encode(Text(text=body, quote=None, mentions=[])),
        )
        return MessageRow(
            id=message_id,
            conversation=key,
            author=author,
            device_id=IMPORTED_DEVICE,
            counter=0,
            order_key=order_key(rank, MessageId(message_id)),
            rank=rank,
            sent_at_ms=at_ms,
            received_at_ms=None if text.is_me else at_ms,
            kind="text",
            text=body,
            body=content.to_bytes(),
            state=MessageState.READ.value,
            error=None,
            quote_id=None,
            quote_excerpt=None,
            expires_at_ms=None,
        )

    def _is_known(self, rows: Rows, row: MessageRow, text: ImportedText) -> bool:
        """Whether a text is here, by itself or imported before; or was, and is to stay away."""
        original = id_of(text.source)
        for each in (row.id, *([] if original is None else [original])):
            if message(rows, each) is not None or is_hidden(rows, each) or is_gone(rows, each):
                return True
        return False


def imported_id(conversation: bytes, source: str) -> bytes:
    """Name an imported message by where it comes from: the same each time, on every device."""
    digest = sha256(b"restante/imported\x00" + conversation + source.encode(errors="replace"))
    return digest.digest()[:ID_BYTES]
