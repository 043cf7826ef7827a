"""A device in miniature: what a client keeps about its sessions, without network or disk.

It follows the rules that the cryptography leaves to its caller: an index of expected tags, one
session to send on, envelopes that match nothing put aside, erased one-time prekeys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.crypto import envelope, stored_session
from restante.crypto import session as sessions
from restante.errors import CryptoError
from tests.crypto.people import NOW_S, RANDOM, begin, heads, open_hello

if TYPE_CHECKING:
    from restante.crypto.session import Session, SessionId
    from restante.protocol.ids import LookupTag
    from tests.crypto.people import Person


class Endpoint:
    """One device that talks with one other."""

    def __init__(self, person: Person, peer: Person) -> None:
        self.person, self.peer = person, peer
        self.sessions: dict[SessionId, Session] = {}
        self.index: dict[LookupTag, SessionId] = {}
        self.active: SessionId | None = None
        self.contents: list[bytes] = []
        self.sessions_opened = 0
        self.lost_tags: set[bytes] = set()

    def begin(self, *, one_time: bool = False) -> None:
        """Begin a session, by the peer's reusable prekeys if not asked otherwise."""
        session = begin(self.person, self.peer, bundle=self.peer.bundle(one_time=one_time))
        self._keep(session)
        self.active = session.facts.session_id
        self.index.update(dict.fromkeys(session.expected_tags(), session.facts.session_id))

    def send(self, content: bytes) -> bytes:
        """Seal a content on the active session; begin one if there is none."""
        if self.active is None:
            self.begin()
        assert self.active is not None
        sealed = envelope.seal(
            self.sessions[self.active],
            content,
            heads=heads(self.person, self.peer),
            randomness=RANDOM,
        )
        self._keep(sealed.session)
        return sealed.envelope

    def receive(self, received: bytes) -> bool:
        """Open an envelope; return False if it belongs to nothing yet. Raises CryptoError."""
        tag = received[:16]
        session_id = self.index.get(tag)  # type: ignore[call-overload]
        if session_id is not None:
            opened = envelope.open_message(
                self.sessions[session_id], received, randomness=RANDOM, now_s=NOW_S
            )
        elif (
            references := envelope.hello_references(received, self.person.device.device_id)
        ) is not None:
            try:
                _, opened = open_hello(self.person, received)
            except KeyError:
                raise CryptoError("a prekey was used up") from None
            self.person.erase_one_time(references)
            self.sessions_opened += 1
        else:
            return False
        session_id = opened.session.facts.session_id
        for gone in opened.tags.removed:
            assert self.index.pop(gone) == session_id
        self.lost_tags |= opened.tags.removed - {tag}
        for new in opened.tags.added:
            assert new not in self.index
            self.index[new] = session_id
        active = None if self.active is None else self.sessions[self.active]
        settled = sessions.settle(active, opened.session)
        self._keep(settled.opened)
        self.active = settled.sends_on
        self.contents.append(opened.content)
        return True

    def stored(self) -> list[bytes]:
        """Return all that this device would find on its disk, sessions and index."""
        return [
            *(stored_session.serialise(session) for session in self.sessions.values()),
            *self.index,
            self.active or b"",
        ]

    def reload(self) -> None:
        """Forget what is in memory and read it back."""
        self.sessions = {
            key: stored_session.parse(stored_session.serialise(session))
            for key, session in self.sessions.items()
        }

    def _keep(self, session: Session) -> None:
        self.sessions[session.facts.session_id] = session
