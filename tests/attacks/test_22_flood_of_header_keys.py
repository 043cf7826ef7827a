"""Attack 22: a hostile contact makes a DH step with every message and leaves a gap in every chain,
to fill our memory with header keys and skipped keys.

Held by: skipped keys of five chains are kept, and two thousand of them; the oldest go first.
"""

from __future__ import annotations

from restante.crypto.limits import MAX_SKIPPED, MAX_SKIPPED_CHAINS
from restante.crypto.stored_session import serialise
from tests.crypto.people import a_person, meet, open_message, seal


def test_a_state_stays_bounded_under_endless_steps() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    sizes = []
    for _ in range(4 * MAX_SKIPPED_CHAINS):
        gap = seal(alices, b"never delivered")
        alices = seal(gap.session, b"nor this").session
        sealed = seal(alices, b"delivered")
        bobs = open_message(bobs, sealed.envelope).session
        assert len(bobs.ratchet.skipped) <= MAX_SKIPPED_CHAINS
        sizes.append(len(serialise(bobs)))
        answer = seal(bobs, b"answer")
        bobs, alices = answer.session, open_message(sealed.session, answer.envelope).session
    assert max(sizes[MAX_SKIPPED_CHAINS:]) == sizes[MAX_SKIPPED_CHAINS]


def test_a_state_stays_bounded_under_the_largest_gaps() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    for _ in range(4):
        for _ in range(960):
            alices = seal(alices, b"").session
        sealed = seal(alices, b"delivered")
        bobs = open_message(bobs, sealed.envelope).session
        answer = seal(bobs, b"answer")
        bobs, alices = answer.session, open_message(sealed.session, answer.envelope).session
    assert sum(len(chain.keys) for chain in bobs.ratchet.skipped) == MAX_SKIPPED
    assert len(serialise(bobs)) < 100_000
    assert len(bobs.expected_tags()) < MAX_SKIPPED + 200
