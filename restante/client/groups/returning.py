"""A new device in the groups that a backup brought: each log names it, and members are asked.

Rule: whoever comes back from a backup is the account's only device. The groups' logs say so, so
that what a lost device writes from now on counts for nobody; and some members are asked for what
was written in the logs since. Keys of large groups are asked for as any that was lost is. Inside
the caller's transaction. Spec: docs/protocol/groups.md, G7 and G9; docs/engine.md, section 22.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from restante.client.acquaintance import is_heard
from restante.client.groups import telling
from restante.client.groups.ledger import JOINED
from restante.client.groups.naming_devices import name_devices_in
from restante.client.groups.settling import settle
from restante.client.syncing.self_contact import is_self
from restante.store import client_groups as store
from restante.store.client_contacts import contact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restante.client.changes import Changes
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

MOST_ASKED: Final = 4
"""Members who are asked for each log, those who may do most first: one that is there answers."""


def come_back(rows: Rows, changes: Changes, context: EngineContext, group_id: bytes) -> None:
    """Say in a group that the account has one new device, and ask what was written since."""
    row = store.group_row(rows, group_id)
    if row is None or row.state != JOINED:
        return
    # Asked first: by the heads that the others know.
    for whom in islice(_heard(rows, group_id), MOST_ASKED):
        telling.ask(
            rows,
            changes,
            group_id,
            whom,
            device_id=None,
            randomness=context.randomness,
            now_ms=context.now_ms(),
        )
    name_devices_in(rows, changes, context, group_id)


def follow_up(
    rows: Rows, changes: Changes, context: EngineContext, group_id: bytes, *, own: OwnAccount
) -> None:
    """Let what a backup added to a group's log count on a device that was in use before."""
    ledger = context.shelf.open(rows, group_id)
    if len(ledger.log):
        settle(rows, changes, own, ledger, (), now_ms=context.now_ms())


def _heard(rows: Rows, group_id: bytes) -> Iterator[ContactRow]:
    """Yield the other members to whom we write, as far as it is known where they are."""
    for member in store.members(rows, group_id):
        whom = contact(rows, member.account_id)
        if whom is not None and whom.manifest is not None and is_heard(whom) and not is_self(whom):
            yield whom
