"""Telling others of a new manifest: contacts, and one's own other devices (attack 2).

Rule: by the account's own word, sealed, not by the relay's: a relay that goes on showing the older
manifest hides nothing from anybody it still delivers to. Blocked contacts and strangers hear
nothing. Inside the caller's transaction. Spec: docs/engine.md, section 14.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.acquaintance import is_heard
from restante.client.backoff import unit_interval
from restante.client.queueing import control_content, enqueue_content, local_id
from restante.client.syncing.self_contact import is_self
from restante.protocol.content import Kind, NewManifest
from restante.store.client_account import get_value, set_value
from restante.store.client_contacts import contacts
from restante.store.client_sessions import accounts_with_sessions

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.crypto.randomness import Randomness
    from restante.crypto.signatures import VerifiedManifest
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows


REMIND_AGAIN_MS: Final = 3_600_000


def announce(
    rows: Rows,
    changes: Changes,
    manifest: VerifiedManifest,
    *,
    jitter_s: float,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Queue the manifest for everybody who writes to us; contacts within `jitter_s`, each alone."""
    talked_to = accounts_with_sessions(rows)
    for row in contacts(rows):
        if not is_self(row) and not (is_heard(row) and row.account_id in talked_to):
            continue  # nobody hears from us for the first time by this
        jitter_ms = 0 if is_self(row) else int(unit_interval(randomness.random(7)) * jitter_s * 1e3)
        tell(
            rows,
            changes,
            row,
            manifest,
            delay_ms=jitter_ms,
            randomness=randomness,
            now_ms=now_ms,
        )


def remind(
    rows: Rows,
    changes: Changes,
    row: ContactRow,
    newest: VerifiedManifest,
    *,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Tell a contact again: what it writes shows that it goes by an older manifest of ours.

    Once in REMIND_AGAIN_MS, for as long as that is so: a relay may have dropped the one before.
    """
    key = f"told:{row.account_id.hex()}"
    last = get_value(rows, key) or b""
    told_ms = int.from_bytes(last[len(newest.head) :], "big")
    if last.startswith(newest.head) and abs(now_ms - told_ms) < REMIND_AGAIN_MS:
        return
    set_value(rows, key, newest.head + now_ms.to_bytes(8, "big"))
    tell(rows, changes, row, newest, delay_ms=0, randomness=randomness, now_ms=now_ms)


def tell(
    rows: Rows,
    changes: Changes,
    row: ContactRow,
    manifest: VerifiedManifest,
    *,
    delay_ms: int = 0,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Queue the manifest for one contact, or for one's own other devices."""
    content = control_content(
        Kind.MANIFEST,
        NewManifest(manifest=manifest.signed.to_bytes()),
        now_ms=now_ms,
        randomness=randomness,
    )
    enqueue_content(
        rows,
        changes,
        row,
        content.to_bytes(),
        entry_id=local_id("manifest", row.account_id, manifest.head),
        message_id=None,
        now_ms=now_ms,
        delay_ms=delay_ms,
    )
