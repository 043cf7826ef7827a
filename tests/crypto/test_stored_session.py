"""A stored session comes back as it was, and nothing else is taken for one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restante.crypto.stored_session import parse, serialise
from restante.errors import CryptoError
from tests.crypto.people import a_person, begin, meet, open_hello, open_message, seal

if TYPE_CHECKING:
    from restante.crypto.session import Session


def some_sessions() -> list[Session]:
    alice, bob = a_person("alice"), a_person("bob")
    begun = begin(alice, bob)
    first = seal(begun, b"1")
    second = seal(first.session, b"2")
    arrived = open_hello(bob, second.envelope)[1].session
    alices, bobs = meet(alice, bob)
    rival = replace(bobs, rival=begun.facts.session_id)
    return [begun, first.session, arrived, alices, bobs, rival]


@pytest.mark.parametrize("index", range(6))
def test_a_session_survives_storage(index: int) -> None:
    session = some_sessions()[index]
    stored = serialise(session)
    again = parse(stored)
    assert again == session
    assert serialise(again) == stored
    assert again.expected_tags() == session.expected_tags()
    assert len(stored) < (11_000 if session.hello else 1_700)


def test_a_reloaded_session_goes_on_where_it_was() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    for number in range(6):
        sealed = seal(parse(serialise(alices)), b"%d" % number)
        opened = open_message(parse(serialise(bobs)), sealed.envelope)
        assert opened.content == b"%d" % number
        alices, bobs = opened.session, sealed.session  # they take turns


def test_only_what_was_stored_is_a_session() -> None:
    for session in some_sessions():
        stored = serialise(session)
        for wrong in (b"", stored[:1], stored[:-1], stored + b"\x00", b"\x02" + stored[1:]):
            with pytest.raises(CryptoError):
                parse(wrong)
        with pytest.raises(CryptoError):
            parse(stored[:1] + b"\x10" + stored[2:])


def test_an_empty_or_doubled_skipped_chain_is_refused() -> None:
    arrived = some_sessions()[2]
    stored = serialise(arrived)
    entry = 4 + 32 + 8
    assert stored[-entry - 2 : -entry] == b"\x00\x01"
    empty = stored[: -entry - 2] + b"\x00\x00"
    doubled = stored[: -entry - 2] + b"\x00\x02" + stored[-entry:] * 2
    for wrong in (empty, doubled):
        with pytest.raises(CryptoError):
            parse(wrong)


def test_no_state_shows_a_key_in_its_repr() -> None:
    for session in some_sessions():
        shown = repr(session)
        secrets = [
            session.ratchet.root,
            session.ratchet.sending.key,
            session.ratchet.own.pair.secret,
        ]
        for secret in secrets:
            assert repr(secret.raw)[2:-1] not in shown
            assert secret.raw.hex() not in shown
        assert "redacted" in shown
