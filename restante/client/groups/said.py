"""What is said in a group: filed if its writer may say it, and waiting while its epoch isn't known.

Rule: a content counts only from a member, under entries that are here; one of an epoch that isn't
known waits, within bounds, and its writer's device is asked for the log. Inside the caller's
transaction. Spec: docs/protocol/groups.md, 4, 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client import gaps, tracing
from restante.client.acquaintance import is_welcome
from restante.client.grammar.filing import file_content
from restante.client.groups import ledger as ledgers
from restante.client.groups import telling
from restante.client.groups.knowing import is_answered
from restante.client.groups.posting import least_role, says_receipts
from restante.client.groups.standing import was_asked
from restante.client.history import parse_content
from restante.client.interface import MessageState
from restante.client.requests import MAX_REQUEST_MESSAGES
from restante.protocol.codec import decode, encode
from restante.protocol.content import CHANGES, LAST_HISTORY_KIND, Content, Kind, ReceiptState
from restante.protocol.group import GroupContent
from restante.store import client_groups as store
from restante.store.client_contacts import contact
from restante.store.client_conversations import count_from
from restante.store.client_groups import WaitingRow
from restante.store.client_inbox import queue_receipt
from restante.store.client_messages import count, message
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.crypto.randomness import Randomness
    from restante.store.client_contacts import ContactRow
    from restante.store.client_groups import GroupRow
    from restante.store.client_rows import Rows

MAX_WAITING: Final = 256
"""Contents of one account that wait for entries; more of them are asked for again later."""

MAX_ALL_WAITING: Final = 1024
"""Of all strangers together, who can make accounts: 64 MiB at the most."""

WAITS_MS: Final = 14 * 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Whose device something came from."""

    who: ContactRow
    device_id: bytes
    arrived_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidReader:
    """Takes what is said in groups, at one moment."""

    randomness: Randomness
    resend_grace_ms: int
    now_ms: int

    def take(
        self,
        rows: Rows,
        changes: Changes,
        source: Source,
        body: GroupContent,
        *,
        group_id: bytes,
    ) -> None:
        """File a content under its entries; wait with it, and ask, where some aren't here."""
        group = store.group_row(rows, group_id)
        if group is None or not all(store.has_entry(rows, group_id, each) for each in body.heads):
            self._wait(rows, changes, source, body, group_id=group_id)
            return
        content = parse_content(body.content)
        if (
            content is None
            or content.kind > LAST_HISTORY_KIND
            or content.conversation != group_id
            or group.state not in {ledgers.JOINED, ledgers.REQUEST}
        ):
            return
        self._file(rows, changes, source, content, group=group, packed=body.content)

    def _wait(
        self,
        rows: Rows,
        changes: Changes,
        source: Source,
        body: GroupContent,
        *,
        group_id: bytes,
    ) -> None:
        who = source.who
        store.forget_waiting(rows, self.now_ms - WAITS_MS)
        if store.count_waiting(rows, who.account_id) >= MAX_WAITING:
            return
        if not is_welcome(who) and store.count_all_waiting(rows) >= MAX_ALL_WAITING:
            return
        row = WaitingRow(
            group_id=group_id,
            account_id=who.account_id,
            device_id=source.device_id,
            arrived_ms=source.arrived_ms,
            packed=encode(body),
        )
        store.wait_for_group(rows, row)
        self.ask_for_log(rows, changes, source, group_id=group_id)

    def take_waiting(self, rows: Rows, changes: Changes, group_id: bytes) -> None:
        """Read once more what waited for entries that are here now; the rest waits on."""
        for row in store.take_waiting(rows, group_id):
            who = contact(rows, row.account_id)
            if who is None:
                continue
            body = decode(row.packed, GroupContent)
            source = Source(who=who, device_id=row.device_id, arrived_ms=row.arrived_ms)
            self.take(rows, changes, source, body, group_id=group_id)

    def _file(
        self,
        rows: Rows,
        changes: Changes,
        source: Source,
        content: Content,
        *,
        group: GroupRow,
        packed: bytes,
    ) -> None:
        who, device_id = source.who, source.device_id
        group_id = group.group_id
        member = store.member(rows, group_id, who.account_id)
        if member is None:
            return  # of nobody who is in it (attack 42): not even a gap
        is_joined = group.state == ledgers.JOINED
        if not is_joined and count(rows, group_id) >= MAX_REQUEST_MESSAGES:
            return
        count_from(rows, group_id, device_id, content.counter)
        is_new = True
        if _may_say(content, member.role, group):
            is_new = file_content(
                rows,
                changes,
                content,
                conversation=group_id,
                author=who.account_id,
                device_id=device_id,
                packed=packed,
                is_own=False,
                state=MessageState.DELIVERED,
                feed_type="message" if is_joined else "request",
                now_ms=self.now_ms,
            )
        if is_new and content.kind not in CHANGES:
            tracing.note_opened(
                rows, content.id, device_id, arrived_ms=source.arrived_ms, now_ms=self.now_ms
            )
        if is_new:
            gaps.note_arrival(
                rows,
                changes,
                who,
                device_id,
                content,
                conversation=group_id,
                may_ask=is_joined,
                resend_grace_ms=self.resend_grace_ms,
                randomness=self.randomness,
                now_ms=self.now_ms,
            )
        filed = message(rows, content.id)
        if filed is None or filed.author != who.account_id:
            return
        if says_receipts(rows, group_id):
            queue_receipt(rows, who.account_id, content.id, int(ReceiptState.DELIVERED))
            changes.are_receipts_owed = True

    def ask_for_log(self, rows: Rows, changes: Changes, source: Source, *, group_id: bytes) -> None:
        """Ask a device for entries that are missing here, if its account may know of them.

        So may who was asked to let us in.
        """
        who = source.who
        if is_answered(rows, who, group_id) or was_asked(rows, who.account_id):
            telling.ask(
                rows,
                changes,
                group_id,
                who,
                device_id=source.device_id,
                randomness=self.randomness,
                now_ms=self.now_ms,
            )


def _may_say(content: Content, role: int, group: GroupRow) -> bool:
    """Whether a member may write that."""
    if content.kind == Kind.SETTING:
        return False  # how a group is kept stands in its log
    return role >= least_role(content.kind, group)
