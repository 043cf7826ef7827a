"""Attack 35: kill -9 while a passphrase is set, changed or taken away.

Held by: the key file is written beside, synced and renamed. One way to open the profile holds after
each point, and the history with it.
"""

from __future__ import annotations

import signal
import subprocess
from functools import partial
from pathlib import Path

import pytest

from restante.client.keeping.protection import draw_key, key_file_of, open_key
from restante.client.keeping.refusals import LockedError
from restante.client.profile import Profile
from restante.crypto.keys import ProfileKey
from restante.crypto.passphrase import Passphrase
from tests.client.crashing_keeping import CHEAP
from tests.processes import PATIENCE_S, start

POINTS = ("keeping.sealed", "keeping.written", "keeping.renamed", "keeping.replaced")
OWLS, CATS = "three small owls", "four large cats"
CHANGES = (("", OWLS), (OWLS, CATS), (CATS, ""))


def change(profile: Profile, old: str, new: str, point: str) -> int:
    """Run a change in a process of its own, killed at the point, if there is one."""
    process = start(
        "tests.client.crashing_keeping",
        *(str(profile.directory), old, new, point),
        stderr=subprocess.DEVNULL,
    )
    return process.wait(PATIENCE_S)


def opened_by(profile: Profile) -> tuple[set[str], ProfileKey]:
    """Return what opens the profile, and the key that it then has."""
    opening, keys = set(), []
    for each in ("", OWLS, CATS):
        profile.tries_path.unlink(missing_ok=True)
        try:
            keys.append(open_key(profile, Passphrase(each) if each else None))
        except LockedError:
            continue
        opening.add(each)
    assert keys
    assert all(key == keys[0] for key in keys)
    return opening, keys[0]


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_either_the_old_way_or_the_new_one_opens_it(tmp_path: Path, old: str, new: str) -> None:
    for point in POINTS:
        profile = Profile(name="default", directory=tmp_path / point)
        key = draw_key()
        passphrase = Passphrase(old) if old else None
        how = "passphrase" if old else "file"
        profile.create(partial(key_file_of, key, how, passphrase, stretching=CHEAP))
        assert change(profile, old, new, point) == -signal.SIGKILL
        opening, found = opened_by(profile)
        assert found == key
        holds = old if point in {"keeping.sealed", "keeping.written"} else new
        # As it is, the key opens whatever passphrase is said.
        assert opening == ({"", OWLS, CATS} if not holds else {holds})
        assert change(profile, holds, new, "") == 0
        assert opened_by(profile)[1] == key


def test_a_wipe_that_was_killed_has_left_nothing_that_opens(tmp_path: Path) -> None:
    profile = Profile(name="default", directory=tmp_path / "wiped")
    profile.create()
    profile.database_path.write_bytes(b"history")
    assert change(profile, "", "-", "wiping.key_gone") == -signal.SIGKILL
    assert profile.database_path.exists()
    assert not list(profile.directory.glob("*key*"))
    assert change(profile, "", "-", "") == 0
    assert not profile.directory.exists()
