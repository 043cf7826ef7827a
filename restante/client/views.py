"""Rows of the store as what everybody sees of them. Pure.

Rule: what leaves here is plain types with texts that are safe in a terminal, and is the same for
the user interface, scripts and the socket. Spec: docs/engine.md, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast, get_args

from msgspec import structs

from restante.client.clock import rfc3339
from restante.client.files.showing import file_view
from restante.client.grammar.shown import details
from restante.client.interface import (
    Contact,
    ContactState,
    Conversation,
    GroupLine,
    Message,
    MessageKind,
    MessageState,
    Quoted,
    Received,
    RoleName,
    Sender,
    Trust,
)
from restante.protocol.text import printable
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from restante.client.grammar.presences import Presence
    from restante.client.interface import ReceivedType
    from restante.client.own_account import OwnAccount
    from restante.store.client_contacts import ContactRow
    from restante.store.client_feed import FeedRow
    from restante.store.client_files import FileRow
    from restante.store.client_groups import GroupRow
    from restante.store.client_marks import MarkRow
    from restante.store.client_messages import MessageRow
    from restante.store.client_spaces import ChannelRow
    from restante.store.client_summaries import ConversationSummary

_KINDS: Final = frozenset(get_args(MessageKind))

ROLES: Final = ("none", "reader", "member", "admin", "owner")
"""The interface's words for `protocol.group.Role`, by its number."""

NOTE_TO_SELF: Final = "Note to self"


def conversation_key(conversation: bytes) -> str:
    """Name a conversation: the hex of the other account's id."""
    return conversation.hex()


def is_listed(row: ContactRow, summary: ConversationSummary | None) -> bool:
    """Whether a conversation is shown in the list: the one with oneself once something is in it."""
    is_empty = summary is None or not summary.message_count
    if row.state == ContactState.MEMBER.value:
        return not is_empty
    return row.state != ContactState.SELF.value or not is_empty


def display_name(row: ContactRow) -> str:
    """Return what a contact is called: the user's own word, else its address."""
    if row.state == ContactState.SELF.value:
        return NOTE_TO_SELF
    return row.petname or row.address


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Makes views; knows who we are, and by `contact_of` whom they are about.

    `marks_of` finds what was said of a message, by its id, and `excerpt_of` repeats it; `timer_of`,
    `presence_of` and `choices_of` tell of a conversation, by the account's id; `file_of` says where
    a message's file stands. In a conversation `is_in` says who can be named there, `answers_to` how
    many answers lead to a message, and `calling_in` how many unread ones call the user.
    """

    own: OwnAccount
    contact_of: Callable[[bytes], ContactRow | None]
    marks_of: Callable[[bytes], list[MarkRow]]
    excerpt_of: Callable[[bytes], str]
    timer_of: Callable[[bytes], int]
    presence_of: Callable[[bytes], Presence | None]
    choices_of: Callable[[bytes], dict[str, Any]]
    file_of: Callable[[bytes], FileRow | None]
    is_in: Callable[[bytes, bytes], bool]
    answers_to: Callable[[bytes, bytes], int]
    calling_in: Callable[[bytes], int]

    def message(self, row: MessageRow, position: int) -> Message:
        """Show one entry at its position."""
        quote = None
        if row.quote_id is not None:
            excerpt = row.quote_excerpt or self.excerpt_of(row.quote_id)
            quote = Quoted(message=row.quote_id.hex(), excerpt=excerpt)
        kind = row.kind if row.kind in _KINDS else "unknown"
        received_at_ms = row.received_at_ms
        return Message(
            id=row.id.hex(),
            conversation=conversation_key(row.conversation),
            position=position,
            sender=self._sender(row),
            sent_at=rfc3339(row.sent_at_ms),
            received_at=None if received_at_ms is None else rfc3339(received_at_ms),
            body=row.text,
            kind=cast("MessageKind", kind),
            state=MessageState(row.state),
            quote=quote,
            error=row.error,
            file=file_view(row, self.file_of(row.id)) if row.kind == "file" else None,
            answers=self.answers_to(row.conversation, row.id) if row.quote_id is None else 0,
            **details(row, self.marks_of(row.id), self.named, self.is_in),
        )

    def named(self, account_id: bytes) -> tuple[str, bool]:
        """Return what an account is called, empty if it isn't known, and whether it is our own."""
        if account_id == self.own.account_id:
            return self.own.address.unpinned, True
        contact = self.contact_of(account_id)
        return ("" if contact is None else display_name(contact)), False

    def conversation(
        self, contact: ContactRow, summary: ConversationSummary | None
    ) -> Conversation:
        """Show one line of the conversation list; an empty one where nothing was written yet."""
        last = None
        if summary is not None and summary.last is not None:
            last = self.message(summary.last, summary.message_count - 1)
        presence = self.presence_of(contact.account_id)
        return Conversation(
            key=conversation_key(contact.account_id),
            title=display_name(contact),
            address=contact.address,
            trust=Trust(contact.trust),
            contact=ContactState(contact.state),
            message_count=0 if summary is None else summary.message_count,
            unread_count=0 if summary is None else summary.unread_count,
            unread_mentions=self._unread_mentions(summary),
            first_unread=None if summary is None else summary.first_unread,
            last=last,
            timer_s=0 if summary is None else self.timer_of(contact.account_id),
            is_online=None if presence is None else presence.is_there,
            seen_at=None if presence is None else rfc3339(presence.seen_at_s * 1000),
            is_self=contact.state == ContactState.SELF.value,
            **self.choices_of(contact.account_id),
        )

    def group(
        self,
        row: GroupRow,
        summary: ConversationSummary | None,
        *,
        member_count: int,
        listed: ChannelRow | None,
    ) -> Conversation:
        """Show a group's line of the conversation list."""
        last = None
        if summary is not None and summary.last is not None:
            last = self.message(summary.last, summary.message_count - 1)
        is_in = row.state == "joined"
        return Conversation(
            key=conversation_key(row.group_id),
            title=row.name,
            address="",
            trust=Trust.UNVERIFIED,
            contact=ContactState.REQUEST if row.state == "request" else ContactState.ACCEPTED,
            message_count=0 if summary is None else summary.message_count,
            unread_count=0 if summary is None else summary.unread_count,
            unread_mentions=self._unread_mentions(summary),
            first_unread=None if summary is None else summary.first_unread,
            last=last,
            timer_s=row.timer_s,
            group=GroupLine(
                description=row.description,
                member_count=member_count,
                role=cast("RoleName", ROLES[row.own_role]) if is_in else None,
                may_post=is_in and not row.is_space and row.own_role >= row.may_post,
                is_space=row.is_space,
                space=None if row.parent is None else row.parent.hex(),
                category="" if listed is None else printable(listed.category, multiline=False),
                position=0 if listed is None else listed.position,
            ),
            **self.choices_of(row.group_id),
        )

    def _unread_mentions(self, summary: ConversationSummary | None) -> int:
        if summary is None or not summary.unread_count:
            return 0
        return self.calling_in(summary.conversation)

    def received(self, row: FeedRow) -> Received:
        """Show one line of the feed; a message that came further, as far as it had come by then."""
        message = self.message(row.message, row.position)
        if row.type == "receipt" and row.detail is not None:
            message = structs.replace(message, state=MessageState(row.detail))
        return Received(cursor=row.cursor, type=cast("ReceivedType", row.type), message=message)

    def _sender(self, row: MessageRow) -> Sender:
        device = row.device_id.hex()
        if row.author == self.own.account_id:
            address = self.own.address.unpinned
            return Sender(address=address, device=device, verified=True, name=address, is_me=True)
        contact = self.contact_of(row.author)
        if contact is None:
            return Sender(address="", device=device, verified=False, name="", is_me=False)
        return Sender(
            address=contact.address,
            device=device,
            verified=contact.trust == Trust.VERIFIED.value,
            name=display_name(contact),
            is_me=False,
        )


def contact_view(row: ContactRow) -> Contact:
    """Show a contact."""
    return Contact(
        key=conversation_key(row.account_id),
        address=row.address,
        petname=row.petname,
        trust=Trust(row.trust),
        state=ContactState(row.state),
    )
