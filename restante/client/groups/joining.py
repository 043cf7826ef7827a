"""Following an invite link to a group: whom it names is looked up, and asked to let us in.

Rule: nothing is said to anybody whose key the link doesn't pin. What was asked is a record, so that
whichever of this account's devices hears of it first is in; a group that it wasn't asked of stays a
request. Spec: docs/protocol/groups.md, section 7.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import trio

from restante.client.acquaintance import new_contact, others_at
from restante.client.changes import Changes
from restante.client.directory import manifest_of
from restante.client.groups.ledger import JOINED
from restante.client.history import file_note
from restante.client.interface import ContactState, GroupAsked, Trust
from restante.client.looking_up import LookingUp
from restante.client.queueing import control_content, enqueue_content, local_id
from restante.client.syncing.putting import put
from restante.client.views import conversation_key, display_name
from restante.errors import UserError
from restante.protocol.code import CodeError
from restante.protocol.content import Kind
from restante.protocol.group import GroupJoin, Refusal
from restante.protocol.group_invite import parse_group_invite
from restante.protocol.ids import ID_BYTES, contact_pin
from restante.protocol.sync import RecordKind
from restante.store.client_contacts import contact, upsert_contact
from restante.store.client_group_invites import links_of_id
from restante.store.client_groups import group_row
from restante.store.client_records import record

if TYPE_CHECKING:
    from restante.client.directory import Found
    from restante.client.own_account import OwnAccount
    from restante.protocol.group import GroupRefused
    from restante.protocol.group_invite import GroupInvite
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

_NO: Final = {
    Refusal.REVOKED: "it was revoked",
    Refusal.EXPIRED: "its time is over",
    Refusal.USED_UP: "it was used as often as it may be",
    Refusal.DECLINED: "they said no",
    Refusal.FULL: "the group is full",
}

_GONE: Final = "it isn't good any more"


class Joining(LookingUp):
    """The invite links that one account follows."""

    async def join(self, text: str, *, timeout_s: float) -> GroupAsked:
        """Ask to be let in, and wait so long for an answer.

        UserError: no such link, nobody of it can be found, the answer is no. RelayError.
        """
        try:
            invite = parse_group_invite(text)
        except CodeError as error:
            raise UserError(str(error)) from None
        if (inside := await self._inside(invite)) is not None:
            return inside
        found = await self._found(invite)
        changes = Changes()
        asked = await self._context.write(lambda rows: self._ask(rows, changes, invite, found))
        with trio.move_on_after(timeout_s):
            async with self._context.hub.subscribe() as events:
                await self._announcer.tell(changes)
                changes = Changes()
                while True:
                    if (inside := await self._inside(invite)) is not None:
                        return inside
                    await self._refuse_if_refused(invite)
                    await anext(events)
        await self._announcer.tell(changes)
        return GroupAsked(group=None, asked=asked)

    async def _inside(self, invite: GroupInvite) -> GroupAsked | None:
        def work(rows: Rows) -> bytes | None:
            for each in links_of_id(rows, invite.id):
                group = group_row(rows, each.group_id)
                is_joined = group is not None and group.state == JOINED
                if is_joined and self._is_named(rows, invite, each.maker):
                    return each.group_id
            return None

        key = await self._context.read(work)
        return None if key is None else GroupAsked(group=conversation_key(key), asked=[])

    def _is_named(self, rows: Rows, invite: GroupInvite, maker: bytes) -> bool:
        """Whether a link names who made one of the same id: anybody could, in another group."""
        if maker == self._own.account_id:
            manifest = self._own.manifest
        else:
            who = contact(rows, maker)
            if who is None or who.manifest is None:
                return False
            if maker in _asked(rows, invite.id):
                return True
            manifest = manifest_of(who)
        pin = contact_pin(manifest.root.raw, manifest.address.relay.pin)
        return pin in {each.pin for each in invite.hosts}

    async def _refuse_if_refused(self, invite: GroupInvite) -> None:
        said = await self._context.read(
            lambda rows: record(rows, int(RecordKind.GROUP_ASKED), invite.id)
        )
        if said is not None and said.value is None:
            raise UserError("That invite lets you in no more. Note to self says why.")

    async def _found(self, invite: GroupInvite) -> list[tuple[int, Found]]:
        """Look up whom a link names. UserError or RelayError of the last one, if it is nobody."""
        found: list[tuple[int, Found]] = []
        problem = UserError("That invite is your own. Give it to somebody else.")
        for place, host in enumerate(invite.hosts):
            try:
                here = await self._directory.pinned(
                    host.address, host.pin, relay_is_pinned=host.relay_is_pinned
                )
            except UserError as error:
                problem = error
                continue
            if here.manifest.account_id != self._own.account_id:
                found.append((place, here))
        if not found:
            raise problem
        return found

    def _ask(
        self, rows: Rows, changes: Changes, invite: GroupInvite, found: list[tuple[int, Found]]
    ) -> list[str]:
        now_ms, names = self._context.now_ms(), []
        accounts = []
        for place, each in found:
            row = self._known(rows, each)
            if row.state == ContactState.BLOCKED.value:
                continue
            accounts.append(row.account_id)
            names.append(display_name(row))
            content = control_content(
                Kind.GROUP_JOIN,
                GroupJoin(secret=invite.secret, place=place),
                now_ms=now_ms,
                randomness=self._context.randomness,
            )
            enqueue_content(
                rows,
                changes,
                row,
                content.to_bytes(),
                entry_id=local_id("group-join", invite.id, row.account_id),
                message_id=None,
                now_ms=now_ms,
            )
        if not accounts:
            raise UserError("You have blocked whoever could let you in.")
        put(rows, RecordKind.GROUP_ASKED, invite.id, b"".join(accounts), now_ms=now_ms)
        return names

    def _known(self, rows: Rows, found: Found) -> ContactRow:
        """Return whom a link names as they are kept: as somebody known only from a group."""
        manifest = found.manifest
        row = contact(rows, manifest.account_id)
        if row is not None:
            if row.manifest_hash != manifest.head:
                row = replace(row, is_stale=True)  # their relay is asked, by the chain rule
        else:
            row = new_contact(
                manifest,
                state=ContactState.MEMBER,
                trust=Trust.UNVERIFIED,
                token=None,
                petname=None,
                is_stale=False,
                now_s=self._context.now_s(),
            )
            if others_at(rows, row):
                row = replace(row, trust=Trust.CHANGED.value)
        upsert_contact(rows, row)
        return row


def _asked(rows: Rows, link_id: bytes) -> list[bytes]:
    """Return the accounts that were asked to let us in by an invite link."""
    said = record(rows, int(RecordKind.GROUP_ASKED), link_id)
    value = b"" if said is None or said.value is None else said.value
    return [value[at : at + ID_BYTES] for at in range(0, len(value), ID_BYTES)]


def take_refusal(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    who: ContactRow,
    refused: GroupRefused,
    *,
    now_ms: int,
) -> None:
    """Say to the user that a link lets them in no more, if it was asked of whoever says so."""
    if who.account_id not in _asked(rows, refused.link):
        return
    put(rows, RecordKind.GROUP_ASKED, refused.link, None, now_ms=now_ms)
    why = _GONE
    with suppress(ValueError):
        why = _NO[Refusal(refused.why)]
    file_note(
        rows,
        changes,
        own.account_id,
        entry_id=local_id("group-refused", refused.link, who.account_id),
        device_id=bytes(ID_BYTES),
        kind="notice",
        error=f"The invite to a group of {display_name(who)} lets you in no more: {why}. "
        "Ask them for another.",
        rank=None,
        feed_type="notice",
        now_ms=now_ms,
    )
    changes.is_resync = True
