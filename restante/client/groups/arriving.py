"""What comes of a group: its log, what is said in it, and what somebody lacks of either.

Rule: a content counts only from a member, under entries that are here; one of an epoch that isn't
known waits, within bounds, and its writer's device is asked for the log. What is not from a member
leaves no trace (attack 41). Inside the caller's transaction. Spec: docs/protocol/groups.md, 4, 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client import gap_requests, gaps, tracing
from restante.client.acquaintance import is_heard, is_welcome
from restante.client.grammar.filing import file_content
from restante.client.grammar.signals import hear_in_group
from restante.client.groups import admitting, chains, declining, joining, lost_keys, telling
from restante.client.groups import ledger as ledgers
from restante.client.groups.knowing import is_answered, is_with_us, know_members
from restante.client.groups.packing import parts_of
from restante.client.groups.posting import least_role, says_receipts
from restante.client.groups.settling import settle
from restante.client.groups.standing import was_asked, was_joined
from restante.client.groups.strangers import room_for_named
from restante.client.history import parse_content
from restante.client.interface import MessageState
from restante.client.requests import MAX_REQUEST_MESSAGES
from restante.client.syncing.self_contact import is_self
from restante.errors import RemoteProtocolError
from restante.protocol.codec import decode, encode
from restante.protocol.content import (
    CHANGES,
    LAST_HISTORY_KIND,
    Content,
    Kind,
    ReceiptState,
    ResendExpired,
    ResendRequest,
)
from restante.protocol.group import (
    Add,
    GroupAsk,
    GroupContent,
    GroupDeclined,
    GroupJoin,
    GroupLog,
    GroupRefused,
    SenderKey,
    SenderKeyAsk,
)
from restante.protocol.group_rights import MAX_MEMBERS
from restante.store import client_groups as store
from restante.store.client_contacts import contact
from restante.store.client_conversations import count_from
from restante.store.client_groups import WaitingRow
from restante.store.client_inbox import queue_receipt
from restante.store.client_messages import count, message
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from restante.client.changes import Changes
    from restante.client.groups.ledger import Ledger, Shelf
    from restante.client.own_account import OwnAccount
    from restante.crypto.randomness import Randomness
    from restante.store.client_contacts import ContactRow
    from restante.store.client_groups import GroupRow
    from restante.store.client_rows import Rows

MAX_WAITING: Final = 256
"""Contents of one account that wait for entries; more of them are asked for again later."""

MAX_ALL_WAITING: Final = 1024
"""Of all strangers together, who can make accounts: 64 MiB at the most."""

WAITS_MS: Final = 14 * 86_400_000

GROUP_KINDS: Final = frozenset(
    {
        Kind.GROUP_CONTENT,
        Kind.GROUP_LOG,
        Kind.GROUP_ASK,
        Kind.SENDER_KEY,
        Kind.SENDER_KEY_ASK,
        Kind.GROUP_DECLINED,
    }
)
JOINING_KINDS: Final = frozenset({Kind.GROUP_JOIN, Kind.GROUP_REFUSED})


def is_of_group(content: Content) -> bool:
    """Whether a content, from whoever it may be, is a group's and nobody's own."""
    return content.kind in GROUP_KINDS | JOINING_KINDS or (
        content.kind in {Kind.RESEND_REQUEST, Kind.RESEND_EXPIRED, Kind.TYPING}
        and store.is_group(content.conversation)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Whose device something came from."""

    who: ContactRow
    device_id: bytes
    arrived_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupReader:
    """Reads what came of groups, at one moment."""

    own: OwnAccount
    randomness: Randomness
    resend_grace_ms: int
    join_step_ms: int
    shelf: Shelf
    now_ms: int

    def read(
        self,
        rows: Rows,
        changes: Changes,
        content: Content,
        *,
        source: Source,
    ) -> None:
        """Do what a content asks for. Raises RemoteProtocolError if it is malformed."""
        if content.kind in JOINING_KINDS:
            self._read_joining(rows, changes, content, source)
            return
        if not store.is_group(content.conversation):
            raise RemoteProtocolError("a content of no group")
        match content.kind:
            case Kind.GROUP_LOG:
                self._take_log(rows, changes, source, content)
            case Kind.TYPING:
                hear_in_group(rows, changes, source.who, content)
            case Kind.GROUP_ASK:
                self._answer_ask(rows, changes, source, content)
            case Kind.GROUP_CONTENT:
                body = decode(content.body, GroupContent)
                self._take_content(rows, changes, source, body, group_id=content.conversation)
            case Kind.SENDER_KEY:
                chains.take(
                    rows,
                    changes,
                    content.conversation,
                    source.who,
                    device_id=source.device_id,
                    key=decode(content.body, SenderKey),
                    now_ms=self.now_ms,
                )
            case Kind.SENDER_KEY_ASK if is_heard(source.who):
                lost_keys.answer(
                    rows,
                    changes,
                    self.own,
                    source.who,
                    group_id=content.conversation,
                    device_id=source.device_id,
                    asked=decode(content.body, SenderKeyAsk),
                    randomness=self.randomness,
                    now_ms=self.now_ms,
                )
            case Kind.GROUP_DECLINED:
                declining.take_no(
                    rows,
                    changes,
                    source.who,
                    group_id=content.conversation,
                    said=decode(content.body, GroupDeclined),
                    now_ms=self.now_ms,
                )
            case Kind.RESEND_REQUEST:
                self._send_again(rows, changes, source, content)
            case Kind.RESEND_EXPIRED:
                gaps.close(
                    rows,
                    changes,
                    source.who,
                    source.device_id,
                    decode(content.body, ResendExpired).counters,
                    conversation=content.conversation,
                    now_ms=self.now_ms,
                )

    def _read_joining(self, rows: Rows, changes: Changes, content: Content, source: Source) -> None:
        """Read what came of an invite link: it names no group, for its holder knows of none."""
        if content.conversation:
            raise RemoteProtocolError("an invite link of a known group")
        if content.kind == Kind.GROUP_REFUSED:
            refused = decode(content.body, GroupRefused)
            joining.take_refusal(rows, changes, self.own, source.who, refused, now_ms=self.now_ms)
        else:
            admitting.hear(
                rows,
                changes,
                self.own,
                source.who,
                decode(content.body, GroupJoin),
                device_id=source.device_id,
                shelf=self.shelf,
                step_ms=self.join_step_ms,
                sent_at_ms=content.sent_at_ms,
                randomness=self.randomness,
                now_ms=self.now_ms,
            )

    # ---- the log ------------------------------------------------------------------------------

    def _take_log(self, rows: Rows, changes: Changes, source: Source, content: Content) -> None:
        who = source.who
        body = decode(content.body, GroupLog)
        ledger = self.shelf.open(rows, content.conversation)
        is_free = (
            is_welcome(who)
            or was_asked(rows, who.account_id)
            or was_joined(rows, self.own.account_id, ledger.group_id)
        )
        if not is_free and not ledgers.may_be_kept(rows, ledger, body):
            return
        taken = ledgers.take_entries(rows, ledger, body.entries, body.manifests)
        if len(ledger.log):
            state = ledger.log.state()
            tokens = {each.account: each.token for each in body.tokens}
            know_members(
                rows,
                self.own,
                state,
                body.manifests,
                tokens,
                most=MAX_MEMBERS if is_free else room_for_named(rows),
                now_s=self.now_ms // 1000,
            )
        if taken.nodes:
            settle(rows, changes, self.own, ledger, taken.nodes, now_ms=self.now_ms)
            self._read_waiting(rows, changes, ledger.group_id)
        if taken.is_lacking and self._is_asked(rows, who, ledger.group_id):
            self._ask(rows, changes, ledger.group_id, source)

    def _answer_ask(self, rows: Rows, changes: Changes, source: Source, content: Content) -> None:
        who = source.who
        group_id = content.conversation
        asked = decode(content.body, GroupAsk)
        ledger = self.shelf.open(rows, group_id)
        people: Iterable[bytes] = ()
        if is_self(who) or is_with_us(rows, who, group_id):
            lacking = ledger.log.after(asked.heads)
            people = _people(ledger, lacking) if asked.heads else ledger.log.state().members
        else:
            # What is said in a group, and who is in it, is for members alone. Whoever was one hears
            # how that ended, as they did then: they may have come back from a backup of before.
            ended = ledgers.removals(rows, ledger, who.account_id)
            lacking = ledger.log.after(asked.heads, up_to=ended)
        if not lacking:
            return
        telling.tell(
            rows,
            changes,
            group_id,
            who,
            parts_of(rows, self.own, ledger, hashes=lacking, people=people),
            device_id=source.device_id,
            randomness=self.randomness,
            now_ms=self.now_ms,
        )

    def _is_asked(self, rows: Rows, who: ContactRow, group_id: bytes) -> bool:
        """Whether somebody is asked for a log: also who was asked to let us in."""
        return is_answered(rows, who, group_id) or was_asked(rows, who.account_id)

    def _ask(self, rows: Rows, changes: Changes, group_id: bytes, source: Source) -> None:
        telling.ask(
            rows,
            changes,
            group_id,
            source.who,
            device_id=source.device_id,
            randomness=self.randomness,
            now_ms=self.now_ms,
        )

    # ---- what is said -------------------------------------------------------------------------

    def _take_content(
        self,
        rows: Rows,
        changes: Changes,
        source: Source,
        body: GroupContent,
        *,
        group_id: bytes,
    ) -> None:
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
        if self._is_asked(rows, who, group_id):
            self._ask(rows, changes, group_id, source)

    def _read_waiting(self, rows: Rows, changes: Changes, group_id: bytes) -> None:
        """Read once more what waited for entries that are here now; the rest waits on."""
        for row in store.take_waiting(rows, group_id):
            who = contact(rows, row.account_id)
            if who is None:
                continue
            body = decode(row.packed, GroupContent)
            source = Source(who=who, device_id=row.device_id, arrived_ms=row.arrived_ms)
            self._take_content(rows, changes, source, body, group_id=group_id)

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

    def _send_again(self, rows: Rows, changes: Changes, source: Source, content: Content) -> None:
        """Send a member again what they missed; nothing from before they came."""
        who, device_id = source.who, source.device_id
        group = store.group_row(rows, content.conversation)
        member = store.member(rows, content.conversation, who.account_id)
        if member is None or group is None or group.state not in {ledgers.JOINED, ledgers.LEFT}:
            return
        request = decode(content.body, ResendRequest)
        counters = [each for each in request.counters if each > member.since_counter]
        if counters:
            gap_requests.answer(
                rows,
                changes,
                self.own,
                who,
                device_id,
                request=ResendRequest(counters=counters),
                conversation=content.conversation,
                randomness=self.randomness,
                now_ms=self.now_ms,
            )


def _people(ledger: Ledger, hashes: Iterable[bytes]) -> list[bytes]:
    """Return whom some entries let in."""
    acts = (each for entry in hashes for each in ledger.nodes[entry].acts)
    return [each.account for each in acts if isinstance(each, Add)]


def _may_say(content: Content, role: int, group: GroupRow) -> bool:
    """Whether a member may write that."""
    if content.kind == Kind.SETTING:
        return False  # how a group is kept stands in its log
    return role >= least_role(content.kind, group)
