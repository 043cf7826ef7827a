"""Idempotency keys: who sends again under the same key is told what became of the first.

A key is one conversation's: the same one for another recipient names another message.
Rule: key, digest and message commit in one transaction; the key itself is never kept, only its
hash. Spec: docs/cli.md, section "send".
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from restante.errors import UserError
from restante.protocol.ids import labelled, length_prefixed
from restante.store.client_sending import (
    SendingKeyRow,
    add_sending_key,
    forget_sending_keys,
    sending_key,
)

if TYPE_CHECKING:
    from restante.store.client_rows import Rows

KEPT_MS: Final = 90 * 86_400_000
"""How long a key is known: longer than a retry that anybody still waits for."""

MAX_KEY_CHARS: Final = 256
SENT_AND_GONE: Final = (
    "A message was sent under this idempotency key and is no more here: deleted, or disappeared. "
    "It is not sent again."
)


def keyed(
    rows: Rows,
    key: str,
    *,
    account_id: bytes,
    text: str,
    quoted: bytes | None,
    fresh: bytes,
    now_ms: int,
) -> tuple[bytes, bool]:
    """Return the id of the message that a key names, and whether it was used before.

    An unused key names the message `fresh`, 16 B, from now on. UserError: the key is no good, or
    was used for something else.
    """
    if not key or len(key) > MAX_KEY_CHARS:
        raise UserError(f"An idempotency key has 1 to {MAX_KEY_CHARS} characters.")
    said = key.encode("utf-8", "surrogatepass")
    key_hash = sha256(labelled("sending-key", account_id, said)).digest()
    packed = length_prefixed(text.encode("utf-8", "surrogatepass"))
    digest = sha256(labelled("sent", packed, quoted or b"")).digest()
    forget_sending_keys(rows, before_ms=now_ms - KEPT_MS)
    used = sending_key(rows, key_hash)
    if used is None:
        row = SendingKeyRow(hash=key_hash, message_id=fresh, digest=digest, used_at_ms=now_ms)
        add_sending_key(rows, row)
        return fresh, False
    if used.digest != digest:
        raise UserError(
            "This idempotency key was used for another message. Nothing was sent; take a new key."
        )
    return used.message_id, True
