"""How sure it is that the list of a contact's devices is the newest one (attack 2).

A relay may go on showing an old list, and drop what its owner says of the new one. Two things still
tell: a message under a list that we don't know, and that no device has vouched for the one we know.
Rule: either warns, once, within a time that is documented; neither cuts anybody off, since a relay
could bring both about at will. Inside the caller's transaction. Spec: docs/engine.md, section 14.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.clock import rfc3339
from restante.client.directory import manifest_of
from restante.client.interface import ContactState
from restante.client.notices import file_notice
from restante.client.queueing import local_id
from restante.store.client_account import get_value, set_value
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

LOOK_AGAIN_S: Final = 86_400
"""Before we write to somebody their relay is asked at least so often: devices vouch once a day."""

VOUCHED_FOR_S: Final = 3 * 86_400
"""A list that no device has vouched for in that time may be an old one."""

MAX_EARLIER: Final = 16
"""Lists before the present one that are remembered: what is late was sealed under one of them."""

_HEAD_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A contact's device goes by a list that we don't know: since when, and whether it was told."""

    head: bytes
    since_ms: int
    is_told: bool


def is_look_due(rows: Rows, row: ContactRow, *, now_s: int) -> bool:
    """Whether a contact's relay is to be asked before we write there."""
    if row.state == ContactState.SELF.value:
        return False
    looked_at_s = int.from_bytes(get_value(rows, _looked(row)) or b"", "big")
    return abs(now_s - max(looked_at_s, row.created_at_s)) >= LOOK_AGAIN_S


def note_look(
    rows: Rows, changes: Changes, row: ContactRow, *, vouched_at_s: int, now_ms: int
) -> None:
    """Note that a contact's relay was asked, and when a device had vouched for the list last.

    `vouched_at_s` is 0 if the relay showed nothing newer than what we know.
    """
    now_s = now_ms // 1000
    set_value(rows, _looked(row), now_s.to_bytes(8, "big"))
    before_s = int.from_bytes(get_value(rows, _vouched(row)) or b"", "big")
    at_s = max(before_s, min(vouched_at_s, now_s))
    if at_s != before_s:
        set_value(rows, _vouched(row), at_s.to_bytes(8, "big"))
    if not at_s:  # the relay has never shown a list that we accept: what is kept came otherwise
        at_s = min(max(manifest_of(row).issued_at_s, row.created_at_s), now_s)
    if now_s - at_s > VOUCHED_FOR_S:
        _warn(
            rows,
            changes,
            row,
            f"No device of {row.address} has confirmed the list of their devices since "
            f"{rfc3339(at_s * 1000)[:10]}. They may all be off; or their relay hides a change, "
            "such as a device that was revoked. Write nothing secret before you know.",
            about=b"unvouched" + at_s.to_bytes(8, "big"),
            now_ms=now_ms,
        )


def is_earlier(rows: Rows, row: ContactRow, head: bytes) -> bool:
    """Whether a list is one of those that a contact had before."""
    return head in _split(get_value(rows, _earlier(row)) or b"")


def note_earlier(rows: Rows, row: ContactRow, *heads: bytes) -> None:
    """Note lists that a newer one took the place of."""
    known = _split(get_value(rows, _earlier(row)) or b"")
    fresh = [each for each in heads if each not in known]
    set_value(rows, _earlier(row), b"".join([*known, *fresh][-MAX_EARLIER:]) or None)


def end_doubt(rows: Rows, row: ContactRow) -> None:
    """Note that a newer list is known, or that there is none."""
    set_value(rows, _doubt(row), None)


def note_unknown(
    rows: Rows, changes: Changes, row: ContactRow, head: bytes, *, now_ms: int
) -> None:
    """Note that a contact's device goes by a list that we don't know."""
    before = doubt(rows, row)
    if before is not None and before.head == head:
        return
    since_ms = now_ms if before is None or before.is_told else before.since_ms
    _save(rows, row, Doubt(head=head, since_ms=since_ms, is_told=False))
    changes.are_lists_doubtful = True


def doubt(rows: Rows, row: ContactRow) -> Doubt | None:
    """Return what is doubtful about a contact's list, if anything is."""
    packed = get_value(rows, _doubt(row))
    if packed is None:
        return None
    since_ms = int.from_bytes(packed[_HEAD_BYTES:-1], "big")
    return Doubt(head=packed[:_HEAD_BYTES], since_ms=since_ms, is_told=packed[-1:] == b"\x01")


def tell_of_doubt(
    rows: Rows, changes: Changes, row: ContactRow, known: Doubt, *, now_ms: int
) -> None:
    """Say that a contact's relay doesn't show the list that a device of theirs goes by."""
    _save(rows, row, Doubt(head=known.head, since_ms=known.since_ms, is_told=True))
    _warn(
        rows,
        changes,
        row,
        f"A device of {row.address} says that the list of their devices has changed, and their "
        "relay goes on showing the one from before. It may hide that a device was revoked: write "
        "nothing secret before you know, and ask them in another way.",
        about=b"hidden" + known.head,
        now_ms=now_ms,
    )


def _warn(
    rows: Rows, changes: Changes, row: ContactRow, sentence: str, *, about: bytes, now_ms: int
) -> None:
    entry_id = local_id("notice", row.account_id, about)
    file_notice(rows, changes, row, sentence, entry_id=entry_id, now_ms=now_ms)


def _save(rows: Rows, row: ContactRow, it: Doubt) -> None:
    packed = it.head + it.since_ms.to_bytes(8, "big") + (b"\x01" if it.is_told else b"\x00")
    set_value(rows, _doubt(row), packed)


def _split(packed: bytes) -> list[bytes]:
    return [packed[at : at + _HEAD_BYTES] for at in range(0, len(packed), _HEAD_BYTES)]


def _looked(row: ContactRow) -> str:
    return f"looked-at:{row.account_id.hex()}"


def _vouched(row: ContactRow) -> str:
    return f"vouched-at:{row.account_id.hex()}"


def _earlier(row: ContactRow) -> str:
    return f"earlier-lists:{row.account_id.hex()}"


def _doubt(row: ContactRow) -> str:
    return f"doubt:{row.account_id.hex()}"
