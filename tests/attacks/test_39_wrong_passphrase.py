"""Attack 39: a wrong passphrase is silent on stderr, clear to the user, and tells nobody anything.

Held by: the seal of the key says no before the database is touched; the refusal is one sentence;
tries are counted before they are made.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from restante.client.explain import explain
from restante.client.keeping import tries
from restante.client.keeping.protection import draw_key, key_file_of, open_key
from restante.client.keeping.refusals import LockedError
from restante.client.own_engine import open_engine_alone
from restante.client.profile import Profile
from restante.crypto.passphrase import Passphrase, Stretching
from restante.errors import ExitCode

OWLS, CATS = "three small owls", "four large cats"


def under_owls(place: Path) -> Profile:
    profile = Profile(name="default", directory=place / "default")
    cheap = Stretching(passes=1, memory_bytes=8192)
    profile.create(
        partial(key_file_of, draw_key(), "passphrase", Passphrase(OWLS), stretching=cheap)
    )
    return profile


def files(profile: Profile) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in profile.directory.iterdir()}


async def test_a_wrong_passphrase_is_silent_and_touches_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    profile = under_owls(tmp_path)
    async with open_engine_alone(profile, key=open_key(profile, Passphrase(OWLS))) as engine:
        assert (await engine.status()).profile == "default"
    before = files(profile)
    with pytest.raises(LockedError) as refusal:
        open_key(profile, Passphrase(CATS))
    said = explain(refusal.value)
    assert said is not None
    assert said.exit_code is ExitCode.LOCKED
    assert str(said) == "This is not the passphrase. Try again."
    assert capfd.readouterr() == ("", "")
    after = files(profile)
    assert after.pop(profile.tries_path.name) == b"1 " + after_count(profile)
    before.pop(profile.tries_path.name)
    assert after == before


def after_count(profile: Profile) -> bytes:
    return profile.tries_path.read_bytes().partition(b" ")[2]


def test_guessing_at_the_keyboard_gets_dear(tmp_path: Path) -> None:
    profile = under_owls(tmp_path)
    for _ in range(tries.FREE_TRIES):
        with pytest.raises(LockedError, match="not the passphrase"):
            open_key(profile, Passphrase(CATS))
    with pytest.raises(LockedError, match="too many wrong passphrases"):
        open_key(profile, Passphrase(OWLS))  # not even the right one, before its time


def test_whoever_is_asked_nothing_learns_nothing(tmp_path: Path) -> None:
    """Without a passphrase the key isn't had, and neither does the refusal cost a try."""
    profile = under_owls(tmp_path)
    with pytest.raises(LockedError, match="under a passphrase"):
        open_key(profile)
    assert not profile.tries_path.exists()
