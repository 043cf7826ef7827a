"""How many strangers may wait for an answer, and how much each may leave here.

Each costs the disk up to some 100 KiB, and anybody can make as many accounts as they like. Rule:
what has come within a week, or what the user has looked at, is pushed out by nobody; who finds no
room is dropped like one whose prekeys are used up, and can't tell. Inside the caller's transaction.
Spec: docs/engine.md, section 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.interface import ContactState
from restante.client.syncing.putting import put
from restante.protocol.sync import RecordKind
from restante.store.client_marks import count_marks
from restante.store.client_messages import count
from restante.store.client_requests import (
    count_in_state,
    forget_contact,
    is_unseen,
    oldest_unseen,
    stored_bytes,
)

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

REQUEST_LANE_BYTES: Final = 16_384 + 65_536
"""What a stranger may leave before it is accepted: a hello, and 64 KiB."""

MAX_REQUESTS: Final = 256
"""More than anybody looks through; all of them together are 25 MB at the most."""

KEPT_AT_LEAST_S: Final = 7 * 86_400
"""A request that nobody has looked at gives way to a newer one only after so long."""

MAX_REQUEST_MESSAGES: Final = 64
"""Entries, and changes of entries, that are kept of somebody who waits for accept or block."""

FULL: Final = (
    f"{MAX_REQUESTS} strangers wait for your answer, and others are turned away. Accept or block "
    "some: restante contact ls"
)

_REQUEST: Final = ContactState.REQUEST.value

_SAID: Final = (
    RecordKind.CONTACT,
    RecordKind.PETNAME,
    RecordKind.CONTACT_STATE,
    RecordKind.TRUST,
)
"""Records of a contact, which would outlive it."""


def is_full_of(rows: Rows, row: ContactRow) -> bool:
    """Whether a stranger has left as much as a stranger may, by number or by size."""
    if row.state != _REQUEST:
        return False
    key = row.account_id
    if count(rows, key) + count_marks(rows, key) >= MAX_REQUEST_MESSAGES:
        return True
    return stored_bytes(rows, key) >= REQUEST_LANE_BYTES


def make_room(rows: Rows, changes: Changes, *, now_s: int) -> bool:
    """Make room for one request more; False if there is none, and the user is told so."""
    if count_in_state(rows, _REQUEST) < MAX_REQUESTS:
        return True
    oldest = oldest_unseen(rows, _REQUEST, now_s - KEPT_AT_LEAST_S)
    if oldest is None:
        changes.are_requests_full = True
        return False
    forget_contact(rows, oldest)
    for kind in _SAID:
        put(rows, kind, oldest, None, now_ms=now_s * 1000, is_decision=False)
    changes.is_resync = True
    return True


def forgotten_elsewhere(rows: Rows, changes: Changes, row: ContactRow) -> bool:
    """Forget a request that made room on another own device; False if it is kept here.

    It is when the user has looked at it, or decided.
    """
    if not is_unseen(rows, _REQUEST, row.account_id):
        return False
    forget_contact(rows, row.account_id)
    changes.is_resync = True
    return True
