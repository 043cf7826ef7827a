"""The sessions with other devices, and by which lookup tags each is found.

Rule: a session's state and its tags change in one call, so that no tag ever leads to a state that
doesn't know it. The state is opaque and secret. Knows no ratchet. Spec: docs/client-store.md,
section 4; docs/protocol/envelope.md for the tags.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One session with one device: its serialised state, and what is asked of it without opening
    that."""

    session_id: bytes
    account_id: bytes
    device_id: bytes
    state: bytes = field(repr=False)
    is_confirmed: bool
    initiated_by_us: bool
    last_used_ms: int


_SESSION = Shape(SessionRow)
_SAVE = Statement("sessions.SAVE")
_ADD_TAG = Statement("sessions.ADD_TAG")
_REMOVE_TAG = Statement("sessions.REMOVE_TAG")
_BY_TAG = Statement("sessions.BY_TAG")
_BY_ID = Statement("sessions.BY_ID")
_OF_DEVICE = Statement("sessions.OF_DEVICE")
_ACCOUNTS = Statement("sessions.ACCOUNTS")
_OF_ACCOUNT = Statement("sessions.OF_ACCOUNT")
_DELETE = Statement("sessions.DELETE")
_TAGS_OF = Statement("sessions.TAGS_OF")


def save_session(
    rows: Rows,
    row: SessionRow,
    tags_added: Iterable[bytes] = (),
    tags_removed: Iterable[bytes] = (),
) -> None:
    """Keep a session's new state; take away and then add tags (16 B each) that lead to it."""
    rows.run(_SAVE, **_SESSION.write(row))
    here = row.session_id
    rows.run_many(_REMOVE_TAG, ({"tag": tag, "session_id": here} for tag in tags_removed))
    rows.run_many(_ADD_TAG, ({"tag": tag, "session_id": here} for tag in tags_added))


def session_by_tag(rows: Rows, tag: bytes) -> SessionRow | None:
    """Return the session that expects this lookup tag."""
    found = rows.first(_BY_TAG, tag=tag)
    return None if found is None else _SESSION.read(found)


def session(rows: Rows, session_id: bytes) -> SessionRow | None:
    """Return a session by its id, 16 B."""
    found = rows.first(_BY_ID, session_id=session_id)
    return None if found is None else _SESSION.read(found)


def sessions_of(rows: Rows, device_id: bytes) -> list[SessionRow]:
    """Return all sessions with a device, the smallest id first."""
    return [_SESSION.read(row) for row in rows.all(_OF_DEVICE, device_id=device_id)]


def sessions_with(rows: Rows, account_id: bytes) -> list[SessionRow]:
    """Return all sessions with devices of an account, the smallest id first."""
    return [_SESSION.read(row) for row in rows.all(_OF_ACCOUNT, account_id=account_id)]


def accounts_with_sessions(rows: Rows) -> set[bytes]:
    """Return the accounts that there is any session with."""
    return {account_id for (account_id,) in rows.all(_ACCOUNTS)}


def tags_of(rows: Rows, session_id: bytes) -> set[bytes]:
    """Return the tags that lead to a session."""
    return {tag for (tag,) in rows.all(_TAGS_OF, session_id=session_id)}


def delete_session(rows: Rows, session_id: bytes) -> None:
    """Erase a session, its state and its tags."""
    rows.run(_DELETE, session_id=session_id)
