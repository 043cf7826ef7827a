"""What the user does with groups: begin one, let people in and out, say who may do what, leave.

Rule: what is done is durable, and counts here, when the call returns; the others hear of it as they
hear of messages. Nothing here waits for a network. Spec: docs/protocol/groups.md; docs/engine.md,
section 25.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.acquaintance import is_welcome
from restante.client.changes import Changes
from restante.client.clock import rfc3339
from restante.client.files.showing import preview_of
from restante.client.groups import ledger as ledgers
from restante.client.groups import telling
from restante.client.groups.mirroring import leave_channels, leaving_acts, mirror
from restante.client.groups.naming_devices import name_devices_in
from restante.client.groups.own_devices import follow_joined
from restante.client.groups.posting import existing_group
from restante.client.groups.settling import notice_id
from restante.client.interface import (
    AsksToJoin,
    Contact,
    ContactState,
    Group,
    GroupChange,
    Member,
    Trust,
)
from restante.client.people_kept import existing
from restante.client.syncing.putting import put
from restante.client.syncing.self_contact import is_self
from restante.client.viewing import shown_conversation, viewer_of
from restante.client.views import ROLES, conversation_key, display_name
from restante.errors import UserError
from restante.protocol import group as g
from restante.protocol.group import EntryHash, Field, Role
from restante.protocol.ids import ID_BYTES
from restante.protocol.sync import RecordKind
from restante.protocol.text import printable
from restante.store import client_groups as store
from restante.store.client_contacts import contact
from restante.store.client_group_invites import joins as asking
from restante.store.client_messages import message
from restante.store.client_records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from msgspec import Struct

    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.groups.ledger import Ledger
    from restante.client.own_account import OwnAccount
    from restante.protocol.group_state import State
    from restante.store.client_group_invites import JoinRow
    from restante.store.client_groups import GroupRow
    from restante.store.client_rows import Rows

SHOWN_CHANGES: Final = 20
BATCH: Final = 32
"""Members added by one entry: with their manifests it fits an envelope or two."""


class Groups:
    """The groups of one account."""

    def __init__(self, context: EngineContext, own: OwnAccount, announcer: Announcer) -> None:
        self._context = context
        self._own = own
        self._announcer = announcer

    async def new(self, name: str, accounts: Sequence[bytes], *, is_space: bool) -> Group:
        """Begin a group with these contacts. UserError: no such contacts, no name."""
        wanted = clean_name(name)

        def work(rows: Rows, changes: Changes) -> bytes:
            people = [self._invited(rows, each) for each in dict.fromkeys(accounts)]
            nonce = self._context.randomness.random(ID_BYTES)
            first = g.Found(name=wanted, is_space=is_space, nonce=nonce)
            ledger = telling.found(rows, changes, self._context, self._own, first)
            self._add(rows, changes, ledger, people, Role.MEMBER)
            return ledger.group_id

        return await self.change(work)

    async def show(self, group_id: bytes) -> Group:
        """Return a group as it is."""
        return await self._context.read(lambda rows: self._shown(rows, group_id))

    async def add(self, group_id: bytes, accounts: Sequence[bytes], role: Role) -> Group:
        """Let contacts in. UserError: no right to, a member already, no contact."""

        def work(rows: Rows, changes: Changes) -> bytes:
            ledger, state = self._open(rows, group_id)
            people = [self._invited(rows, each) for each in dict.fromkeys(accounts)]
            for each in people:
                if state.role(each):
                    raise UserError(f"{self._name(rows, each)} is in the group already.")
            self._add(rows, changes, ledger, people, role)
            return group_id

        return await self.change(work)

    async def remove(self, group_id: bytes, accounts: Sequence[bytes]) -> Group:
        """Take members out. They hear of it, and can read nothing that is said from then on."""

        def acts(rows: Rows, state: State) -> list[Struct]:
            for each in accounts:
                self._refuse_stranger(rows, state, each)
                if each == self._own.account_id:
                    raise UserError("To take yourself out: restante group leave")
            return [g.Remove(account=each) for each in dict.fromkeys(accounts)]

        return await self.write(group_id, acts)

    async def set_role(self, group_id: bytes, account: bytes, role: Role) -> Group:
        """Say what a member may do."""

        def acts(rows: Rows, state: State) -> list[Struct]:
            self._refuse_stranger(rows, state, account)
            if state.role(account) is role:
                return []
            return [g.SetRole(account=account, role=int(role))]

        return await self.write(group_id, acts)

    async def set_fields(
        self, group_id: bytes, fields: dict[Field, tuple[int, str]], *, picture: bytes | None = None
    ) -> Group:
        """Change how the group is called, or kept. UserError: no right to, no name.

        `picture`: its cells; empty takes it away, None leaves it.
        """
        if Field.NAME in fields:
            fields = {**fields, Field.NAME: (0, clean_name(fields[Field.NAME][1]))}
        for _, text in fields.values():
            if len(text) > g.MAX_TEXT_CHARS:
                raise UserError(f"A description has at most {g.MAX_TEXT_CHARS} characters.")

        def acts(_: Rows, state: State) -> list[Struct]:
            said: list[Struct] = [
                g.SetField(field=int(field), number=number, text=text)
                for field, (number, text) in fields.items()
                if state.fields.get(field, (0, "")) != (number, text)
            ]
            if picture is not None and picture != state.picture:
                said.append(g.Picture(cells=picture))
            return said

        return await self.write(group_id, acts)

    async def leave(self, group_id: bytes) -> Group:
        """Leave; an only owner hands the group on to whoever comes next."""

        def work(rows: Rows, changes: Changes) -> bytes:
            ledger, state = self._open(rows, group_id, is_leaving=True)
            acts = leaving_acts(state, self._own.account_id)
            context, own = self._context, self._own
            telling.write_entry(rows, changes, context, own, ledger=ledger, acts=acts)
            # Who was let in by strangers once is asked again, should they do so again.
            put(rows, RecordKind.GROUP_JOINED, group_id, None, now_ms=context.now_ms())
            if state.is_space:
                leave_channels(rows, changes, context, own, group_id)
            return group_id

        return await self.change(work)

    async def accept(self, group_id: bytes) -> Group:
        """Be in a group that somebody whom we don't know has put us into."""

        def work(rows: Rows, changes: Changes) -> bytes:
            row = existing_group(rows, group_id)
            if row.state == ledgers.REQUEST:
                now_ms = self._context.now_ms()
                put(rows, RecordKind.GROUP_JOINED, group_id, b"\x01", now_ms=now_ms)
                said = record(rows, int(RecordKind.GROUP_JOINED), group_id)
                if said is not None:
                    follow_joined(rows, changes, said)
                if self._own.manifest.sequence > 1:  # a device may have been revoked meanwhile
                    name_devices_in(rows, changes, self._context, group_id)
            return group_id

        return await self.change(work)

    async def accept_as_contact(self, group_id: bytes) -> Contact:
        """Accept a group that waits among the requests."""
        return _as_contact(await self.accept(group_id), ContactState.ACCEPTED)

    async def decline(self, group_id: bytes) -> Contact:
        """Leave a group that waits among the requests, or any other."""
        return _as_contact(await self.leave(group_id), ContactState.BLOCKED)

    # ---- inside -------------------------------------------------------------------------------

    async def change(self, work: Callable[[Rows, Changes], bytes]) -> Group:
        """Change something of the group that `work` returns, and return it as it is then."""
        changes = Changes()

        def whole(rows: Rows) -> Group:
            group_id = work(rows, changes)
            mirror(rows, changes, self._context, self._own, group_id)
            return self._shown(rows, group_id)

        shown = await self._context.write(whole)
        await self._announcer.tell(changes)
        return shown

    async def write(
        self,
        group_id: bytes,
        acts_for: Callable[[Rows, State], Sequence[Struct]],
    ) -> Group:
        """Write the acts of `acts_for` into the log, as one entry, if there are any."""

        def work(rows: Rows, changes: Changes) -> bytes:
            ledger, state = self._open(rows, group_id)
            acts = acts_for(rows, state)
            if acts:
                telling.write_entry(
                    rows, changes, self._context, self._own, ledger=ledger, acts=acts
                )
            return group_id

        return await self.change(work)

    def _open(
        self, rows: Rows, group_id: bytes, *, is_leaving: bool = False
    ) -> tuple[Ledger, State]:
        row = existing_group(rows, group_id)
        if row.state == ledgers.LEFT:
            raise UserError(f'You are not in "{row.name}" any more.')
        if row.state == ledgers.REQUEST and not is_leaving:
            raise UserError(f'Accept "{row.name}" first, or leave it.')
        ledger = self._context.shelf.open(rows, group_id)
        return ledger, ledger.log.state()

    def _add(
        self, rows: Rows, changes: Changes, ledger: Ledger, people: Sequence[bytes], role: Role
    ) -> None:
        acts = [g.Add(account=each, role=int(role), link=None) for each in people]
        entries = [acts[at : at + BATCH] for at in range(0, len(acts), BATCH)]
        if entries:
            context, own = self._context, self._own
            telling.write_entries(rows, changes, context, own, ledger=ledger, entries=entries)

    def _invited(self, rows: Rows, account: bytes) -> bytes:
        row = existing(rows, account)
        if is_self(row):
            raise UserError("You are in it by yourself. Name somebody else.")
        if not is_welcome(row):
            raise UserError(f"{display_name(row)} is no contact of yours. Accept them first.")
        return account

    def _refuse_stranger(self, rows: Rows, state: State, account: bytes) -> None:
        if not state.role(account):
            raise UserError(f"{self._name(rows, account)} is not in the group.")

    def _name(self, rows: Rows, account: bytes) -> str:
        row = contact(rows, account)
        return "Somebody whom you don't know" if row is None else display_name(row)

    def _shown(self, rows: Rows, group_id: bytes) -> Group:
        row = existing_group(rows, group_id)
        shows = viewer_of(rows, self._context, self._own, group_id)
        return Group(
            conversation=shown_conversation(rows, shows, group_id),
            members=list(self._members(rows, row)),
            may_post=ROLES[row.may_post],  # type: ignore[arg-type]  # by its number, never 0
            entries=store.count_entries(rows, group_id),
            may_mention_all=ROLES[row.may_mention_all],  # type: ignore[arg-type]  # as above
            changes=_changes(rows, group_id),
            asking=[_asking(rows, each) for each in asking(rows, group_id) if each.due_ms is None],
            picture=preview_of(row.picture),
        )

    def _members(self, rows: Rows, row: GroupRow) -> Iterable[Member]:
        found = []
        for each in store.members(rows, row.group_id):
            is_me = each.account_id == self._own.account_id
            who = contact(rows, each.account_id)
            address = self._own.address.unpinned if is_me else "" if who is None else who.address
            found.append(
                Member(
                    key=conversation_key(each.account_id),
                    name=address if is_me or who is None else display_name(who),
                    address=address,
                    role=ROLES[each.role],  # type: ignore[arg-type]  # by its number, never 0
                    is_me=is_me,
                    trust=Trust.VERIFIED if is_me or who is None else Trust(who.trust),
                    is_contact=who is not None and is_welcome(who),
                )
            )
        order = {name: at for at, name in enumerate(reversed(ROLES))}
        return sorted(found, key=lambda m: (order[m.role], m.name.casefold()))


def _changes(rows: Rows, group_id: bytes) -> list[GroupChange]:
    """Return the notices of the log's last entries."""
    last = (
        message(rows, notice_id(EntryHash(each)))
        for each in store.entry_hashes(rows, group_id)[-SHOWN_CHANGES:]
    )
    return [
        GroupChange(at=rfc3339(each.sent_at_ms), text=each.error)
        for each in last
        if each is not None and each.error
    ]


def _asking(rows: Rows, row: JoinRow) -> AsksToJoin:
    who = contact(rows, row.account_id)
    return AsksToJoin(
        key=conversation_key(row.account_id),
        name="" if who is None else display_name(who),
        address="" if who is None else who.address,
        asked_at=rfc3339(row.asked_ms),
    )


def _as_contact(group: Group, state: ContactState) -> Contact:
    shown = group.conversation
    return Contact(key=shown.key, address="", petname=shown.title, trust=shown.trust, state=state)


def clean_name(name: str) -> str:
    """Return a group's name as it is kept. UserError: empty or too long."""
    clean = " ".join(printable(name, multiline=False).split())
    if not clean or len(clean) > g.MAX_NAME_CHARS:
        raise UserError(f"A group's name has 1 to {g.MAX_NAME_CHARS} characters.")
    return clean
