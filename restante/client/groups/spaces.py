"""What the user does with spaces: channels begun in one, listed, ordered, taken off its list.

A space is a group whose log lists groups; its members, roles and invite links are a group's.
Rule: a channel that was begun in a space follows it (`mirroring`); a group that was there before is
listed as it is, with its own members. Spec: docs/protocol/groups.md, section 8; docs/engine.md, 25.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.groups import telling
from restante.client.groups.groups import clean_name
from restante.client.groups.mirroring import mirror
from restante.client.groups.posting import existing_group
from restante.client.interface import Space, SpaceChannel
from restante.client.viewing import conversation_line, viewer_of
from restante.client.views import conversation_key
from restante.errors import UserError
from restante.protocol import group as g
from restante.protocol.group import Field, Role
from restante.protocol.ids import ID_BYTES
from restante.protocol.text import printable
from restante.store import client_spaces as store
from restante.store.client_groups import group_row
from restante.store.client_summaries import conversation_summary

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.context import EngineContext
    from restante.client.groups.groups import Groups
    from restante.client.own_account import OwnAccount
    from restante.store.client_groups import GroupRow
    from restante.store.client_rows import Rows

MAX_CHANNELS = 256


class Spaces:
    """The spaces of one account."""

    def __init__(self, context: EngineContext, own: OwnAccount, groups: Groups) -> None:
        self._context = context
        self._own = own
        self._groups = groups

    async def show(self, space_id: bytes) -> Space:
        """Return a space with its channels. UserError: it is none."""
        group = await self._groups.show(space_id)
        found = await self._context.read(lambda rows: self._channels(rows, space_id))
        return Space(group=group, channels=found)

    async def begin(
        self, space_id: bytes, name: str, *, category: str, may_post: Role | None
    ) -> Space:
        """Begin a channel that all members of the space are in. UserError: no right to, no name."""
        wanted = clean_name(name)

        def work(rows: Rows, changes: Changes) -> bytes:
            self._space(rows, space_id)
            nonce = self._context.randomness.random(ID_BYTES)
            first = g.Found(name=wanted, is_space=False, nonce=nonce)
            kept = [g.SetField(field=int(Field.PARENT), number=0, text=space_id.hex())]
            if may_post is not None:
                kept.append(g.SetField(field=int(Field.MAY_POST), number=int(may_post), text=""))
            channel = telling.found(rows, changes, self._context, self._own, first, *kept)
            self._list(rows, changes, space_id, channel.group_id, category=category)
            mirror(rows, changes, self._context, self._own, space_id)
            return space_id

        await self._groups.change(work)
        return await self.show(space_id)

    async def place(self, space_id: bytes, group_id: bytes, *, category: str) -> Space:
        """List a group in a space, or put a channel into another category, at its end."""

        def work(rows: Rows, changes: Changes) -> bytes:
            self._space(rows, space_id)
            if existing_group(rows, group_id).is_space:
                raise UserError("A space holds channels, and no other space.")
            self._list(rows, changes, space_id, group_id, category=category)
            return space_id

        await self._groups.change(work)
        return await self.show(space_id)

    async def remove(self, space_id: bytes, group_id: bytes) -> Space:
        """Take a channel off a space's list; it stays a group, with the members that it has."""

        def work(rows: Rows, changes: Changes) -> bytes:
            self._space(rows, space_id)
            listed = store.channel(rows, space_id, group_id)
            if listed is None:
                raise UserError("That is no channel of this space. See: restante space show")
            self._write(rows, changes, space_id, listed, is_listed=False)
            return space_id

        await self._groups.change(work)
        return await self.show(space_id)

    def _space(self, rows: Rows, space_id: bytes) -> GroupRow:
        row = existing_group(rows, space_id)
        if not row.is_space:
            raise UserError(f'"{row.name}" is no space. See: restante space ls')
        return row

    def _list(
        self, rows: Rows, changes: Changes, space_id: bytes, group_id: bytes, *, category: str
    ) -> None:
        named = " ".join(printable(category, multiline=False).split())
        if len(named) > g.MAX_NAME_CHARS:
            raise UserError(f"A category's name has at most {g.MAX_NAME_CHARS} characters.")
        there = store.channels(rows, space_id)
        if len(there) >= MAX_CHANNELS:
            raise UserError(f"A space has at most {MAX_CHANNELS} channels.")
        last = max((each.position for each in there if each.category == named), default=0)
        row = store.ChannelRow(
            space_id=space_id, group_id=group_id, category=named, position=last + 1
        )
        self._write(rows, changes, space_id, row, is_listed=True)

    def _write(
        self,
        rows: Rows,
        changes: Changes,
        space_id: bytes,
        row: store.ChannelRow,
        *,
        is_listed: bool,
    ) -> None:
        ledger = self._context.shelf.open(rows, space_id)
        act = g.Channel(
            group=row.group_id, category=row.category, position=row.position, is_listed=is_listed
        )
        telling.write_entry(rows, changes, self._context, self._own, ledger=ledger, acts=[act])

    def _channels(self, rows: Rows, space_id: bytes) -> list[SpaceChannel]:
        """Return the channels in their order, those that aren't ours to see without a name."""
        found = []
        for each in store.channels(rows, space_id):
            shows = viewer_of(rows, self._context, self._own, each.group_id)
            summary = conversation_summary(rows, each.group_id)
            line = conversation_line(rows, shows, each.group_id, summary)
            row = group_row(rows, each.group_id)
            found.append(
                SpaceChannel(
                    key=conversation_key(each.group_id),
                    category=printable(each.category, multiline=False),
                    conversation=line,
                    is_shared=row is not None and row.parent == space_id,
                )
            )
        return found
