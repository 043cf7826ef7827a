"""What comes of a group: its log, what is said in it, and what somebody lacks of either.

Rule: what is not from a member leaves no trace (attack 41), and nobody else is told what a group
says or who is in it. Inside the caller's transaction. Spec: docs/protocol/groups.md, 4, 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client import gap_requests, gaps
from restante.client.acquaintance import is_heard, is_welcome
from restante.client.grammar.signals import hear_in_group
from restante.client.groups import admitting, chains, declining, joining, lost_keys, telling
from restante.client.groups import ledger as ledgers
from restante.client.groups.knowing import is_with_us, know_members
from restante.client.groups.packing import parts_of
from restante.client.groups.said import SaidReader, Source
from restante.client.groups.settling import settle
from restante.client.groups.standing import was_asked, was_joined
from restante.client.groups.strangers import room_for_named
from restante.client.syncing.self_contact import is_self
from restante.errors import RemoteProtocolError
from restante.protocol.codec import decode
from restante.protocol.content import Content, Kind, ResendExpired, ResendRequest
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
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from restante.client.changes import Changes
    from restante.client.groups.ledger import Ledger, Shelf
    from restante.client.own_account import OwnAccount
    from restante.crypto.randomness import Randomness
    from restante.store.client_rows import Rows

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
class GroupReader:
    """Reads what came of groups, at one moment."""

    own: OwnAccount
    randomness: Randomness
    resend_grace_ms: int
    join_step_ms: int
    shelf: Shelf
    now_ms: int

    @property
    def _said(self) -> SaidReader:
        return SaidReader(
            randomness=self.randomness,
            resend_grace_ms=self.resend_grace_ms,
            now_ms=self.now_ms,
        )

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
                self._said.take(rows, changes, source, body, group_id=content.conversation)
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
        if not is_free and not ledgers.may_be_kept(rows, ledger, body, now_ms=self.now_ms):
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
            self._said.take_waiting(rows, changes, ledger.group_id)
        if taken.is_lacking:
            self._said.ask_for_log(rows, changes, source, group_id=ledger.group_id)

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
