"""A sender key that never came: its owner is asked for it, by the tag of what it would open.

An envelope that nothing opens may be a message of a large group whose key was lost. Whose it is
can't be seen, so those are asked who may be: whoever wrote last in our groups, and some of those
who never did. Only the owner knows the tag for theirs, and gives the chain, as it stands now, to a
member's device alone; what was said before is asked for as any gap is. Rule: asked of few, after a
pause, so often a day; answered once while the answer waits. Inside the caller's transaction.
Spec: docs/protocol/groups.md, section 6.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

import msgspec

from restante.client.acquaintance import is_heard
from restante.client.directory import manifest_of
from restante.client.groups.ledger import JOINED
from restante.client.queueing import control_content, enqueue_content, local_id
from restante.crypto import sender_keys
from restante.protocol.codec import decode
from restante.protocol.content import Kind
from restante.protocol.group import SenderKeyAsk
from restante.store import client_groups as groups
from restante.store import client_sender_keys as store
from restante.store.client_account import get_value, set_value
from restante.store.client_aside import aside_by_tags
from restante.store.client_contacts import contact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restante.client.changes import Changes
    from restante.client.own_account import OwnAccount
    from restante.crypto.randomness import Randomness
    from restante.protocol.content import Content
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

MOST_WRITERS: Final = 4
"""Asked for one envelope: devices whose earlier keys are here, those that wrote last first."""

MOST_SILENT: Final = 4
"""And devices whose keys never came, by chance: another envelope asks others."""

A_DAY: Final = 64
"""Asked in a day, for all envelopes together: anybody may send garbage."""

_DAY_MS: Final = 86_400_000
_ASKED: Final = "sender_keys_asked"


def ask_owner(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    tag: bytes,
    *,
    delay_ms: int,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Ask those for a key who may have sealed what nothing opens here."""
    for group_id, whom, device_id in _candidates(rows, own, tag):
        if not _may_ask(rows, now_ms=now_ms):
            return
        content = control_content(
            Kind.SENDER_KEY_ASK, SenderKeyAsk(tag=tag), now_ms=now_ms, randomness=randomness
        )
        enqueue_content(
            rows,
            changes,
            whom,
            msgspec.structs.replace(content, conversation=group_id).to_bytes(),
            entry_id=local_id("sender-key-ask", tag, device_id),
            message_id=None,
            now_ms=now_ms,
            device_id=device_id,
            delay_ms=delay_ms,
        )


def is_still_lost(rows: Rows, content: Content) -> bool:
    """Whether what is asked for by a queued content hasn't come meanwhile."""
    tag = decode(content.body, SenderKeyAsk).tag
    return store.chain_by_tag(rows, tag) is None and bool(aside_by_tags(rows, [tag]))


def answer(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    who: ContactRow,
    *,
    group_id: bytes,
    device_id: bytes,
    asked: SenderKeyAsk,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Give a member's device our chain once more, if it lacks that one."""
    if groups.member(rows, group_id, who.account_id) is None:
        return
    last = next(iter(store.chains_of(rows, group_id, own.device_id)), None)
    if last is None:
        return
    chain = sender_keys.stored_sender(
        last.secret, id=last.chain, group=group_id, number=last.number
    )
    is_ours = sender_keys.has_sent(chain, asked.tag)
    if not is_ours or chain.number >= sender_keys.MESSAGES:
        return  # the next one comes to all of them by itself
    content = control_content(Kind.SENDER_KEY, chain.shared(), now_ms=now_ms, randomness=randomness)
    enqueue_content(
        rows,
        changes,
        who,
        msgspec.structs.replace(content, conversation=group_id).to_bytes(),
        entry_id=local_id("sender-key-again", last.chain, device_id),
        message_id=None,
        now_ms=now_ms,
        device_id=device_id,
    )
    store.hold(rows, last.chain, [device_id])


def _candidates(
    rows: Rows, own: OwnAccount, tag: bytes
) -> Iterator[tuple[bytes, ContactRow, bytes]]:
    """Yield whom to ask: (group, account, device)."""
    writers = store.last_writers(rows, MOST_WRITERS)
    for each in writers:
        whom = contact(rows, each.account_id)
        is_member = groups.member(rows, each.group_id, each.account_id) is not None
        if whom is not None and is_member and _lists(whom, each.device_id):
            yield each.group_id, whom, each.device_id
    silent: list[tuple[bytes, bytes, ContactRow, bytes]] = []
    for group in groups.groups(rows):
        if group.state != JOINED:
            continue
        heard_of = store.writers(rows, group.group_id)
        for member in groups.members(rows, group.group_id):
            whom = contact(rows, member.account_id)
            if whom is None or whom.manifest is None or member.account_id == own.account_id:
                continue
            if not is_heard(whom):
                continue
            silent += [
                (sha256(tag + each.device_id).digest(), group.group_id, whom, each.device_id)
                for each in manifest_of(whom).devices
                if each.entry.mailbox is not None and each.device_id not in heard_of
            ]
    silent.sort(key=lambda each: each[0])
    for _, group_id, whom, device_id in silent[:MOST_SILENT]:
        yield group_id, whom, device_id


def _lists(whom: ContactRow, device_id: bytes) -> bool:
    return is_heard(whom) and any(
        each.device_id == device_id and each.entry.mailbox is not None
        for each in manifest_of(whom).devices
    )


def _may_ask(rows: Rows, *, now_ms: int) -> bool:
    """Count one more; False if there were enough today."""
    day = now_ms // _DAY_MS
    said = get_value(rows, _ASKED) or b""
    count = int.from_bytes(said[4:], "big") if int.from_bytes(said[:4], "big") == day else 0
    if count >= A_DAY:
        return False
    set_value(rows, _ASKED, day.to_bytes(4, "big") + (count + 1).to_bytes(2, "big"))
    return True
