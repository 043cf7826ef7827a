"""Conversations as the user works with them: found, listed, read, written to.

Rule: what `send` returns is durable. Nothing here waits for a network. Spec: docs/engine.md,
sections 3 and 4.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from restante.client import tracing
from restante.client.changes import Changes
from restante.client.files.holding import STOPPED, send_again, stop_sending
from restante.client.grammar.readings import read_here
from restante.client.grammar.writing import own_entry, refuse_unwelcome
from restante.client.groups.known import (
    check_conversation,
    is_addressable,
    key_of,
    named_groups,
    title_of,
)
from restante.client.groups.posting import existing_group, queue_for_group, writable
from restante.client.history import MAX_TEXT_BYTES, check_text, own_text, too_long
from restante.client.interface import (
    Conversation,
    Message,
    MessageState,
    Trust,
    Why,
)
from restante.client.lifecycle.key_changes import move_message, successor
from restante.client.named import conversation_of, group_of, id_of, message_of
from restante.client.people_kept import existing
from restante.client.queueing import enqueue_content
from restante.client.sending.keys import SENT_AND_GONE, keyed
from restante.client.syncing.outgoing import publish, read_items, sent_item
from restante.client.syncing.putting import put
from restante.client.syncing.self_contact import self_contact
from restante.client.viewing import conversation_line, viewer, viewer_of
from restante.client.views import conversation_key
from restante.errors import UserError
from restante.protocol.address import Address, AddressError
from restante.protocol.content import Kind
from restante.protocol.ids import ID_BYTES
from restante.protocol.sync import RecordKind
from restante.store import client_outbox
from restante.store.client_contacts import ContactRow, contact, contacts, find
from restante.store.client_groups import groups, is_group
from restante.store.client_messages import count, placed_message, update_state, window
from restante.store.client_records import records_of_conversation
from restante.store.client_summaries import conversation_summaries
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.files.parts import Files
    from restante.client.own_account import OwnAccount
    from restante.client.views import Viewer
    from restante.store.client_groups import GroupRow
    from restante.store.client_messages import MessageRow, Placed
    from restante.store.client_rows import Rows

MAX_WINDOW: Final = 512
_MOST_CHOICES: Final = 10

SELF_WORD: Final = "self"
"""What the user may type for the conversation with oneself."""


class Conversations:
    """The conversations of one account."""

    def __init__(
        self,
        context: EngineContext,
        own: OwnAccount,
        announcer: Announcer,
        *,
        files: Callable[[], Files],
    ) -> None:
        self._context = context
        self._own = own
        self._announcer = announcer
        self._files = files

    async def all(self) -> list[Conversation]:
        """Return all conversations, newest message first; contacts never written to come last."""

        def work(rows: Rows) -> list[Conversation]:
            people = {row.account_id: row for row in contacts(rows)}
            shows = viewer(rows, self._context, self._own, people.values())
            begun = {each.conversation: each for each in conversation_summaries(rows)}
            known = [*people, *(each.group_id for each in groups(rows))]
            keys = [*begun, *(key for key in known if key not in begun)]
            lines = (conversation_line(rows, shows, key, begun.get(key)) for key in keys)
            return [line for line in lines if line is not None]

        return await self._context.read(work)

    async def resolve(self, text: str) -> str:
        """Find a conversation by key, address, petname or the beginning of either."""
        wanted = text.strip()
        with contextlib.suppress(AddressError):  # a petname, a key, or how an address begins
            wanted = Address.parse(wanted).unpinned

        group_id = group_of(wanted)

        def work(rows: Rows) -> list[ContactRow | GroupRow]:
            if group_id is not None:
                return [existing_group(rows, group_id)]
            return [*named_groups(rows, wanted), *people(rows)]

        def people(rows: Rows) -> list[ContactRow]:
            if (account_id := id_of(wanted)) is not None:
                row = contact(rows, account_id)
                if row is not None:
                    return [row]
            us = self_contact(rows)
            if us is not None and wanted.casefold() in {SELF_WORD, us.address}:
                return [us]
            found = [row for row in find(rows, wanted) if is_addressable(row)]
            if len({row.address for row in found}) > 1:
                return found
            # One address, several keys: the one that isn't doubtful is meant.
            return [row for row in found if row.trust != Trust.CHANGED.value] or found

        found = await self._context.read(work)
        if len(found) == 1:
            return conversation_key(key_of(found[0]))
        if not found:
            raise UserError(
                f"There is no contact {text.strip()[:80]!r}. Add one with: "
                "restante contact add CODE|ADDRESS"
            )
        choices = ", ".join(
            f"{title_of(row)} ({conversation_key(key_of(row))[:8]})"
            for row in found[:_MOST_CHOICES]
        )
        raise UserError(f"{text.strip()[:80]!r} can mean several: {choices}. Say more of it.")

    async def messages(self, key: str, *, start: int, count: int) -> list[Message]:
        """Return a window of a conversation, oldest first."""
        account_id = self.account_id(key)
        first = max(start, 0)

        def work(rows: Rows) -> list[Message]:
            shows = self._viewer(rows, account_id)
            found = window(rows, account_id, first, min(count, MAX_WINDOW))
            return [shows.message(row, first + at) for at, row in enumerate(found)]

        return await self._context.read(work)

    async def message(self, message_id: str) -> Message:
        """Return one message as it stands now."""
        which = message_of(message_id)
        return await self._context.read(lambda rows: self._shown(rows, _placed(rows, which)))

    async def why(self, message_id: str) -> Why:
        """Tell what became of a message."""
        which = message_of(message_id)
        return await self._context.read(
            lambda rows: tracing.why(rows, self._shown(rows, _placed(rows, which)))
        )

    async def send(
        self,
        key: str,
        text: str,
        *,
        quote: str | None,
        message_id: str | None,
        idempotency_key: str | None = None,
    ) -> Message:
        """File a text and put it in the outbox, in one transaction.

        One that is too long for a message goes as a file, unless it has an idempotency key.
        """
        size_bytes = check_text(text)
        account_id = self.account_id(key)
        if size_bytes > MAX_TEXT_BYTES:
            if idempotency_key is not None:
                raise too_long(size_bytes)
            return await self._files().send_text(
                account_id,
                text,
                quoted=None if quote is None else message_of(quote),
                message_id=None if message_id is None else message_of(message_id),
            )
        new_id = self._context.randomness.random(ID_BYTES)
        which = new_id if message_id is None else message_of(message_id)
        quoted = None if quote is None else message_of(quote)
        changes = Changes()

        def work(rows: Rows) -> Message:
            check_conversation(rows, account_id)
            wanted, was_used = which, False
            if idempotency_key is not None:
                wanted, was_used = keyed(
                    rows,
                    idempotency_key,
                    account_id=account_id,
                    text=text,
                    quoted=quoted,
                    fresh=which,
                    now_ms=self._context.now_ms(),
                )
            sent = placed_message(rows, wanted)
            if sent is not None:
                return self._shown(rows, sent)  # the same call, repeated
            if was_used:
                raise UserError(SENT_AND_GONE)
            placed = own_entry(
                rows,
                changes,
                self._context,
                own=self._own,
                account_id=account_id,
                message_id=wanted,
                kind=Kind.TEXT,
                body_for=lambda where: own_text(rows, where, text, quoted=quoted),
            )
            reach("send.filed")
            return self._shown(rows, placed)

        message = await self._context.write(work)
        reach("send.kept")
        await self._announcer.tell(changes)
        return message

    async def cancel(self, message_id: str) -> Message:
        """Take a message back, unless an attempt to send it may have reached the relay."""
        which = message_of(message_id)
        changes = Changes()

        def work(rows: Rows) -> Message:
            placed = _placed(rows, which)
            entries = client_outbox.by_message(rows, which)
            if stop_sending(rows, changes, which, now_ms=self._context.now_ms()):
                return self._shown(rows, _placed(rows, which))
            if not entries or any(entry.was_sent for entry in entries):
                raise UserError("It is too late to take this message back: it is on its way.")
            for entry in entries:
                client_outbox.delete(rows, entry.id)
            changed = update_state(rows, which, MessageState.FAILED.value, STOPPED)
            taken_back, now_ms = tracing.Event.TAKEN_BACK, self._context.now_ms()
            tracing.note(rows, which, taken_back, now_ms=now_ms)
            changes.message_changed(changed)
            return self._shown(rows, changed or placed)

        message = await self._context.write(work)
        changes.is_outbox_due = True  # the count changed
        await self._announcer.tell(changes)
        return message

    async def retry(self, message_id: str) -> Message:
        """Queue a failed or expired message again; under its old id, so that it can't double."""
        which = message_of(message_id)
        changes = Changes()

        def work(rows: Rows) -> Message:
            placed = _placed(rows, which)
            if placed.row.state not in {MessageState.FAILED.value, MessageState.EXPIRED.value}:
                raise UserError("Only a message that failed or expired can be sent again.")
            if placed.row.device_id != self._own.device_id:
                raise UserError("It was sent from another device of yours; send it again there.")
            if is_group(placed.row.conversation):
                self._queue_in_group_again(rows, changes, placed.row)
                return self._shown(rows, _placed(rows, which))
            row = existing(rows, placed.row.conversation)
            if (goes_on := successor(rows, row)) is not None:
                move_message(rows, changes, which, goes_on, now_ms=self._context.now_ms())
                return self._shown(rows, _placed(rows, which))
            refuse_unwelcome(row)
            if send_again(rows, changes, which, now_ms=self._context.now_ms()):
                return self._shown(rows, _placed(rows, which))
            enqueue_content(
                rows,
                changes,
                row,
                placed.row.body,
                entry_id=self._context.randomness.random(ID_BYTES),
                message_id=which,
                now_ms=self._context.now_ms(),
            )
            changed = update_state(rows, which, MessageState.QUEUED.value, None)
            changes.message_changed(changed)
            if placed.row.counter:  # the other devices have heard that it failed
                again = sent_item(row.account_id, which)
                publish(rows, changes, again, now_ms=self._context.now_ms())
            return self._shown(rows, changed or placed)

        message = await self._context.write(work)
        await self._announcer.tell(changes)
        return message

    def _queue_in_group_again(self, rows: Rows, changes: Changes, row: MessageRow) -> None:
        """Queue a message once more for the members of its group."""
        group = writable(rows, row.conversation)
        changes.message_changed(update_state(rows, row.id, MessageState.QUEUED.value, None))
        now_ms = self._context.now_ms()
        queue_for_group(
            rows,
            changes,
            self._own,
            group,
            row.body,
            message_id=row.id,
            most_pairwise=self._context.tuning.most_pairwise,
            now_ms=now_ms,
        )

    async def mark_read(self, key: str, *, up_to: str | None) -> None:
        """Note what the user has read; others are told if the user lets them."""
        account_id = self.account_id(key)
        wanted = None if up_to is None else message_of(up_to)
        changes = Changes()

        def work(rows: Rows) -> None:
            now_ms = self._context.now_ms()
            which = wanted or _last(rows, account_id)
            read = read_here(rows, changes, account_id, which, now_ms=now_ms) if which else []
            publish(rows, changes, *read_items(account_id, read, at_ms=now_ms), now_ms=now_ms)
            if RecordKind.UNREAD in records_of_conversation(rows, account_id):
                put(rows, RecordKind.UNREAD, account_id, None, now_ms=now_ms)
                changes.conversations[account_id] = None

        await self._context.write(work)
        if changes.changed or changes.conversations:
            await self._announcer.tell(changes)

    def account_id(self, key: str) -> bytes:
        """Return whom a conversation's key names. UserError if it is none."""
        return conversation_of(key)

    def _viewer(self, rows: Rows, account_id: bytes) -> Viewer:
        return viewer_of(rows, self._context, self._own, account_id)

    def _shown(self, rows: Rows, placed: Placed) -> Message:
        return self._viewer(rows, placed.row.conversation).message(placed.row, placed.position)


def _placed(rows: Rows, message_id: bytes) -> Placed:
    placed = placed_message(rows, message_id)
    if placed is None:
        raise UserError("There is no message with this id.")
    return placed


def _last(rows: Rows, account_id: bytes) -> bytes | None:
    found = window(rows, account_id, max(count(rows, account_id) - 1, 0), 1)
    return found[0].id if found else None
