"""A known address that shows another key: sending pauses or follows, and nothing is lost by it.

    verified contact, or a forked history     paused: the user decides
    unverified contact                        followed, with a notice in both conversations
Rule: a conversation is with one root key. What the old key's owner wrote stays with the old key;
what was not sent yet goes on to the new one once that is decided. The first key that was shown
stays the one that is decided on: else the number that was compared might be another one's. While
it is undecided nobody else takes the contact's place, whatever the relay says of the address.
Inside the caller's transaction. Spec: docs/engine.md, section 16.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec

from restante.client import tracing
from restante.client.acquaintance import is_welcome, new_contact, others_at
from restante.client.interface import ContactState, MessageState, Trust
from restante.client.notices import file_notice
from restante.client.queueing import enqueue_content, local_id, unpark
from restante.crypto.signatures import verify_manifest
from restante.protocol.content import Content
from restante.protocol.ids import AccountId
from restante.protocol.manifest import SignedManifest
from restante.store import client_outbox
from restante.store.client_account import get_value, set_value
from restante.store.client_contacts import contact, upsert_contact
from restante.store.client_files import SENDING, file_of, save_file
from restante.store.client_messages import delete_message, insert_message, message, update_state

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.crypto.signatures import VerifiedManifest
    from restante.store.client_contacts import ContactRow
    from restante.store.client_messages import MessageRow
    from restante.store.client_outbox import OutboxRow
    from restante.store.client_rows import Rows

FOR_THE_NEW_KEY: Final = "for the new key"

UNSENT: Final = frozenset({MessageState.QUEUED.value, MessageState.AWAITING_ACCEPTANCE.value})


def paused_because(row: ContactRow) -> str:
    """Say on a message why it waits, and what to do."""
    return (
        f"Paused: the security key of {row.address} has changed, by a new installation or by "
        f"somebody in between. Compare the new number (restante verify {row.address}), then accept "
        "it (restante contact accept-key) or block them."
    )


def note_changed(
    rows: Rows,
    changes: Changes,
    row: ContactRow,
    shown: VerifiedManifest | None,
    *,
    own_account: AccountId,
    now_ms: int,
) -> ContactRow:
    """Note that a contact's relay shows another account (`shown`), or a fork of theirs (None).

    Returns the contact as it is now: CHANGED, whether it was followed or not.
    """
    may_follow = row.trust == Trust.UNVERIFIED.value and not is_held(rows, row)
    is_ours = row.trust == Trust.VERIFIED.value or is_welcome(row)
    if shown is not None and get_value(rows, _key(row)) is None:
        set_value(rows, _key(row), shown.signed.to_bytes())
    row = replace(row, trust=Trust.CHANGED.value, is_stale=False)
    upsert_contact(rows, row)
    changes.conversations[row.account_id] = None
    goes_on = _shown(rows, row)
    if goes_on is not None and _took_over(goes_on, row):  # decided, on another device of ours
        supersede(rows, changes, goes_on, now_ms=now_ms)
        return contact(rows, row.account_id) or row
    if shown is not None and may_follow and _is_followable(rows, shown, own_account):
        follow(rows, changes, row, shown, trust=Trust.UNVERIFIED, now_ms=now_ms)
        return contact(rows, row.account_id) or row
    if is_ours:
        leave_undecided(rows, row)
    _note(
        rows,
        changes,
        row,
        f"The security key of {row.address} has changed: a new installation, or somebody in "
        "between. Sending is paused until you have compared the new number, or blocked them.",
        about=b"changed" if shown is None else b"changed" + shown.root.raw,
        now_ms=now_ms,
    )
    for entry in client_outbox.by_account(rows, row.account_id):
        pause(rows, changes, entry, row, now_ms=now_ms)
    return row


def note_forked(rows: Rows, changes: Changes, row: ContactRow, *, now_ms: int) -> None:
    """Note that an account has signed two lists of devices where there can only be one."""
    if row.state == ContactState.BLOCKED.value:
        return
    own_account = AccountId(row.account_id)  # nobody else's key is shown, so whose doesn't matter
    note_changed(rows, changes, row, None, own_account=own_account, now_ms=now_ms)


def pause(rows: Rows, changes: Changes, entry: OutboxRow, row: ContactRow, *, now_ms: int) -> None:
    """Let an entry wait for the user's decision about its contact's key."""
    client_outbox.mark(
        rows,
        entry.id,
        state=entry.state,
        attempts=entry.attempts,
        next_attempt_ms=None,
        was_sent=entry.was_sent,
    )
    waiting = None if entry.message_id is None else message(rows, entry.message_id)
    reason = paused_because(row)
    if waiting is not None and waiting.state in UNSENT and waiting.error != reason:
        queued = MessageState.QUEUED.value
        changes.message_changed(update_state(rows, waiting.id, queued, reason))
        tracing.note(rows, waiting.id, tracing.Event.WAITING, now_ms=now_ms, detail=reason)


def proposed(rows: Rows, row: ContactRow) -> VerifiedManifest | None:
    """Return what was shown in a contact's place and is to be decided on, if anything was."""
    packed = get_value(rows, _key(row))
    return None if packed is None else verify_manifest(SignedManifest.from_bytes(packed))


def leave_undecided(rows: Rows, row: ContactRow) -> None:
    """Remember that a contact is paused until the user has decided about its key.

    CHANGED alone doesn't say it: an impostor's request, and whoever was followed, are that, too.
    """
    set_value(rows, _undecided(row), b"\x01")


def is_undecided(rows: Rows, row: ContactRow) -> bool:
    """Whether a contact's key changed, or its list forked, and the user has to decide."""
    if row.trust != Trust.CHANGED.value:
        return False
    if get_value(rows, _undecided(row)) is not None:
        return True
    shown = proposed(rows, row)
    found = None if shown is None else contact(rows, shown.account_id)
    return is_welcome(row) and (found is None or found.trust == Trust.CHANGED.value)


def is_held(rows: Rows, row: ContactRow) -> bool:
    """Whether a contact's address is that of another, whom the user has verified or must decide on.

    Then only a fresh code, a number that was compared or `accept_key` gives it to somebody else.
    """
    return any(
        other.trust == Trust.VERIFIED.value or is_undecided(rows, other)
        for other in others_at(rows, row)
    )


def successor(rows: Rows, row: ContactRow) -> ContactRow | None:
    """Return the contact that goes on in this one's place, if that is decided."""
    return None if get_value(rows, _undecided(row)) is not None else _shown(rows, row)


def _shown(rows: Rows, row: ContactRow) -> ContactRow | None:
    """Return whom a changed contact's relay shows, if that is somebody whom we write to."""
    if row.trust != Trust.CHANGED.value:
        return None
    shown = proposed(rows, row)
    found = None if shown is None else contact(rows, shown.account_id)
    if found is None or found.trust == Trust.CHANGED.value:
        return None
    return None if found.state == ContactState.BLOCKED.value else found


def _took_over(found: ContactRow, row: ContactRow) -> bool:
    """Whether a contact is in another's place by a decision, and not only known from elsewhere."""
    return found.address == row.address and is_welcome(found)


def follow(
    rows: Rows,
    changes: Changes,
    old: ContactRow,
    manifest: VerifiedManifest,
    *,
    trust: Trust,
    now_ms: int,
) -> ContactRow:
    """Go on with another account in the place of `old`: what waits is for it from now on."""
    row = contact(rows, manifest.account_id)
    if row is None:
        row = new_contact(
            manifest,
            state=ContactState.PENDING,
            trust=trust,
            token=None,
            petname=None,
            is_stale=False,
            now_s=now_ms // 1000,
        )
    row = replace(row, trust=trust.value)
    upsert_contact(rows, row)
    return supersede(rows, changes, row, now_ms=now_ms)


def supersede(rows: Rows, changes: Changes, row: ContactRow, *, now_ms: int) -> ContactRow:
    """Put a contact, kept already, in the place of all others that are known under its address."""
    others = [each for each in others_at(rows, row) if each.state != ContactState.SELF.value]
    for old in others:
        if row.petname is None and old.petname is not None:
            petname, old = old.petname, replace(old, petname=None)  # noqa: PLW2901  # what it is now
            upsert_contact(rows, old)
            row = replace(row, petname=petname)
            upsert_contact(rows, row)
        upsert_contact(rows, replace(old, trust=Trust.CHANGED.value, is_stale=False))
        set_value(rows, _key(old), row.manifest)
        set_value(rows, _undecided(old), None)
        for message_id in _unsent(rows, old):
            move_message(rows, changes, message_id, row, now_ms=now_ms)
        for entry in client_outbox.by_account(rows, old.account_id):
            client_outbox.delete(rows, entry.id)
        _note(
            rows,
            changes,
            old,
            f"{row.address} has a new security key. What you write from now on goes to that, and "
            "stands in a conversation of its own.",
            about=b"followed" + row.root_key,
            now_ms=now_ms,
        )
        _note(
            rows,
            changes,
            row,
            f"The security key of {row.address} is a new one. What was said before is in the "
            "conversation with the old key. Compare safety numbers to be sure who this is.",
            about=b"followed" + old.root_key,
            now_ms=now_ms,
        )
    changes.is_outbox_due = True
    return row


def take_over(rows: Rows, changes: Changes, row: ContactRow, *, now_ms: int) -> None:
    """Go on with a contact as another own device does, in whose place it was shown here, too."""
    found = [_shown(rows, each) for each in others_at(rows, row)]
    if is_welcome(row) and any(
        each is not None and each.account_id == row.account_id for each in found
    ):
        supersede(rows, changes, row, now_ms=now_ms)


def resume(rows: Rows, changes: Changes, row: ContactRow, *, now_ms: int) -> None:
    """Send what was paused: the contact's own key was decided to hold."""
    set_value(rows, _key(row), None)
    set_value(rows, _undecided(row), None)
    unpark(rows, changes, row.account_id, now_ms=now_ms)
    changes.conversations[row.account_id] = None


def move_message(
    rows: Rows, changes: Changes, message_id: bytes, row: ContactRow, *, now_ms: int
) -> None:
    """Put a message of ours that wasn't sent in another conversation, and queue it there anew."""
    moving = message(rows, message_id)
    if moving is None:
        return
    for entry in client_outbox.by_message(rows, message_id):
        client_outbox.delete(rows, entry.id)
    # What was sealed for the old key has a counter of that conversation; here it gets another.
    content = msgspec.structs.replace(Content.from_bytes(moving.body), counter=0).to_bytes()
    file = file_of(rows, message_id)
    delete_message(rows, message_id)
    insert_message(
        rows,
        replace(
            moving,
            conversation=row.account_id,
            counter=0,
            body=content,
            state=MessageState.QUEUED.value,
            error=None,
        ),
    )
    tracing.note(rows, message_id, tracing.Event.QUEUED, now_ms=now_ms, detail=FOR_THE_NEW_KEY)
    changes.is_resync = True
    changes.conversations[row.account_id] = None
    changes.conversations[moving.conversation] = None
    if file is not None:  # it stays where it is; its message goes when all of it is there
        save_file(rows, file)
        if file.state == SENDING:
            return
    enqueue_content(
        rows,
        changes,
        row,
        content,
        # Another id: whoever holds the old entry in memory must not find this one under it.
        entry_id=local_id("moved-entry", row.account_id, message_id),
        message_id=message_id,
        now_ms=now_ms,
    )


def moved_elsewhere(rows: Rows, changes: Changes, message_id: bytes, conversation: bytes) -> None:
    """Another device of ours says that a message stands in `conversation`: it was moved there.

    The copy that it told of before, in the conversation with the old key, goes.
    """
    known = message(rows, message_id)
    if known is None or known.conversation == conversation or known.received_at_ms is not None:
        return
    old = contact(rows, known.conversation)
    if old is not None and old.trust == Trust.CHANGED.value:
        delete_message(rows, message_id)
        changes.is_resync = True
        changes.conversations[known.conversation] = None


def _unsent(rows: Rows, row: ContactRow) -> list[bytes]:
    """Return our messages that wait for a contact, in the order in which they were queued."""
    named = [entry.message_id for entry in client_outbox.by_account(rows, row.account_id)]
    waiting: list[MessageRow] = [
        found
        for message_id in dict.fromkeys(named)
        if message_id is not None and (found := message(rows, message_id)) is not None
    ]
    return [each.id for each in waiting if each.state in UNSENT]


def _is_followable(rows: Rows, shown: VerifiedManifest, own_account: AccountId) -> bool:
    known = contact(rows, shown.account_id)
    is_blocked = known is not None and known.state == ContactState.BLOCKED.value
    return shown.account_id != own_account and not is_blocked


def _note(
    rows: Rows, changes: Changes, row: ContactRow, sentence: str, *, about: bytes, now_ms: int
) -> None:
    entry_id = local_id("notice", row.account_id, about)
    file_notice(rows, changes, row, sentence, entry_id=entry_id, now_ms=now_ms)


def _key(row: ContactRow) -> str:
    return f"shown-instead:{row.account_id.hex()}"


def _undecided(row: ContactRow) -> str:
    return f"undecided:{row.account_id.hex()}"
