"""Which session a device is written to on, and how opened and sealed ones are kept.

The session to send on is the one with the latest `last_used_ms`; the rule that decides which that
is stands in `crypto.session.settle`. Rule: always inside the transaction that keeps what the
session yielded. Spec: docs/engine.md, section 5; docs/cryptography.md, section 8.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from restante.crypto.session import Session, settle
from restante.crypto.stored_session import parse, serialise
from restante.errors import CryptoError
from restante.store.client_sessions import (
    SessionRow,
    delete_session,
    save_session,
    session_by_tag,
    sessions_of,
    sessions_with,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from restante.crypto.envelope import Opened
    from restante.protocol.ids import DeviceId, LookupTag
    from restante.store.client_rows import Rows

ENDED_MS: Final = 0
"""When a session that the user has ended was used: it opens what is late, and sends nothing."""

MAX_SESSIONS: Final = 6
"""Sessions kept with one device: the live one, a rival, and a few that late messages may use. A
peer that begins one after another pushes its own old ones out."""

PATIENCE: Final = 4
"""Messages on a session of theirs after which one of ours that crossed it, and that they never
answered, is given up: they may have been unable to open its hello. Both then meet on theirs."""


def expecting(rows: Rows, tag: LookupTag) -> Session | None:
    """Return the session that expects a message with this tag. Raises CryptoError if damaged."""
    row = session_by_tag(rows, tag)
    return None if row is None else parse(row.state)


def sending_session(rows: Rows, device: DeviceId) -> Session | None:
    """Return the session to send to a device on. Raises CryptoError if it is damaged."""
    row = _latest(sessions_of(rows, device))
    return None if row is None else parse(row.state)


def keep_sealed(rows: Rows, session: Session, *, now_ms: int, is_new: bool) -> None:
    """Keep a session after it sealed a message; a new one with all the tags it expects."""
    others = sessions_of(rows, session.facts.peer_device)
    tags = session.expected_tags() if is_new else ()
    save_session(rows, _row(session, _later(others, session, now_ms)), tags_added=tags)
    _forget_oldest(rows, session.facts.peer_device, keep=session)


def keep_opened(rows: Rows, opened: Opened, *, now_ms: int) -> None:
    """Keep a session after it opened a message, and settle on which one to send from now."""
    after = opened.session
    kept = sessions_of(rows, after.facts.peer_device)
    if any(_is(row, after) and row.last_used_ms == ENDED_MS for row in kept):
        save_session(
            rows,
            _row(after, ENDED_MS),
            tags_added=opened.tags.added,
            tags_removed=opened.tags.removed,
        )
        return
    latest = _latest(kept)
    active = None
    if latest is not None:
        active = after if _is(latest, after) else parse(latest.state)
    settled = settle(active, after)
    sends_on = settled.sends_on
    if active is not None and not active.is_confirmed and _received(after) > PATIENCE:
        sends_on = after.facts.session_id
    if sends_on == after.facts.session_id:
        last_used_ms = _later(kept, after, now_ms)
    else:
        # The other one stays the latest, whatever the clock says.
        below = now_ms if latest is None else min(now_ms, latest.last_used_ms - 1)
        last_used_ms = next((r.last_used_ms for r in kept if _is(r, after)), below)
    save_session(
        rows,
        _row(settled.opened, last_used_ms),
        tags_added=opened.tags.added,
        tags_removed=opened.tags.removed,
    )
    _forget_oldest(rows, after.facts.peer_device, keep=after)


def end_unlisted(rows: Rows, account_id: bytes, listed: Collection[DeviceId]) -> None:
    """End the sessions with devices of an account that its accepted manifest does not list.

    Nothing is sealed to such a device again, and nothing that it sends opens.
    """
    for row in sessions_with(rows, account_id):
        if row.device_id not in listed:
            delete_session(rows, row.session_id)


def begin_anew(rows: Rows, account_id: bytes) -> None:
    """Send on none of the sessions with an account's devices any more; late messages still open.

    Only ever by the user's own word (attack 23). One that is damaged goes altogether.
    """
    for row in sessions_with(rows, account_id):
        try:
            parse(row.state)
        except CryptoError:
            delete_session(rows, row.session_id)
        else:
            save_session(rows, replace(row, last_used_ms=ENDED_MS))


def _received(session: Session) -> int:
    """Return how many messages of its present chain a session has received or skipped."""
    receiving = session.ratchet.receiving
    return 0 if receiving is None else receiving.number


def _latest(rows: list[SessionRow]) -> SessionRow | None:
    live = [row for row in rows if row.last_used_ms != ENDED_MS]
    return max(live, key=lambda row: row.last_used_ms, default=None)


def _later(kept: list[SessionRow], session: Session, now_ms: int) -> int:
    """Return a time past that of every other session, and past now if the clock allows."""
    return max([now_ms, *(row.last_used_ms + 1 for row in kept if not _is(row, session))])


def _forget_oldest(rows: Rows, device: DeviceId, *, keep: Session) -> None:
    kept = sessions_of(rows, device)
    oldest_first = sorted(kept, key=lambda row: row.last_used_ms)
    for row in oldest_first[: max(len(kept) - MAX_SESSIONS, 0)]:
        if not _is(row, keep):
            delete_session(rows, row.session_id)


def _is(row: SessionRow, session: Session) -> bool:
    return row.session_id == session.facts.session_id


def _row(session: Session, last_used_ms: int) -> SessionRow:
    facts = session.facts
    return SessionRow(
        session_id=facts.session_id,
        account_id=facts.peer_account,
        device_id=facts.peer_device,
        state=serialise(session),
        is_confirmed=session.is_confirmed,
        initiated_by_us=facts.initiated_by_us,
        last_used_ms=last_used_ms,
    )
