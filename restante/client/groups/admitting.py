"""Who comes by an invite link: heard, let in when it is this device's turn, or told no.

    a live link            in, by the first device that the link names; the others wait their turn
    one with approval,     the user is asked, on every admin's device
    or of who was removed
    no live link any more  told so, and nothing is kept
    a secret of no link    nothing at all, and nobody is remembered (attack 41)
Rule: only who may let people in answers, and the log decides in the end: two that answer at once
let one person in once. What waits is bounded. Inside the caller's transaction, but for `Admitting`.
Spec: docs/protocol/groups.md, section 7.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

from restante.client.alarm import Alarm
from restante.client.changes import Changes
from restante.client.groups import ledger as ledgers
from restante.client.groups import telling
from restante.client.groups.mirroring import mirror
from restante.client.groups.own_devices import declined_at, was_declined
from restante.client.groups.packing import parts_of
from restante.client.groups.settling import note_of
from restante.client.history import parse_content
from restante.client.queueing import control_content, enqueue_content, local_id
from restante.client.syncing.self_contact import self_contact
from restante.client.views import display_name
from restante.errors import RemoteProtocolError, UserError
from restante.protocol import group as g
from restante.protocol.codec import decode
from restante.protocol.content import Kind
from restante.protocol.group import GroupJoin, GroupRefused, Refusal, Role
from restante.protocol.group_invite import invite_id
from restante.protocol.group_rights import MAX_MEMBERS
from restante.store import client_group_invites as store
from restante.store.client_contacts import contact
from restante.store.client_group_invites import JoinRow
from restante.store.client_groups import group_row, member

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.groups.ledger import Shelf
    from restante.client.own_account import OwnAccount
    from restante.crypto.randomness import Randomness
    from restante.protocol.group_state import State
    from restante.store.client_contacts import ContactRow
    from restante.store.client_group_invites import LinkRow
    from restante.store.client_groups import GroupRow
    from restante.store.client_rows import Rows

JOIN_STEP_MS: Final = 3_000

DEVICES: Final = 4
"""Turns that each account of a link has; a fifth device answers with the fourth."""

MAX_WAITING: Final = 256
"""People who wait to be let into one group; more are turned away without a trace."""

BATCH: Final = 32
PAUSE_MS: Final = 1_000
"""Between two entries that let people in: a link on a website costs an entry a second at most."""


def is_worth_hearing(rows: Rows, packed: bytes) -> bool:
    """Whether a stranger's first content asks for what could be: else they aren't remembered."""
    content = parse_content(packed)
    if content is None or content.kind != Kind.GROUP_JOIN:
        return True
    try:
        secret = decode(content.body, GroupJoin).secret
    except RemoteProtocolError:
        return False
    return any(
        store.count_joins(rows, link.group_id) < MAX_WAITING for link, _ in _ours(rows, secret)
    )


def hear(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    who: ContactRow,
    asked: GroupJoin,
    *,
    device_id: bytes,
    shelf: Shelf,
    step_ms: int,
    sent_at_ms: int,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Do what somebody's asking to be let in, at `sent_at_ms`, asks for."""
    for link, group in _ours(rows, asked.secret):
        ledger = shelf.open(rows, group.group_id)
        state = ledger.log.state()
        if state.role(who.account_id):
            hashes, people = list(ledger.nodes), list(state.members)
            parts = parts_of(rows, own, ledger, hashes=hashes, people=people)
            telling.tell(
                rows,
                changes,
                group.group_id,
                who,
                parts,
                device_id=device_id,
                randomness=randomness,
                now_ms=now_ms,
            )
            continue
        refusal = refusal_of(state, link.link_id, who.account_id, now_ms=now_ms)
        if refusal is not None:
            refuse(rows, changes, who, link.link_id, refusal, randomness=randomness, now_ms=now_ms)
            continue
        if store.count_joins(rows, group.group_id) >= MAX_WAITING:
            continue
        if was_declined(rows, link.link_id, who.account_id, asked_ms=sent_at_ms):
            continue
        is_asked = link.needs_approval or ledgers.was_removed(ledger, who.account_id)
        row = JoinRow(
            group_id=group.group_id,
            account_id=who.account_id,
            link_id=link.link_id,
            asked_ms=min(sent_at_ms, now_ms),
            due_ms=None if is_asked else now_ms + _turn(own, asked.place) * step_ms,
        )
        store.put_join(rows, row)
        changes.are_joins_due = True
        if is_asked:
            refused = declined_at(rows, link.link_id, who.account_id)
            _ask_user(rows, changes, group, who, refused or b"", now_ms=now_ms)


def _ours(rows: Rows, secret: bytes) -> Iterator[tuple[LinkRow, GroupRow]]:
    """Yield the links of a secret in groups that this account may let people into.

    Of several of one id all but one are copied from its group's log, by somebody who doesn't know
    the secret: who made it knows which, and answers; nobody else does (attack 41).
    """
    found = []
    for link in store.links_of_id(rows, invite_id(secret)):
        group = group_row(rows, link.group_id)
        is_ours = group is not None and group.state == ledgers.JOINED
        if group is not None and is_ours and group.own_role >= Role.ADMIN:
            found.append((link, group))
    own = self_contact(rows)
    made = [each for each in found if own is not None and each[0].maker == own.account_id]
    yield from made or (found if len(found) == 1 else [])


def _turn(own: OwnAccount, place: int) -> int:
    """Return which turn is this device's: by the link's accounts, then by the list of devices."""
    listed = [each.device_id for each in own.manifest.devices if each.entry.mailbox is not None]
    at = listed.index(own.device_id) if own.device_id in listed else DEVICES
    return min(place, 3) * DEVICES + min(at, DEVICES - 1)


def refusal_of(state: State, link_id: bytes, account: bytes, *, now_ms: int) -> Refusal | None:
    """Say why somebody isn't let in by a link now; None if they are."""
    if len(state.members) >= MAX_MEMBERS:
        return Refusal.FULL
    return state.refusal(link_id, account, at_ms=now_ms)


def refuse(
    rows: Rows,
    changes: Changes,
    who: ContactRow,
    link_id: bytes,
    why: Refusal,
    *,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Tell somebody who has the link's secret that it lets them in no more."""
    body = GroupRefused(link=link_id, why=int(why))
    content = control_content(Kind.GROUP_REFUSED, body, now_ms=now_ms, randomness=randomness)
    enqueue_content(
        rows,
        changes,
        who,
        content.to_bytes(),
        entry_id=local_id("group-refused", link_id, who.account_id),
        message_id=None,
        now_ms=now_ms,
    )


def _ask_user(
    rows: Rows, changes: Changes, group: GroupRow, who: ContactRow, refused: bytes, *, now_ms: int
) -> None:
    """Ask once, and once more whenever they ask again after a no (`refused`: when that was)."""
    name = display_name(who)
    note_of(
        rows,
        changes,
        group,
        f"{name} has an invite and asks to be let in. To do so: restante group admit "
        f'"{group.name}" {who.address}',
        entry_id=local_id("group-join", group.group_id, who.account_id, refused),
        author=who.account_id,
        rank=None,
        now_ms=now_ms,
    )


class Admitting:
    """Lets people in whose turn has come; `run` for ever."""

    def __init__(self, context: EngineContext, own: OwnAccount, announcer: Announcer) -> None:
        self._context = context
        self._own = own
        self._announcer = announcer
        self._alarm = Alarm(context)
        announcer.also_tell(self._look_in)

    async def run(self) -> None:
        """Let in whoever is due, whenever somebody is; for ever."""
        await self._alarm.run(self._admit_due)

    def _look_in(self, changes: Changes) -> None:
        if changes.are_joins_due:
            self._alarm.set_anew()

    async def _admit_due(self) -> int | None:
        changes, now_ms = Changes(), self._context.now_ms()

        def work(rows: Rows) -> int | None:
            due = store.due_joins(rows, now_ms, 4 * BATCH)
            for _, waiting in groupby(sorted(due, key=_by_group), key=_by_group):
                admit(rows, changes, self._context, self._own, list(waiting)[:BATCH])
            return store.next_join_ms(rows)

        next_ms = await self._context.write(work)
        await self._announcer.tell(changes)
        return None if next_ms is None else max(next_ms, now_ms + PAUSE_MS)


def _by_group(row: JoinRow) -> bytes:
    return row.group_id


def admit(
    rows: Rows,
    changes: Changes,
    context: EngineContext,
    own: OwnAccount,
    waiting: Sequence[JoinRow],
) -> None:
    """Let people into their group by one entry, or refuse those whose link has ended meanwhile.

    Whom the user has let in (`due_ms` is none) comes by the link while it lasts, else without.
    """
    if not waiting:
        return
    group_id = waiting[0].group_id
    ledger, now_ms = context.shelf.open(rows, group_id), context.now_ms()
    state = ledger.log.state()
    acts: list[g.Add] = []
    for each in waiting:
        store.drop_join(rows, group_id, each.account_id)
        who = contact(rows, each.account_id)
        if who is None or state.role(each.account_id):
            continue
        why = refusal_of(state, each.link_id, each.account_id, now_ms=now_ms)
        if why is not None and (each.due_ms is not None or why is Refusal.FULL):
            refuse(
                rows,
                changes,
                who,
                each.link_id,
                why,
                randomness=context.randomness,
                now_ms=now_ms,
            )
            continue
        link = None if why is not None else each.link_id
        acts.append(g.Add(account=each.account_id, role=int(Role.MEMBER), link=link))
        if link is not None:  # so that the next one finds its use taken
            taken = state.used.get(link, frozenset()) | {each.account_id}
            state = replace(state, used={**state.used, link: taken})
    if not acts:
        return
    telling.write_entry(rows, changes, context, own, ledger=ledger, acts=acts)
    mirror(rows, changes, context, own, group_id)


def waiting_for(rows: Rows, group_id: bytes, accounts: Sequence[bytes]) -> list[JoinRow]:
    """Return who of these waits to be let in, as let in by the user. UserError if one doesn't."""
    found = []
    for each in dict.fromkeys(accounts):
        row = store.join(rows, group_id, each)
        if row is None:
            if member(rows, group_id, each) is not None:
                raise UserError("They are in the group already.")
            raise UserError("They don't ask to be let in. See: restante group show")
        found.append(replace(row, due_ms=None))
    return found
