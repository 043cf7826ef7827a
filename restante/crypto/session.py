"""A session: one ratchet between two devices, and what is known about it.

Rule: frozen; sealing and opening return a new one. It knows device and account ids, no names.
Several sessions with one device can live at a time (both sides began at once, or the peer began
anew); `settle` says on which one to send. Spec: docs/cryptography.md, sections 6 and 8.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NewType

from restante.crypto import ratchet as ratchets
from restante.crypto.tags import expected_numbers, newly_expected, tag
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.crypto.keys import HeaderKey
    from restante.crypto.ratchet import Ratchet
    from restante.protocol.ids import AccountId, DeviceId, LookupTag

SessionId = NewType("SessionId", bytes)
"""16 bytes, equal on both sides, derived from the whole handshake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """What is settled by the handshake and never changes."""

    session_id: SessionId
    own_device: DeviceId
    peer_account: AccountId
    peer_device: DeviceId
    initiated_by_us: bool
    hello_tag: LookupTag
    """The tag that every hello of this session bears."""
    hello_hash: bytes
    """SHA-256 of the hello part, which the initiator repeats to the letter."""
    created_at_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session's whole state: secret, to be stored in one transaction with what it yields."""

    facts: SessionFacts
    ratchet: Ratchet
    hello: bytes | None
    """What the initiator puts before its messages until the peer has answered."""
    rival: SessionId | None
    """Our own unanswered session that crossed this one, which the peer began."""

    @property
    def is_confirmed(self) -> bool:
        """The peer has proven that it has the session too: it answered, or it began it."""
        return self.hello is None

    def expected_tags(self) -> frozenset[LookupTag]:
        """Return every tag under which a message of this session may arrive (about 160)."""
        return frozenset(
            (
                *_hello_tags(self),
                *_skipped_tags(self.ratchet),
                *(
                    tag(key, number)
                    for key, first in _windows(self.ratchet)
                    for number in expected_numbers(first)
                ),
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TagChanges:
    """How the expected tags of one session changed, so that an index can follow."""

    added: frozenset[LookupTag]
    removed: frozenset[LookupTag]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The opened session, to be stored, and the id of the one to send on from now."""

    opened: Session
    sends_on: SessionId


def forget_expired(session: Session, *, now_s: int) -> Session:
    """Return the session without keys of messages missing for 30 days; itself if there are none."""
    kept = ratchets.forget_expired(session.ratchet, now_s=now_s)
    return session if kept is session.ratchet else replace(session, ratchet=kept)


def tag_changes(before: Session, after: Session) -> TagChanges:
    """Return how the expected tags differ between two states of one session.

    Only what differs is computed: two tags at most for a message in order.
    """
    old, new = before.ratchet, after.ratchet
    if (
        old.receiving is not None
        and new.receiving is not None
        and new.receiving.header_key is old.receiving.header_key
        and new.receiving.number == old.receiving.number + 1
        and new.skipped is old.skipped
    ):
        key, first = new.receiving.header_key, new.receiving.number
        return TagChanges(
            added=frozenset(tag(key, number) for number in newly_expected(first)),
            removed=frozenset((tag(key, first - 1),)),
        )
    old_windows, new_windows = _windows(old), _windows(new)
    removed = set(_difference(old_windows, new_windows))
    added = set(_difference(new_windows, old_windows))
    if old.skipped is not new.skipped:
        removed |= _skipped_tags(old)
        added |= _skipped_tags(new)
    return TagChanges(added=frozenset(added - removed), removed=frozenset(removed - added))


def settle(active: Session | None, opened: Session) -> Settled:
    """Decide on which of two sessions with one device to send, after a message came on `opened`.

    `active` is the one that we sent on so far. The session that the peer used last wins, for the
    peer may have lost the other, or never have got our hello. But when both sides began at once
    and each has answered the other, both take the session with the smaller id, or each would
    follow the other for ever.
    """
    if active is None or active.facts.session_id == opened.facts.session_id:
        return Settled(opened=opened, sends_on=opened.facts.session_id)
    crossed = (
        active.facts.initiated_by_us
        and not active.is_confirmed
        and not opened.facts.initiated_by_us
        and opened.rival is None
    )
    if crossed:
        opened = replace(opened, rival=active.facts.session_id)
    ours, theirs = active.facts.session_id, opened.facts.session_id
    are_rivals = opened.rival == ours or active.rival == theirs
    if are_rivals and active.is_confirmed:
        return Settled(opened=opened, sends_on=min(ours, theirs))
    return Settled(opened=opened, sends_on=theirs)


def _hello_tags(session: Session) -> tuple[LookupTag, ...]:
    # Expected for as long as the session lives: a replayed hello is then known for what it is.
    return () if session.facts.initiated_by_us else (session.facts.hello_tag,)


def _skipped_tags(ratchet: Ratchet) -> set[LookupTag]:
    return {name for chain in ratchet.skipped for name in chain.keys}


def _windows(ratchet: Ratchet) -> list[tuple[HeaderKey, int]]:
    windows = [(ratchet.next_receiving_header_key, 0)]
    if ratchet.receiving is not None:
        windows.append((ratchet.receiving.header_key, ratchet.receiving.number))
    return windows


def _difference(
    windows: list[tuple[HeaderKey, int]], others: list[tuple[HeaderKey, int]]
) -> list[LookupTag]:
    """Return the tags of `windows` that `others` doesn't hold."""
    tags = []
    for key, first in windows:
        for other_key, other_first in others:
            if other_key == key:
                if other_first == first:
                    break
                held = set(expected_numbers(other_first))
                numbers = [number for number in expected_numbers(first) if number not in held]
                tags += [tag(key, number) for number in numbers]
                break
        else:
            tags += [tag(key, number) for number in expected_numbers(first)]
    return tags
