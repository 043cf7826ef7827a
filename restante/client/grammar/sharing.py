"""What can be sent beside texts: places, live places, contact cards, and how long messages stay.

Rule: what is sent is durable when the call returns, and a petname never leaves the device.
Spec: docs/engine.md, section 13; docs/protocol/content.md.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import msgspec

from restante.client.changes import Changes
from restante.client.directory import manifest_of
from restante.client.grammar.changing import found
from restante.client.grammar.folding import fold
from restante.client.grammar.shown import effective_body
from restante.client.grammar.timers import conversation_timer_s
from restante.client.grammar.writing import own_entry
from restante.client.people_kept import existing
from restante.client.viewing import shown_conversation
from restante.errors import UserError
from restante.protocol.codec import decode, encode
from restante.protocol.content import ContactCard, Content, Edit, Kind, Location, Setting
from restante.protocol.ids import ID_BYTES
from restante.store.client_marks import marks_of
from restante.store.client_messages import placed_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct

    from restante.client.announcer import Announcer
    from restante.client.contacts import Contacts
    from restante.client.context import EngineContext
    from restante.client.grammar.changing import Changing
    from restante.client.interface import Contact, Conversation, Message
    from restante.client.own_account import OwnAccount
    from restante.store.client_messages import MessageRow
    from restante.store.client_rows import Rows

LONGEST_LIVE_S: Final = 8 * 3600
"""Longer than anybody means to be followed."""

SHORTEST_TIMER_S: Final = 5
LONGEST_TIMER_S: Final = 366 * 86400

MAX_LABEL_CHARS: Final = 200

_E7: Final = 10_000_000
_MAX_U32: Final = (1 << 32) - 1


def place_of(latitude: float, longitude: float, *, accuracy_m: int | None, label: str) -> Location:
    """Return a place that stays. UserError: there is no such place on earth."""
    if not (math.isfinite(latitude) and -90 <= latitude <= 90):
        raise UserError("A latitude is between -90 and 90 degrees.")
    if not (math.isfinite(longitude) and -180 <= longitude <= 180):
        raise UserError("A longitude is between -180 and 180 degrees.")
    if len(label) > MAX_LABEL_CHARS:
        raise UserError(f"A place's label has at most {MAX_LABEL_CHARS} characters.")
    return Location(
        latitude_e7=round(latitude * _E7),
        longitude_e7=round(longitude * _E7),
        accuracy_m=min(max(accuracy_m or 0, 0), _MAX_U32),
        live_until_s=0,
        label=label,
    )


def check_timer(timer_s: int) -> None:
    """Refuse a time that messages can't disappear after. UserError."""
    if timer_s and not SHORTEST_TIMER_S <= timer_s <= LONGEST_TIMER_S:
        raise UserError("Messages can disappear after 5 seconds up to a year; 0: they stay.")


class Sharing:
    """What the user sends beside texts, for one account."""

    def __init__(
        self,
        context: EngineContext,
        own: OwnAccount,
        announcer: Announcer,
        *,
        changing: Changing,
        contacts: Contacts,
    ) -> None:
        self._context = context
        self._own = own
        self._announcer = announcer
        self._changing = changing
        self._contacts = contacts

    async def send_location(
        self, account_id: bytes, place: Location, *, live_s: int, message_id: bytes | None
    ) -> Message:
        """Send a place; with `live_s`, at most 8 hours, newer ones may follow for so long."""
        if not 0 <= live_s <= LONGEST_LIVE_S:
            raise UserError("A live location lasts for 8 hours at most.")
        if live_s:
            until_s = self._context.now_s() + live_s
            place = msgspec.structs.replace(place, live_until_s=until_s)
        return await self._send(account_id, Kind.LOCATION, lambda _, __: place, message_id)

    async def move_location(self, message_id: bytes, place: Location, *, ends: bool) -> Message:
        """Say where we are now, in a live location of ours. UserError: it isn't, or is over."""
        now_s = self._context.now_s()

        def body(rows: Rows, row: MessageRow) -> Struct:
            self._changing.refuse_others(row)
            before = _place_in(rows, row)
            if before is None or before.live_until_s <= now_s:
                raise UserError("This is no live location, or it is over. Send a new one.")
            now = msgspec.structs.replace(
                place,
                live_until_s=now_s if ends else before.live_until_s,
                label=before.label,
            )
            return Edit(message=row.id, kind=int(Kind.LOCATION), body=encode(now))

        return await self._changing.change(message_id, Kind.EDIT, body)

    async def send_contact(
        self, account_id: bytes, whom: bytes, *, message_id: bytes | None
    ) -> Message:
        """Send somebody's address and account; the name is the address', not the petname."""

        def body(rows: Rows, _: bytes) -> Struct:
            address = manifest_of(existing(rows, whom)).address
            return ContactCard(name=address.name, address=str(address), account=whom)

        return await self._send(account_id, Kind.CONTACT_CARD, body, message_id)

    async def add_card(self, message_id: bytes, *, petname: str | None) -> Contact:
        """Add whom a card names. UserError: no card, or another account at that address."""

        def work(rows: Rows) -> ContactCard:
            row = found(rows, message_id).row
            if row.kind != "contact":
                raise UserError("This message is no contact card.")
            return decode(Content.from_bytes(row.body).body, ContactCard)

        card = await self._context.read(work)
        return await self._contacts.add(card.address, petname=petname, account_id=card.account)

    async def set_timer(self, account_id: bytes, timer_s: int) -> Conversation:
        """Let new messages disappear so long after they were read; the same again says nothing."""
        check_timer(timer_s)
        now = await self._context.read(lambda rows: conversation_timer_s(rows, account_id))
        if now != timer_s:
            setting = Setting(disappears_after_s=timer_s)
            await self._send(account_id, Kind.SETTING, lambda _, __: setting, None)

        def work(rows: Rows) -> Conversation:
            shows = self._changing.viewer(rows, account_id)
            return shown_conversation(rows, shows, account_id)

        return await self._context.read(work)

    async def _send(
        self,
        account_id: bytes,
        kind: Kind,
        body: Callable[[Rows, bytes], Struct],
        message_id: bytes | None,
    ) -> Message:
        changes = Changes()
        which = message_id or self._context.randomness.random(ID_BYTES)

        def work(rows: Rows) -> Message:
            placed = placed_message(rows, which) or own_entry(
                rows,
                changes,
                self._context,
                own=self._own,
                account_id=account_id,
                message_id=which,
                kind=kind,
                body_for=lambda where: body(rows, where),
            )
            return self._changing.shown(rows, placed)

        message = await self._context.write(work)
        await self._announcer.tell(changes)
        return message


def _place_in(rows: Rows, row: MessageRow) -> Location | None:
    if row.kind != "location":
        return None
    return decode(effective_body(row, fold(row, marks_of(rows, row.id))), Location)
