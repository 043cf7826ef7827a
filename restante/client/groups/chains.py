"""Sender keys as this device uses them: its own chain of each large group, and those it was given.

Rule: a chain goes only to devices of members, and another one is begun when a device that has it is
none of theirs any more, after 100 messages and after a week; so who was removed has no key for the
next message (attack 42). Inside the caller's transaction. Spec: docs/protocol/groups.md, section 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from typing import TYPE_CHECKING, Final

import msgspec

from restante.client.acquaintance import is_heard, is_welcome
from restante.client.directory import manifest_of
from restante.client.groups.knowing import is_with_us
from restante.client.groups.posting import recipients_of
from restante.client.groups.standing import was_asked
from restante.client.queueing import control_content, enqueue_content, local_id
from restante.crypto import sender_keys
from restante.errors import CryptoError
from restante.protocol.content import Kind
from restante.store import client_sender_keys as store
from restante.store.client_contacts import contact
from restante.store.client_sender_keys import ChainRow
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.own_account import OwnAccount
    from restante.crypto.randomness import Randomness
    from restante.protocol.group import SenderKey
    from restante.protocol.ids import DeviceId
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

LIVES_MS: Final = 7 * 86_400_000

MAX_UNKNOWN: Final = 16
"""Chains of one account past which none is kept but for groups that we are in, and it is, too."""

MAX_OF_STRANGER: Final = 1
"""The same, of somebody who only asks so far: a group that they put us into may begin with it."""


MAX_STRAY: Final = 1024
"""Of all strangers together: 128 tags each, and anybody makes as many accounts as they like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A device of a member, and how it is reached."""

    account: ContactRow
    device_id: DeviceId
    mailbox: bytes
    relay: str


def recipients(rows: Rows, own: OwnAccount, group_id: bytes) -> list[Recipient]:
    """Return the devices of a group's other members."""
    return devices_of(recipients_of(rows, own, group_id))


def devices_of(people: Iterable[ContactRow]) -> list[Recipient]:
    """Return the devices of some accounts, as far as they have a mailbox."""
    found = []
    for row in people:
        manifest = manifest_of(row)
        found += [
            Recipient(
                account=row,
                device_id=each.device_id,
                mailbox=each.entry.mailbox,
                relay=str(manifest.address.relay),
            )
            for each in manifest.devices
            if each.entry.mailbox is not None
        ]
    return found


def held_by(rows: Rows, own: OwnAccount, group_id: bytes, people: Set[bytes]) -> set[bytes]:
    """Return the devices of some accounts that have the chain on which this device writes now."""
    last = next(iter(store.chains_of(rows, group_id, own.device_id)), None)
    if last is None or not people:
        return set()
    held = store.holders(rows, last.chain)
    found = [row for row in (contact(rows, each) for each in people) if row is not None]
    return held & {
        each.device_id for each in devices_of(each for each in found if each.manifest is not None)
    }


def seal(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    group_id: bytes,
    content: bytes,
    *,
    readers: Sequence[Recipient],
    may_have: Set[bytes],
    randomness: Randomness,
    now_ms: int,
) -> bytes:
    """Seal a content for these devices, which get the key first if they lack it.

    `may_have`: devices that may have the key of what is said now; if another one has it, it is
    replaced.
    """
    row = _current(rows, own, group_id, may_have, randomness=randomness, now_ms=now_ms)
    own_chain = sender_keys.stored_sender(
        row.secret, id=row.chain, group=group_id, number=row.number
    )
    have = store.holders(rows, row.chain)
    lacking = [each for each in readers if each.device_id not in have]
    body = own_chain.shared()
    for each in lacking:
        key = control_content(Kind.SENDER_KEY, body, now_ms=now_ms, randomness=randomness)
        enqueue_content(
            rows,
            changes,
            each.account,
            msgspec.structs.replace(key, conversation=group_id).to_bytes(),
            entry_id=local_id("sender-key", row.chain, each.device_id),
            message_id=None,
            now_ms=now_ms,
            device_id=each.device_id,
        )
    store.hold(rows, row.chain, [each.device_id for each in lacking])
    following, envelope = sender_keys.seal(own_chain, content, randomness=randomness)
    _keep_own(rows, own, following, made_at_ms=row.made_at_ms)
    return envelope


def _current(
    rows: Rows,
    own: OwnAccount,
    group_id: bytes,
    may_have: Set[bytes],
    *,
    randomness: Randomness,
    now_ms: int,
) -> ChainRow:
    """Return the chain to write on: the last one, unless somebody who has it must not read on."""
    last = next(iter(store.chains_of(rows, group_id, own.device_id)), None)
    if last is not None:
        is_old = abs(now_ms - last.made_at_ms) >= LIVES_MS or last.number >= sender_keys.MESSAGES
        gone = store.holders(rows, last.chain) - may_have
        if not is_old and not gone:
            return last
        store.drop_chain(rows, last.chain)
    chain = sender_keys.begin(randomness, group_id, own.device_id)
    return _keep_own(rows, own, chain, made_at_ms=now_ms)


def _keep_own(
    rows: Rows, own: OwnAccount, chain: sender_keys.SenderChain, *, made_at_ms: int
) -> ChainRow:
    row = ChainRow(
        chain=chain.id,
        group_id=chain.group,
        account_id=own.account_id,
        device_id=own.device_id,
        is_own=True,
        number=chain.number,
        made_at_ms=made_at_ms,
        secret=chain.pack(),
    )
    store.put_chain(rows, row)
    return row


def take(
    rows: Rows,
    changes: Changes,
    group_id: bytes,
    who: ContactRow,
    *,
    device_id: bytes,
    key: SenderKey,
    now_ms: int,
) -> None:
    """Keep the chain that a device has given us; one that is here stays as it stands."""
    chain = sender_keys.accept(key, group_id, device_id)
    if store.chain(rows, chain.id) is not None:
        return
    is_known = is_with_us(rows, who, group_id) and is_heard(who)
    is_asked = is_welcome(who) or was_asked(rows, who.account_id)
    most = MAX_UNKNOWN if is_heard(who) else MAX_OF_STRANGER
    if not is_known and store.count_chains(rows, who.account_id) >= most:
        return  # of groups that may not even be
    if not is_known and not is_asked and store.count_stray_chains(rows) >= MAX_STRAY:
        return
    row = ChainRow(
        chain=chain.id,
        group_id=group_id,
        account_id=who.account_id,
        device_id=device_id,
        is_own=False,
        number=chain.number,
        made_at_ms=now_ms,
        secret=chain.pack(),
    )
    expected = chain.expected()
    store.put_chain(rows, row, {bytes(each): number for each, number in expected.items()})
    changes.expected |= expected.keys()


def opened(
    rows: Rows, row: ChainRow, number: int, envelope: bytes
) -> tuple[sender_keys.ReaderChain, bytes] | None:
    """Open a message and keep nothing: the chain after it, and its content; None if it isn't its
    owner's.

    Nor if the device that owns it is none of its account's any more: what it says is nobody's.
    """
    who = contact(rows, row.account_id)
    if who is None or row.is_own or who.manifest is None:
        return None
    if all(each.device_id != row.device_id for each in manifest_of(who).devices):
        return None
    chain = sender_keys.stored_reader(
        row.secret, id=row.chain, group=row.group_id, number=row.number
    )
    try:
        return sender_keys.open_message(chain, number, envelope)
    except CryptoError:
        return None


def open_message(rows: Rows, row: ChainRow, number: int, envelope: bytes) -> bytes | None:
    """Open a message and keep what is left of its chain; None as `opened`."""
    found = opened(rows, row, number, envelope)
    if found is None:
        return None
    following, content = found
    kept = ChainRow(
        chain=row.chain,
        group_id=row.group_id,
        account_id=row.account_id,
        device_id=row.device_id,
        is_own=False,
        number=following.number,
        made_at_ms=row.made_at_ms,
        secret=following.pack(),
    )
    store.put_chain(rows, kept)
    store.use_tag(rows, envelope[:16])
    return content
