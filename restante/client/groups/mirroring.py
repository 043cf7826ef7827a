"""The channels of a space have its members, with the roles that they have there.

Each channel is a group with a log of its own, and keys of its own; whoever changes who is in a
space writes the same into the logs of its channels, in the same transaction. Where two changed at
once, or whoever did was away, the admins' devices take turns to make up for it. Rule: only channels
that name the space in their own log, and only what this account may; done twice it does nothing.
Inside the caller's transaction, but for `Mirroring`. Spec: docs/protocol/groups.md, section 8.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from restante.client.alarm import Alarm
from restante.client.changes import Changes
from restante.client.groups import telling
from restante.client.groups.ledger import JOINED
from restante.errors import UserError
from restante.protocol import group as g
from restante.protocol.group import MAX_ACTS, Role
from restante.store import client_groups as store
from restante.store.client_spaces import channels

if TYPE_CHECKING:
    from msgspec import Struct

    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.protocol.group_state import State
    from restante.store.client_groups import GroupRow
    from restante.store.client_rows import Rows

STEPS: Final = 8
"""Turns that admins have; a ninth comes with the eighth."""


def is_mirrored(rows: Rows, space_id: bytes, channel: GroupRow | None) -> bool:
    """Whether a channel follows its space: its own log says so, too."""
    return channel is not None and channel.state == JOINED and channel.parent == space_id


def mirror(
    rows: Rows, changes: Changes, context: EngineContext, own: OwnAccount, space_id: bytes
) -> None:
    """Write into each channel of a space what its members' list there lacks of the space's."""
    space = store.group_row(rows, space_id)
    if space is None or not space.is_space or space.state != JOINED or space.own_role < Role.ADMIN:
        return
    state = context.shelf.open(rows, space_id).log.state()
    for each in channels(rows, space_id):
        row = store.group_row(rows, each.group_id)
        if row is None or not is_mirrored(rows, space_id, row) or row.own_role < Role.ADMIN:
            continue
        ledger = context.shelf.open(rows, each.group_id)
        acts = acts_for(state, ledger.log.state(), own.account_id)
        for start in range(0, len(acts), MAX_ACTS // 4):
            batch = acts[start : start + MAX_ACTS // 4]
            try:
                telling.write_entry(rows, changes, context, own, ledger=ledger, acts=batch)
            except UserError:
                break  # another admin has more right to it


def acts_for(space: State, channel: State, own: bytes) -> list[Struct]:
    """Return what makes a channel's members those of its space, as far as an account may do it."""
    role = channel.role(own)
    acts: list[Struct] = []
    for account in sorted({*space.members, *channel.members}):
        there, here = space.role(account), channel.role(account)
        most = Role.OWNER if role is Role.OWNER else Role.MEMBER
        if there is here or max(there, here) > most or account == own:
            continue
        if there is Role.NONE:
            acts.append(g.Remove(account=account))
        elif here is Role.NONE:
            acts.append(g.Add(account=account, role=int(there), link=None))
        else:
            acts.append(g.SetRole(account=account, role=int(there)))
    return acts


def leave_channels(
    rows: Rows, changes: Changes, context: EngineContext, own: OwnAccount, space_id: bytes
) -> None:
    """Leave the channels of a space that one has left."""
    for each in channels(rows, space_id):
        row = store.group_row(rows, each.group_id)
        if row is None or not is_mirrored(rows, space_id, row):
            continue
        ledger = context.shelf.open(rows, each.group_id)
        acts = leaving_acts(ledger.log.state(), own.account_id)
        telling.write_entry(rows, changes, context, own, ledger=ledger, acts=acts)


def leaving_acts(state: State, own: bytes) -> list[Struct]:
    """Return what leaves a group; an only owner hands it on to whoever comes next."""
    others = {k: role for k, role in state.members.items() if k != own}
    is_last = state.role(own) is Role.OWNER and Role.OWNER not in others.values()
    heir = max(others, key=lambda each: (others[each], each), default=None)
    leaves = g.Remove(account=own)
    if is_last and heir is not None:
        return [g.SetRole(account=heir, role=int(Role.OWNER)), leaves]
    return [leaves]


class Mirroring:
    """Makes up for what others couldn't write into channels; `run` for ever."""

    def __init__(self, context: EngineContext, own: OwnAccount, announcer: Announcer) -> None:
        self._context = context
        self._own = own
        self._announcer = announcer
        self._alarm = Alarm(context)
        self._due: dict[bytes, int] = {}
        self._has_begun = False
        announcer.also_tell(self._look_in)

    async def run(self) -> None:
        """Look after the spaces that changed, each in our turn; for ever."""
        await self._alarm.run(self._mirror_due)

    def _look_in(self, changes: Changes) -> None:
        for each in changes.spaces:
            self._due.setdefault(each, 0)
            self._alarm.set_anew()

    async def _mirror_due(self) -> int | None:
        now_ms = self._context.now_ms()
        if not self._has_begun:  # what happened while we were away
            found = await self._context.read(store.groups)
            self._due |= {each.group_id: 0 for each in found if each.is_space}
            self._has_begun = True
        for space_id in [key for key, at_ms in self._due.items() if not at_ms]:
            turn = await self._context.read(partial(self._turn, space_id=space_id))
            self._due[space_id] = now_ms + int(turn * self._context.tuning.join_step_s * 1000)
        for space_id in [key for key, at_ms in self._due.items() if at_ms <= now_ms]:
            del self._due[space_id]
            await self._mirror(space_id)
        return min(self._due.values(), default=None)

    async def _mirror(self, space_id: bytes) -> None:
        changes = Changes()
        await self._context.write(
            lambda rows: mirror(rows, changes, self._context, self._own, space_id)
        )
        changes.spaces.clear()
        await self._announcer.tell(changes)

    def _turn(self, rows: Rows, *, space_id: bytes) -> int:
        """Return which turn is ours among the space's admins, owners first; none is the first."""
        admins = [
            each.account_id for each in store.members(rows, space_id) if each.role >= Role.ADMIN
        ]
        own = self._own.account_id
        return 1 + min(admins.index(own) if own in admins else 0, STEPS)
