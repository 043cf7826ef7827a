"""An admin's no to somebody who asks to be let in: told to the other admins, and heard from them.

Else whoever was told no would wait for the others for ever. Rule: a no counts from an admin alone,
for who had asked by then; whose it was is said, and it is told to nobody who is in no group any
more. Inside the caller's transaction. Spec: docs/protocol/groups.md, section 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from restante.client.groups.own_devices import declined_key
from restante.client.groups.posting import recipients_of
from restante.client.groups.settling import note_of
from restante.client.queueing import control_content, enqueue_content, local_id
from restante.client.syncing.putting import put
from restante.client.views import display_name
from restante.protocol.content import Kind
from restante.protocol.group import GroupDeclined, Role
from restante.protocol.sync import RecordKind
from restante.store.client_contacts import contact
from restante.store.client_group_invites import drop_join, join
from restante.store.client_groups import group_row, member

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.own_account import OwnAccount
    from restante.crypto.randomness import Randomness
    from restante.store.client_contacts import ContactRow
    from restante.store.client_group_invites import JoinRow
    from restante.store.client_rows import Rows


def tell_no(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    asked: JoinRow,
    *,
    at_ms: int,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Tell the other admins that the user has said no to somebody: else it waits there for ever."""
    body = GroupDeclined(link=asked.link_id, account=asked.account_id, at_ms=at_ms)
    content = control_content(Kind.GROUP_DECLINED, body, now_ms=now_ms, randomness=randomness)
    packed = msgspec.structs.replace(content, conversation=asked.group_id).to_bytes()
    for each in recipients_of(rows, own, asked.group_id):
        there = member(rows, asked.group_id, each.account_id)
        if there is None or there.role < Role.ADMIN:
            continue
        enqueue_content(
            rows,
            changes,
            each,
            packed,
            entry_id=local_id("group-declined", content.id, each.account_id),
            message_id=None,
            now_ms=now_ms,
        )


def take_no(
    rows: Rows,
    changes: Changes,
    who: ContactRow,
    *,
    group_id: bytes,
    said: GroupDeclined,
    now_ms: int,
) -> None:
    """Let another admin's no to somebody count here as well, and say whose it was."""
    group, there = group_row(rows, group_id), member(rows, group_id, who.account_id)
    if group is None or there is None or there.role < Role.ADMIN:
        return
    waiting = join(rows, group_id, said.account)
    if waiting is None or waiting.link_id != said.link or waiting.asked_ms > said.at_ms:
        return
    at_ms = min(said.at_ms, now_ms).to_bytes(8, "big")
    key = declined_key(said.link, said.account)
    put(rows, RecordKind.GROUP_DECLINED, key, at_ms, now_ms=now_ms, is_decision=False)
    drop_join(rows, group_id, said.account)
    asker = contact(rows, said.account)
    name = said.account.hex()[:8] if asker is None else display_name(asker)
    note_of(
        rows,
        changes,
        group,
        f"{display_name(who)} has said no to {name}, who asked to be let in.",
        entry_id=local_id("group-declined", group_id, said.link, said.account, at_ms),
        author=who.account_id,
        rank=None,
        now_ms=now_ms,
    )
    changes.conversations[group_id] = None
