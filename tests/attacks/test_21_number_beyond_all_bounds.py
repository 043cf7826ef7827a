"""Attack 21: a hostile contact says n = 2^32 - 1, to make us derive four thousand million keys.

Held by: one message skips a thousand at most, and that is checked before a single key is derived.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restante.crypto import ratchet
from restante.crypto.limits import MAX_SKIP
from restante.errors import CryptoError
from tests.crypto.people import (
    NOW_S,
    RANDOM,
    SOME_HEADS,
    a_person,
    begin,
    meet,
    open_hello,
    open_message,
    seal,
)

if TYPE_CHECKING:
    from restante.crypto.session import Session

LAST = 2**32 - 2


def at_number(session: Session, number: int) -> Session:
    """Let a hostile peer claim that its next message is that one."""
    sending = replace(session.ratchet.sending, number=number)
    return replace(session, ratchet=replace(session.ratchet, sending=sending))


def receive_ahead(number: int) -> None:
    """Receive a well-sealed header that lies `number` messages ahead, in a running chain."""
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    bobs = open_message(bobs, seal(alices, b"one").envelope).session
    receiving = bobs.ratchet.receiving
    assert receiving is not None
    header = ratchet.send(alices.ratchet, SOME_HEADS)[1]
    place = ratchet.Place(header_key=receiving.header_key, number=receiving.number + number)
    ahead = replace(header, number=place.number)
    ratchet.receive(RANDOM, bobs.ratchet, place, ahead, now_s=NOW_S)


def receive_ahead_in_a_new_chain(number: int) -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    header = ratchet.send(alices.ratchet, SOME_HEADS)[1]
    key = bobs.ratchet.next_receiving_header_key
    place = ratchet.Place(header_key=key, number=number, begins_chain=True)
    ahead = replace(header, number=number)
    ratchet.receive(RANDOM, bobs.ratchet, place, ahead, now_s=NOW_S)


def receive_ahead_in_a_hello(number: int) -> None:
    alice, bob = a_person("alice"), a_person("bob")
    session = begin(alice, bob)
    for _ in range(min(number, 2 * MAX_SKIP)):  # so that the message's key is the true one
        session = seal(session, b"").session
    open_hello(bob, seal(at_number(session, number), b"hello").envelope)


WAYS = [receive_ahead, receive_ahead_in_a_new_chain, receive_ahead_in_a_hello]


@pytest.mark.parametrize("way", WAYS)
def test_one_more_than_a_thousand_is_refused(way) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CryptoError):
        way(MAX_SKIP + 1)


@pytest.mark.parametrize("way", WAYS)
def test_the_last_number_is_refused_before_any_key_is_derived(way) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CryptoError):  # deriving them would take most of a day
        way(LAST)


def test_a_tag_far_ahead_is_not_even_looked_at() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    sealed = seal(at_number(alices, LAST), b"far").envelope
    assert sealed[:16] not in bobs.expected_tags()
    with pytest.raises(CryptoError):
        open_message(bobs, sealed)


def test_a_previous_chain_said_to_be_endless_costs_a_thousand_keys_at_most() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    bobs = open_message(bobs, (first := seal(alices, b"one")).envelope).session
    answer = seal(bobs, b"answer")
    alices = open_message(first.session, answer.envelope).session
    lying = replace(alices, ratchet=replace(alices.ratchet, previous_length=2**32 - 1))
    opened = open_message(answer.session, seal(lying, b"new chain").envelope)
    assert opened.newly_missing == 2**32 - 2
    assert sum(len(chain.keys) for chain in opened.session.ratchet.skipped) == MAX_SKIP


def test_a_header_that_is_not_where_its_tag_says_is_refused() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    header = ratchet.send(alices.ratchet, SOME_HEADS)[1]
    place = ratchet.locate(bobs.ratchet, seal(alices, b"").envelope[:16])  # type: ignore[arg-type]
    assert place is not None
    with pytest.raises(CryptoError):
        ratchet.receive(
            RANDOM, bobs.ratchet, place, replace(header, number=place.number + 1), now_s=NOW_S
        )
