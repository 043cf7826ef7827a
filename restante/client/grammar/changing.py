"""Changing messages: editing, deleting, reacting, pinning, by the user of this device.

Rule: what is done here is kept and shown at once and goes out like any message; it counts the way
in which it counts for everybody else. Nothing here waits for a network.
Spec: docs/engine.md, section 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.changes import Changes
from restante.client.grammar.folding import ERASABLE, fold
from restante.client.grammar.hiding import hide
from restante.client.grammar.marking import take_back, take_back_changes
from restante.client.grammar.naming import own_mentions
from restante.client.grammar.reading import clean_emoji
from restante.client.grammar.shown import effective_body, versions
from restante.client.grammar.writing import own_change
from restante.client.history import short_text
from restante.client.imported import refuse_imported
from restante.client.interface import MessageState
from restante.client.viewing import viewer_of
from restante.errors import RemoteProtocolError, UserError
from restante.protocol.codec import decode, encode
from restante.protocol.content import Deletion, Edit, Kind, Pin, Reaction, Text
from restante.store.client_marks import marks_of, marks_of_kind
from restante.store.client_messages import delete_message, placed_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct

    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.interface import Message, Version
    from restante.client.own_account import OwnAccount
    from restante.client.views import Viewer
    from restante.store.client_messages import MessageRow, Placed
    from restante.store.client_rows import Rows

REACTABLE: Final = ERASABLE - {"deleted"}
"""Kinds of entries that can be reacted to, and pinned."""

NOT_YOURS: Final = "Only your own messages can be edited, or deleted for everyone."
NO_EMOJI: Final = "A reaction is one emoji, such as 👍. For more, write an answer."


class Changing:
    """What the user does to messages of one account."""

    def __init__(self, context: EngineContext, own: OwnAccount, announcer: Announcer) -> None:
        self._context = context
        self._own = own
        self._announcer = announcer

    async def edit(self, message_id: bytes, text: str) -> Message:
        """Change what a text of ours says. UserError: not ours, deleted, empty, too long."""
        short_text(text)

        def body(rows: Rows, row: MessageRow) -> Struct:
            self.refuse_others(row)
            if row.kind != "text":
                raise UserError("Only a text can be edited.")
            if row.state == MessageState.FAILED.value:
                raise UserError("This message was not sent. Send it again before you edit it.")
            named = own_mentions(rows, row.conversation, text, before=_said(rows, row))
            new = Text(text=text, quote=None, mentions=named)
            return Edit(message=row.id, kind=int(Kind.TEXT), body=encode(new))

        return await self.change(message_id, Kind.EDIT, body)

    async def delete(self, message_id: bytes, *, for_everyone: bool) -> None:
        """Delete a message of ours for everyone, or any for this account alone."""
        if for_everyone:
            await self._delete_for_everyone(message_id)
            return
        changes = Changes()

        def work(rows: Rows) -> None:
            row = found(rows, message_id).row
            if row.kind == "setting":
                raise UserError("How long messages stay can be changed, but not be deleted.")
            _take_back(rows, changes, row)
            hide(rows, changes, message_id, now_ms=self._context.now_ms())

        await self._context.write(work)
        await self._announcer.tell(changes)

    async def react(self, message_id: bytes, emoji: str) -> Message:
        """Put an emoji on a message, in the place of our earlier one; empty takes it back."""
        if emoji and not clean_emoji(emoji):
            raise UserError(NO_EMOJI)

        def body(rows: Rows, row: MessageRow) -> Struct:
            _refuse_unsayable(row)
            return Reaction(message=row.id, emoji=emoji)

        return await self.change(message_id, Kind.REACTION, body)

    async def pin(self, message_id: bytes, *, pinned: bool) -> Message:
        """Pin a message for everybody, or take that back."""

        def body(rows: Rows, row: MessageRow) -> Struct:
            _refuse_unsayable(row)
            return Pin(message=row.id, is_pinned=pinned)

        return await self.change(message_id, Kind.PIN, body)

    async def edits(self, message_id: bytes) -> list[Version]:
        """Return what a message has said, oldest first."""

        def work(rows: Rows) -> list[Version]:
            row = found(rows, message_id).row
            return versions(row, marks_of(rows, row.id)) if row.kind in REACTABLE else []

        return await self._context.read(work)

    async def pinned(self, conversation: bytes) -> list[Message]:
        """Return the pinned messages of a conversation, oldest first."""

        def work(rows: Rows) -> list[Message]:
            pins = marks_of_kind(rows, conversation, int(Kind.PIN))
            placed = (placed_message(rows, each) for each in dict.fromkeys(p.target for p in pins))
            shown = [
                self.shown(rows, each)
                for each in placed
                if each is not None and each.row.conversation == conversation
            ]
            return sorted((m for m in shown if m.pinned), key=lambda m: m.position)

        return await self._context.read(work)

    async def _delete_for_everyone(self, message_id: bytes) -> None:
        changes = Changes()

        def work(rows: Rows) -> None:
            row = found(rows, message_id).row
            self.refuse_others(row)
            refuse_imported(row)
            if row.kind not in ERASABLE:
                raise UserError("This can't be deleted for everyone.")
            if row.kind == "deleted":
                return
            if _take_back(rows, changes, row):
                delete_message(rows, row.id)  # nobody else has ever heard of it
                changes.is_resync = True
                changes.conversations[row.conversation] = None
                return
            deletion = Deletion(message=row.id)
            self._enqueue(rows, changes, row, kind=Kind.DELETION, body=deletion)

        await self._context.write(work)
        await self._announcer.tell(changes)

    async def change(
        self, message_id: bytes, kind: Kind, body: Callable[[Rows, MessageRow], Struct]
    ) -> Message:
        """Change a message by a content of that kind, with the body that is made for it."""
        changes = Changes()

        def work(rows: Rows) -> Message:
            row = found(rows, message_id).row
            if row.kind == "deleted":
                raise UserError("This message was deleted.")
            self._enqueue(rows, changes, row, kind=kind, body=body(rows, row))
            return self.shown(rows, found(rows, message_id))

        message = await self._context.write(work)
        await self._announcer.tell(changes)
        return message

    def _enqueue(
        self, rows: Rows, changes: Changes, row: MessageRow, *, kind: Kind, body: Struct
    ) -> None:
        own_change(
            rows,
            changes,
            self._context,
            own=self._own,
            row=row,
            kind=kind,
            body=body,
        )

    def refuse_others(self, row: MessageRow) -> None:
        """Refuse to change what somebody else wrote. UserError."""
        if row.author != self._own.account_id:
            raise UserError(NOT_YOURS)

    def shown(self, rows: Rows, placed: Placed) -> Message:
        """Show a message as it stands now."""
        return self.viewer(rows, placed.row.conversation).message(placed.row, placed.position)

    def viewer(self, rows: Rows, account_id: bytes) -> Viewer:
        """Return what shows the conversation with an account."""
        return viewer_of(rows, self._context, self._own, account_id)


def found(rows: Rows, message_id: bytes) -> Placed:
    """Return a message and its place. UserError if there is none."""
    placed = placed_message(rows, message_id)
    if placed is None:
        raise UserError("There is no message with this id.")
    return placed


def _said(rows: Rows, row: MessageRow) -> Text | None:
    """Return what a text says now, with whom it names."""
    try:
        return decode(effective_body(row, fold(row, marks_of(rows, row.id))), Text)
    except RemoteProtocolError:
        return None  # another own device's copy of one


def _refuse_unsayable(row: MessageRow) -> None:
    if row.kind not in REACTABLE:
        raise UserError("This is a notice of your own device: nobody else has it.")
    if row.state == MessageState.FAILED.value:
        raise UserError("This message was not sent. Send it again first.")


def _take_back(rows: Rows, changes: Changes, row: MessageRow) -> bool:
    """Take a message, and what changes it, out of the outbox; whether nothing of it has left."""
    take_back_changes(rows, row.id)
    is_out = take_back(rows, row.id)
    changes.is_outbox_due = True  # the count changed
    return is_out and row.received_at_ms is None and row.counter == 0
