"""Attack 48: the digits are guessed. One wrong guess burns the code.

Held by: both sides take each step once; after a wrong guess the old device grants nothing, and the
new one, once told, takes nothing.
"""

from __future__ import annotations

import pytest

from restante.crypto.linking import LinkAbortedError, OldDevice
from restante.errors import CryptoError, LocalProtocolError
from restante.protocol.linking import LinkAbort
from tests.crypto.devices_meeting import a_new_device, listing, meet_device
from tests.crypto.people import RANDOM, a_person


def other_than(digits: str) -> str:
    return f"{(int(digits) + 1) % 1_000_000:06d}"


def test_one_wrong_guess_leaves_nothing_to_guess() -> None:
    alice = a_person("alice")
    new = a_new_device(alice)
    old, digits = meet_device(alice, new)
    assert not old.confirm(other_than(digits))
    with pytest.raises(LocalProtocolError):
        old.confirm(digits)
    with pytest.raises(LocalProtocolError):
        old.grant(listing(alice, old.entry), b"")
    with pytest.raises(LinkAbortedError) as caught:
        new.finish(old.abort())
    assert caught.value.reason == LinkAbort.WRONG_DIGITS


@pytest.mark.parametrize(
    "typed", ["", " ", "12345", "1234567", "\u0661\u0662\u0663\u0664\u0665\u0666", "-12345"]
)
def test_what_is_not_the_six_digits_is_a_wrong_guess(typed: str) -> None:
    alice = a_person("alice")
    old, _ = meet_device(alice, a_new_device(alice))
    assert not old.confirm(typed)
    with pytest.raises(LocalProtocolError):
        old.confirm(typed)


def test_a_grant_without_the_digits_is_not_made() -> None:
    alice = a_person("alice")
    old, _ = meet_device(alice, a_new_device(alice))
    with pytest.raises(LocalProtocolError):
        old.grant(listing(alice, old.entry), b"")


def test_a_burnt_code_links_nothing_on_any_old_device() -> None:
    alice = a_person("alice")
    new = a_new_device(alice)
    old, digits = meet_device(alice, new)
    old.confirm(other_than(digits))
    with pytest.raises(LinkAbortedError):
        new.finish(old.abort())
    another = OldDevice.open(RANDOM, new.code, new.offer)
    with pytest.raises(LocalProtocolError):
        new.accept(another.reply(alice.manifest.root))


def test_a_new_device_shows_digits_for_one_acceptance_only() -> None:
    """Otherwise each acceptance were another guess: a million of them would do."""
    alice = a_person("alice")
    new = a_new_device(alice)
    first = OldDevice.open(RANDOM, new.code, new.offer)
    second = OldDevice.open(RANDOM, new.code, new.offer)
    new.accept(first.reply(alice.manifest.root))
    with pytest.raises(LocalProtocolError):
        new.accept(second.reply(alice.manifest.root))


def test_an_abort_cannot_be_read_as_a_grant_or_made_by_anybody_else() -> None:
    alice = a_person("alice")
    new, other = a_new_device(alice), a_new_device(alice)
    meet_device(alice, new)
    theirs, _ = meet_device(alice, other)
    with pytest.raises(CryptoError) as caught:
        new.finish(theirs.abort())
    assert not isinstance(caught.value, LinkAbortedError)
