"""Two devices under every order of sending, loss, disorder, replay, forgery and reload.

Whatever happens, a content is opened at most once and unchanged, a forgery changes nothing, the tag
index is the one that the sessions expect, and what was not lost arrives in the end.
"""

from __future__ import annotations

import contextlib

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from restante.crypto.limits import MAX_SKIPPED_CHAINS
from restante.errors import CryptoError
from tests.crypto.endpoint import Endpoint
from tests.crypto.people import a_person

SIDES = st.integers(min_value=0, max_value=1)
PICKS = st.integers(min_value=0, max_value=1_000_000)


class Conversation(RuleBasedStateMachine):
    """The network between two endpoints is two lists of envelopes under way."""

    def __init__(self) -> None:
        super().__init__()
        alice, bob = a_person("alice"), a_person("bob")
        self.ends = [Endpoint(alice, bob), Endpoint(bob, alice)]
        self.under_way: list[list[tuple[bytes, bytes]]] = [[], []]
        self.opened: list[list[bytes]] = [[], []]
        self.lost: set[bytes] = set()
        self.sent = 0

    @rule(side=SIDES, more=st.integers(min_value=1, max_value=3))
    def send(self, side: int, more: int) -> None:
        for _ in range(more):
            content = b"%d from %d" % (self.sent, side)
            self.sent += 1
            self.under_way[1 - side].append((self.ends[side].send(content), content))

    @rule(side=SIDES)
    def begin_anew(self, side: int) -> None:
        if len(self.ends[side].sessions) < 3:
            self.ends[side].begin()

    @precondition(lambda self: any(self.under_way))
    @rule(side=SIDES, pick=PICKS, in_order=st.booleans())
    def deliver(self, side: int, pick: int, in_order: bool) -> None:
        queue = self.under_way[side] or self.under_way[1 - side]
        side = side if self.under_way[side] else 1 - side
        envelope, content = queue.pop(0 if in_order else pick % len(queue))
        self._deliver(side, envelope, content)

    @precondition(lambda self: any(self.under_way))
    @rule(side=SIDES, pick=PICKS)
    def lose(self, side: int, pick: int) -> None:
        queue = self.under_way[side]
        if queue:
            self.lost.add(queue.pop(pick % len(queue))[1])

    @rule(side=SIDES, pick=PICKS)
    def replay(self, side: int, pick: int) -> None:
        if self.opened[side]:
            self._refused(side, self.opened[side][pick % len(self.opened[side])])

    @rule(side=SIDES)
    def reflect(self, side: int) -> None:
        if self.under_way[side]:
            self._refused(1 - side, self.under_way[side][-1][0])

    @rule(side=SIDES, pick=PICKS, at=PICKS, bit=st.integers(min_value=0, max_value=7))
    def forge(self, side: int, pick: int, at: int, bit: int) -> None:
        if self.under_way[side]:
            forged = bytearray(self.under_way[side][pick % len(self.under_way[side])][0])
            forged[at % len(forged)] ^= 1 << bit
            self._refused(side, bytes(forged))

    @rule(side=SIDES)
    def reload(self, side: int) -> None:
        before = self.ends[side].stored()
        self.ends[side].reload()
        assert self.ends[side].stored() == before

    @invariant()
    def the_index_is_what_the_sessions_expect(self) -> None:
        for end in self.ends:
            expected = {
                tag: session.facts.session_id
                for session in end.sessions.values()
                for tag in session.expected_tags()
            }
            assert end.index == expected

    @invariant()
    def nothing_is_opened_twice(self) -> None:
        for end in self.ends:
            assert len(set(end.contents)) == len(end.contents)

    def teardown(self) -> None:
        for side in (0, 1):
            for envelope, content in self.under_way[side]:
                self._deliver(side, envelope, content)

    def _deliver(self, side: int, envelope: bytes, content: bytes) -> None:
        end = self.ends[side]
        try:
            found = end.receive(envelope)
        except CryptoError:
            found = False
        if found:
            assert end.contents[-1] == content
            self.opened[side].append(envelope)
            return
        # Only what a session had to forget, having seen five newer chains, may stay closed.
        chains = [len(session.ratchet.skipped) for session in end.sessions.values()]
        assert max(chains) == MAX_SKIPPED_CHAINS, "an envelope that was not lost did not open"

    def _refused(self, side: int, envelope: bytes) -> None:
        before = self.ends[side].stored()
        contents = len(self.ends[side].contents)
        with contextlib.suppress(CryptoError):
            assert not self.ends[side].receive(envelope)
        assert self.ends[side].stored() == before
        assert len(self.ends[side].contents) == contents


TestConversation = Conversation.TestCase
