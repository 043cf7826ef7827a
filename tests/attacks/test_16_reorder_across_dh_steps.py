"""Attack 16: the relay holds messages back until both sides have made DH steps past them.

Held by: the keys of what a chain left behind are kept, under that chain's header key, when the
next one begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.errors import CryptoError
from tests.crypto.people import a_person, meet, open_message, seal

if TYPE_CHECKING:
    import random


def test_messages_of_four_chains_open_in_any_order_and_once(seeded_random: random.Random) -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    held: list[tuple[bytes, bytes]] = []
    for turn in range(4):
        for number in range(3):
            content = b"%d of chain %d" % (number, turn)
            sealed = seal(alices, content)
            alices = sealed.session
            held.append((sealed.envelope, content))
        probe = seal(alices, b"through")  # one message of each chain goes through
        bobs = open_message(bobs, probe.envelope).session
        answer = seal(bobs, b"answer")
        bobs, alices = answer.session, open_message(probe.session, answer.envelope).session
    seeded_random.shuffle(held)
    for envelope, content in held:
        opened = open_message(bobs, envelope)
        assert opened.content == content
        bobs = opened.session
    for envelope, _ in held:
        with pytest.raises(CryptoError):
            open_message(bobs, envelope)


def test_the_tail_of_a_chain_opens_after_the_next_has_begun() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    first = seal(alices, b"first")
    tail = seal(first.session, b"tail")
    bobs = open_message(bobs, first.envelope).session
    answer = seal(bobs, b"answer")
    alices = open_message(tail.session, answer.envelope).session
    bobs = open_message(answer.session, seal(alices, b"next chain").envelope).session
    assert open_message(bobs, tail.envelope).content == b"tail"
