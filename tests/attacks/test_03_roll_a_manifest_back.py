"""Attack 3: the relay serves an older manifest, or one of before a recovery.

Held by: within a generation the sequence only rises, and a higher generation beats every lower.
"""

from __future__ import annotations

import pytest

from restante.crypto.signatures import ManifestRollbackError, accept_manifest
from tests.crypto.history import History


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
