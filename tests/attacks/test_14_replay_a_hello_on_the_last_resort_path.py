"""Attack 14: a hello made with the reusable prekeys is delivered again, to begin it all anew.

Held by: a session expects the tag of its hello for as long as it lives, so the copy goes to the
session, which has used its message's key; it never reaches the handshake.
"""

from __future__ import annotations

import pytest

from restante.errors import CryptoError
from tests.crypto.endpoint import Endpoint
from tests.crypto.people import a_person


def test_a_replayed_hello_begins_no_second_session() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    sender, recipient = Endpoint(alice, bob), Endpoint(bob, alice)
    hello = sender.send(b"hello")
    assert recipient.receive(hello)
    for turn in range(3):
        before = recipient.stored()
        with pytest.raises(CryptoError):
            recipient.receive(hello)
        assert recipient.stored() == before
        assert (recipient.sessions_opened, recipient.contents.count(b"hello")) == (1, 1)
        assert sender.receive(recipient.send(b"answer %d" % turn))
        assert recipient.receive(sender.send(b"more %d" % turn))
