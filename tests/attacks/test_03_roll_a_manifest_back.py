"""Attack 3: the relay serves an older manifest, or one of before a recovery.

Held by: within a generation the sequence only rises, and a higher generation beats every lower.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.crypto import own_keys
from restante.crypto.signatures import ManifestRollbackError, accept_manifest, verify_manifest
from tests.crypto.history import History
from tests.crypto.people import NOW_S, RANDOM

if TYPE_CHECKING:
    from restante.crypto.signatures import VerifiedManifest


def test_an_older_manifest_is_refused() -> None:
    links = History().chain(4)
    seen = accept_manifest(None, links)
    for older in (links[:1], links[:3], [links[2]]):
        with pytest.raises(ManifestRollbackError):
            accept_manifest(seen, older)
    assert accept_manifest(seen, links) == seen


def test_a_thief_of_the_first_device_cannot_outrun_a_recovery() -> None:
    history = History()
    links = history.chain(2)
    thief = History(history)
    history.recover()
    recovered = history.sign(generation=2)
    seen = accept_manifest(links[1].position(), [recovered])
    thiefs = [links[1]]
    for sequence in range(3, 9):
        thiefs.append(thief.sign(sequence=sequence, previous=thiefs[-1]))
    with pytest.raises(ManifestRollbackError):
        accept_manifest(seen, thiefs[1:])


def test_a_recovery_against_a_stale_manifest_is_accepted_by_who_saw_a_newer_one() -> None:
    history = History()
    first = history.sign()

    def recover(shown: VerifiedManifest, now_s: int) -> VerifiedManifest:
        _, signed = own_keys.new_generation(
            history.account.root,
            generation=own_keys.recovery_generation(shown.generation, now_s=now_s),
            address=first.address,
            devices=[history.entry],
            now_s=now_s,
            randomness=RANDOM,
        )
        return verify_manifest(signed)

    recovered = recover(first, NOW_S)
    seen = accept_manifest(first.position(), [recovered])
    for stale in (first, recovered):
        again = recover(stale, NOW_S + 60)
        assert accept_manifest(seen, [again]) == again.position()
    early = recover(recovered, NOW_S - 60)
    assert accept_manifest(seen, [early]) == early.position(), "a clock that was set back"
    far = own_keys.recovery_generation(1, now_s=2**40)
    assert far < own_keys.recovery_generation(far, now_s=2**40) < 2**32
