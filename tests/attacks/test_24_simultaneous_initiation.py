"""Attack 24: both sides begin at once, or a relay makes it look so, and each follows the other for
ever without settling.

Held by: each answers in the session that the other surely has, and once both are answered, both
take the one with the smaller id.
"""

from __future__ import annotations

import pytest

from restante.crypto import envelope
from restante.errors import CryptoError
from tests.crypto.endpoint import Endpoint
from tests.crypto.people import a_person


def two_ends() -> tuple[Endpoint, Endpoint]:
    alice, bob = a_person("alice"), a_person("bob")
    return Endpoint(alice, bob), Endpoint(bob, alice)


def test_both_settle_on_one_session_after_one_exchange() -> None:
    for _ in range(8):
        alice, bob = two_ends()
        from_alice, from_bob = alice.send(b"alice's"), bob.send(b"bob's")
        assert alice.active != bob.active
        assert alice.receive(from_bob)
        assert bob.receive(from_alice)
        # Each answers in the session that the other surely has; these answers cross, too.
        from_alice, from_bob = alice.send(b"alice's answer"), bob.send(b"bob's answer")
        assert alice.receive(from_bob)
        assert bob.receive(from_alice)
        assert alice.active == bob.active == min(alice.sessions)
        for sender, recipient in ((alice, bob), (bob, alice), (alice, bob)):
            assert recipient.receive(sender.send(b"settled %d" % len(recipient.contents)))
        assert alice.active == bob.active == min(alice.sessions)
        assert len(alice.send(b"short")) == 4096
        assert len(alice.sessions) == len(bob.sessions) == 2


def test_messages_that_crossed_all_open() -> None:
    for _ in range(8):
        alice, bob = two_ends()
        from_alice = [alice.send(b"alice %d" % number) for number in range(3)]
        from_bob = [bob.send(b"bob %d" % number) for number in range(3)]
        assert bob.receive(from_alice[0])
        from_bob.append(bob.send(b"bob 3"))
        for sealed in from_bob:
            assert alice.receive(sealed)
        from_alice.append(alice.send(b"alice 3"))
        for sealed in from_alice[1:]:
            assert bob.receive(sealed)
        assert alice.receive(bob.send(b"bob 4"))
        assert bob.receive(alice.send(b"alice 4"))
        assert alice.active == bob.active
        assert alice.contents == [b"bob %d" % number for number in range(5)]
        assert bob.contents == [b"alice %d" % number for number in range(5)]


def test_a_hello_that_comes_late_does_not_set_them_apart() -> None:
    for _ in range(8):
        alice, bob = two_ends()
        late = alice.send(b"late")
        assert alice.receive(bob.send(b"bob's"))
        assert bob.receive(alice.send(b"answer"))
        assert bob.receive(late)
        for turn in range(2):
            assert alice.receive(bob.send(b"turn %d" % turn))
            assert bob.receive(alice.send(b"turn %d" % turn))
        assert alice.active == bob.active


def test_who_lost_everything_can_begin_anew() -> None:
    alice, bob = two_ends()
    assert bob.receive(alice.send(b"hello"))
    assert alice.receive(bob.send(b"welcome"))
    anew = Endpoint(alice.person, bob.person)
    assert bob.receive(anew.send(b"I am back"))
    assert anew.receive(bob.send(b"so you are"))
    assert bob.active == anew.active


def test_nobody_waits_for_a_rival_that_the_other_could_not_open() -> None:
    for _ in range(8):
        alice, bob = two_ends()
        alice.begin(one_time=True)
        hopeless = alice.send(b"by a prekey that is gone")
        references = envelope.hello_references(hopeless, bob.person.device.device_id)
        assert references is not None
        bob.person.erase_one_time(references)  # the relay had given it to somebody else, too
        assert alice.receive(bob.send(b"bob's"))
        with pytest.raises(CryptoError):
            bob.receive(hopeless)
        assert bob.receive(alice.send(b"answer"))
        assert alice.receive(bob.send(b"more"))
        assert bob.receive(alice.send(b"and more"))
        assert alice.active == bob.active
