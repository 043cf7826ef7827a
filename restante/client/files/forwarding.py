"""Messages that are said again elsewhere: a text, a file, a place, a contact.

Rule: what is forwarded is a message of one's own, with what was shown of the other one and nothing
of where it came from: no author, no time, nothing that it answered, nobody whom it named. A file
of somebody else's is sealed anew, under a key of our own: its capability would tell the new readers
at which relay its author is, and let the author take it back. One that this device has put at its
relay is told of again. Spec: docs/engine.md, section 13; docs/files.md, section 9.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec
import trio

from restante.client.changes import Changes
from restante.client.files.describing import Described
from restante.client.files.fetching import lock_of
from restante.client.files.showing import body_of, preview_of, role_of
from restante.client.files.sources import PIECE_BYTES
from restante.client.grammar.changing import found
from restante.client.grammar.folding import fold
from restante.client.grammar.reading import one_line, timer_text
from restante.client.grammar.shown import effective_body
from restante.client.grammar.writing import own_entry
from restante.client.viewing import viewer_of
from restante.errors import CryptoError, UserError
from restante.protocol.codec import decode
from restante.protocol.content import ContactCard, FileRole, Kind, Location, Text
from restante.protocol.file_name import safe_name
from restante.protocol.ids import ID_BYTES
from restante.protocol.text import printable
from restante.store import client_files as store
from restante.store.client_marks import marks_of
from restante.store.client_messages import placed_message
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import IO

    from msgspec import Struct

    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.files.sending import Sending
    from restante.client.files.sources import Spool
    from restante.client.files.vault import Vault
    from restante.client.interface import Message
    from restante.client.own_account import OwnAccount
    from restante.protocol.content import File
    from restante.store.client_files import FileRow
    from restante.store.client_messages import MessageRow
    from restante.store.client_rows import Rows

NOT_SAID = "Only a text, a file, a place or a contact can be forwarded."
NOT_HERE = "This file isn't here yet. Fetch it first, then forward it."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Carried:
    """A file that is to be sent once more: what is said of it, and where it lies here."""

    body: File
    kept: FileRow
    is_ours: bool
    """This device has put it at its relay."""


class Forwarding:
    """What the user says again elsewhere, for one account."""

    def __init__(
        self,
        context: EngineContext,
        own: OwnAccount,
        announcer: Announcer,
        *,
        sending: Sending,
        vault: Vault,
        spool: Callable[[], Awaitable[Spool]],
    ) -> None:
        self._context = context
        self._own = own
        self._announcer = announcer
        self._sending = sending
        self._vault = vault
        self._spool = spool

    async def forward(
        self, account_id: bytes, source: bytes, *, stays: bool, message_id: bytes | None
    ) -> Message:
        """Send what a message says to a conversation, as our own words.

        `stays`: also one that disappears where it was said. UserError: it says nothing, was
        deleted, disappears; its file isn't here; nothing can be sent there.
        """
        which = message_id or self._context.randomness.random(ID_BYTES)
        carried = await self._context.read(partial(self._carried, source, stays=stays))
        if carried is None:
            return await self._send(account_id, source, which)
        if carried.is_ours:
            return await self._sending.send_kept(
                account_id, carried.body, carried.kept, message_id=which
            )
        return await self._seal_anew(account_id, carried, which)

    def _carried(self, source: bytes, rows: Rows, *, stays: bool) -> _Carried | None:
        """Return the file that a message carries; None for what carries none."""
        row = found(rows, source).row
        if row.kind == "deleted":
            raise UserError("This message was deleted.")
        if row.kind == "poll":
            raise UserError("A poll can't be forwarded with its votes. Ask anew where you want to.")
        if row.kind not in {"text", "file", "location", "contact"}:
            raise UserError(NOT_SAID)
        if row.timer_s and not stays:
            raise UserError(
                f"This message disappears {timer_text(row.timer_s)} after it was read, and where "
                "you forward it it may stay. If that is what you want: restante forward "
                "--disappearing"
            )
        if row.kind != "file":
            return None
        body, kept = body_of(row), store.file_of(rows, source)
        if kept is None or not kept.stored_bytes:
            raise UserError(NOT_HERE)
        is_there = kept.blob is not None and kept.state == store.HERE
        is_ours = row.author == self._own.account_id and is_there
        return _Carried(body=body, kept=kept, is_ours=is_ours)

    async def _send(self, account_id: bytes, source: bytes, which: bytes) -> Message:
        changes = Changes()

        def work(rows: Rows) -> Message:
            placed = placed_message(rows, which)
            if placed is None:
                kind, body = _said_again(rows, found(rows, source).row)
                placed = own_entry(
                    rows,
                    changes,
                    self._context,
                    own=self._own,
                    account_id=account_id,
                    message_id=which,
                    kind=kind,
                    body_for=lambda _: body,
                )
            shows = viewer_of(rows, self._context, self._own, placed.row.conversation)
            return shows.message(placed.row, placed.position)

        message = await self._context.write(work)
        await self._announcer.tell(changes)
        return message

    async def _seal_anew(self, account_id: bytes, carried: _Carried, which: bytes) -> Message:
        """Copy a file under a key of our own; in pieces, and sealed wherever it lies meanwhile."""
        spool = await self._spool()
        try:
            opened = partial(_read_into, spool)
            await self._vault.read_through(carried.kept.place, lock_of(carried.body), opened)
            await trio.to_thread.run_sync(spool.whole)
        except CryptoError:
            spool.close()
            raise UserError(
                "The file was damaged on this disk. Fetch it again, then forward it."
            ) from None
        except BaseException:
            spool.close()
            raise
        return await self._sending.send(
            account_id,
            spool,
            _described(carried.body),
            quoted=None,
            message_id=which,
            names_people=False,
        )


def _said_again(rows: Rows, row: MessageRow) -> tuple[Kind, Struct]:
    """Return what a message says now, with nothing of who said it, and to whom."""
    if row.kind == "text":  # as it is shown here: what the filter took out isn't ours to send
        return Kind.TEXT, Text(text=row.text, quote=None, mentions=[])
    body = effective_body(row, fold(row, marks_of(rows, row.id)))
    if row.kind == "location":
        place = decode(body, Location)
        return Kind.LOCATION, msgspec.structs.replace(
            place, live_until_s=0, label=one_line(place.label)
        )
    if row.kind == "contact":
        card = decode(body, ContactCard)
        return Kind.CONTACT_CARD, msgspec.structs.replace(card, name=one_line(card.name))
    raise UserError(NOT_SAID)


def _described(body: File) -> Described:
    return Described(
        name=safe_name(body.name),
        media_type=printable(body.media_type, multiline=False),
        role=FileRole[role_of(body).upper()],
        caption=printable(body.caption, multiline=True),
        preview=b"" if preview_of(body.preview) is None else body.preview,
        width=body.width,
        height=body.height,
        duration_ms=body.duration_ms,
        waveform=body.waveform,
    )


def _read_into(spool: Spool, file: IO[bytes]) -> None:
    while piece := file.read(PIECE_BYTES):
        spool.take(piece)
