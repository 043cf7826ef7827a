"""Delivery tokens given to contacts: one of sixteen buckets each, and a new one after a block.

Rule: blocking rotates the blocked contact's bucket; everybody else in it gets the new token, the
blocked one nothing at all, so that they can't tell. Inside the caller's transaction.
Spec: docs/engine.md, section 7; docs/cryptography.md, section 10.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from restante.client.acquaintance import is_heard
from restante.client.publishing import note_tokens_changed
from restante.client.queueing import control_content, enqueue_content, local_id
from restante.client.syncing.self_contact import follow_tokens
from restante.crypto.tokens import generate_token, pick_bucket
from restante.protocol.content import Kind, TokenGrant
from restante.protocol.ids import Token
from restante.protocol.limits import BUCKET_TOKENS
from restante.store.client_account import (
    TokenRow,
    get_value,
    own_code,
    save_tokens,
    set_value,
    tokens,
)
from restante.store.client_contacts import contacts, upsert_contact

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.crypto.randomness import Randomness
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

AGAIN_AFTER_MS: Final = 600_000
"""What was under way when a token was handed out still comes by the request lane; it is not
answered by another token for so long."""


def token_for(rows: Rows, row: ContactRow, *, randomness: Randomness) -> tuple[ContactRow, Token]:
    """Return the live token of a contact's bucket, which is chosen, and kept, the first time."""
    if row.token_given is None:
        row = replace(row, token_given=_bucket_for(rows, row, randomness=randomness))
        upsert_contact(rows, row)
    live = {each.bucket: each.token for each in tokens(rows) if each.is_live}
    return row, Token(live[row.token_given or 0])


def grant(
    rows: Rows,
    changes: Changes,
    row: ContactRow,
    *,
    randomness: Randomness,
    now_ms: int,
    delay_ms: int = 0,
) -> None:
    """Send a contact the live token of its bucket, after a while if that is asked for."""
    row, token = token_for(rows, row, randomness=randomness)
    content = control_content(
        Kind.TOKEN, TokenGrant(token=token), now_ms=now_ms, randomness=randomness
    )
    enqueue_content(
        rows,
        changes,
        row,
        content.to_bytes(),
        entry_id=local_id("grant", row.account_id, token),
        message_id=None,
        now_ms=now_ms,
        delay_ms=delay_ms,
    )
    set_value(rows, _granted(row), now_ms.to_bytes(8, "big"))


def grant_if_needed(
    rows: Rows, changes: Changes, row: ContactRow, *, randomness: Randomness, now_ms: int
) -> None:
    """Answer a contact who came by the request lane: its token is retired, or it has none."""
    last = get_value(rows, _granted(row))
    if last is not None and abs(now_ms - int.from_bytes(last, "big")) < AGAIN_AFTER_MS:
        return
    grant(rows, changes, row, randomness=randomness, now_ms=now_ms)


def rotate_bucket(
    rows: Rows, changes: Changes, blocked: ContactRow, *, randomness: Randomness, now_ms: int
) -> None:
    """Retire a blocked contact's token, and send the others of its bucket the new one."""
    bucket = blocked.token_given
    if bucket is None:
        return
    retired = [
        replace(each, is_live=False)
        for each in tokens(rows)
        if each.is_live and each.bucket == bucket
    ]
    fresh = TokenRow(bucket=bucket, token=generate_token(randomness), is_live=True)
    save_tokens(rows, [*retired, fresh])
    follow_tokens(rows)
    note_tokens_changed(rows)
    changes.are_tokens_changed = True
    upsert_contact(rows, replace(blocked, token_given=None))
    for row in contacts(rows):
        if row.token_given == bucket and row.account_id != blocked.account_id and is_heard(row):
            grant(rows, changes, row, randomness=randomness, now_ms=now_ms)


def _bucket_for(rows: Rows, row: ContactRow, *, randomness: Randomness) -> int:
    """Choose a contact's bucket, never the contact code's: by chance to everybody but our devices.

    These have to agree without a word. The code's bucket is nobody's, so that no block changes what
    the code leads to: who was blocked could look there, and see that others were told.
    """
    code = own_code(rows)
    if code is None:
        return pick_bucket(randomness)
    step = 1 + local_id("bucket", code.secret, row.account_id)[0] % (BUCKET_TOKENS - 1)
    return (code.bucket + step) % BUCKET_TOKENS


def _granted(row: ContactRow) -> str:
    return f"granted:{row.account_id.hex()}"
