"""One relay for a module of tests, open to everybody, and two people who know each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.town import Person, Relay, a_relay, introduce, settle


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Have a relay for all tests of a module."""
    with a_relay(tmp_path_factory.mktemp("relay") / "data") as relay:
        yield relay


@pytest.fixture(scope="module")
def friends(relay: Relay, tmp_path_factory: pytest.TempPathFactory) -> tuple[Person, Person]:
    """Have alice and bob, who have swapped codes, for all tests of a module."""
    alice, bob = settle(relay, tmp_path_factory.mktemp("friends"), "alice", "bob")
    introduce(alice, bob)
    return alice, bob


@pytest.fixture(scope="module")
def online(friends: tuple[Person, Person]) -> Iterator[tuple[Person, Person]]:
    """Have alice and bob with a daemon each: their commands attach, which is ten times faster."""
    alice, bob = friends
    with alice.daemon(), bob.daemon():
        yield friends


@pytest.fixture
def stranger(tmp_path: Path) -> Person:
    """Have somebody without a profile."""
    return Person(name="stranger", home=tmp_path / "stranger")
