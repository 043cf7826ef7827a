"""Attack 4: two viewers are shown two manifests of one account, both truly signed.

Held by: every link names its predecessor's hash, and the same place with another hash is a fork.
"""

from __future__ import annotations

import pytest

from restante.crypto.signatures import ManifestForkError, accept_manifest
from restante.errors import CryptoError
from tests.crypto.history import History
from tests.crypto.people import NOW_S


def test_two_manifests_for_one_place_are_a_fork() -> None:
    history = History()
    links = history.chain(3)
    other = history.sign(sequence=3, previous=links[1], now_s=NOW_S + 1)
    with pytest.raises(ManifestForkError):
        accept_manifest(links[2].position(), [other])
    with pytest.raises(ManifestForkError):
        accept_manifest(links[2].position(), [links[1], other])


def test_a_continued_fork_does_not_join_what_was_seen() -> None:
    history = History()
    links = history.chain(3)
    other = history.sign(sequence=3, previous=links[1], now_s=NOW_S + 1)
    longer = history.sign(sequence=4, previous=other)
    with pytest.raises(CryptoError):
        accept_manifest(links[2].position(), [longer])
