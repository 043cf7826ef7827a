"""Attack 35: kill -9 while a passphrase is set, changed or taken away.

Held by: the key file says both keys before the database is written anew, in one transaction. One
way to open the profile holds after each point, and the history with it; the next one finishes it.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from restante.client.keeping.changing import finish_change
from restante.client.keeping.protection import draw_key, kept_by, key_file_of, open_key
from restante.client.keeping.refusals import LockedError
from restante.client.profile import Profile
from restante.crypto.keys import ProfileKey
from restante.crypto.passphrase import Passphrase
from restante.store.sqlcipher import DatabaseKey, sqlcipher_driver
from tests.client.crashing_keeping import CHEAP
from tests.processes import PATIENCE_S, start

BEFORE = (("changing.sealed", 1), ("keeping.written", 1))
"""Until here the former way holds."""
SINCE = (
    ("keeping.renamed", 1),
    ("rekeying.begun", 1),
    ("rekeying.done", 1),
    ("rekeying.settled", 1),
    ("changing.rekeyed", 1),
    ("keeping.written", 2),
    ("keeping.renamed", 2),
    ("changing.replaced", 1),
)
OWLS, CATS = "three small owls", "four large cats"
CHANGES = (("", OWLS), (OWLS, CATS), (CATS, ""))
ROWS = 300


def a_profile(place: Path, passphrase: str) -> tuple[Profile, ProfileKey]:
    """Have a profile with a history in its database and its log."""
    profile, key = Profile(name="default", directory=place), draw_key()
    kept = Passphrase(passphrase) if passphrase else None
    how = "passphrase" if passphrase else "file"
    profile.create(partial(key_file_of, key, how, kept, stretching=CHEAP))
    raw = sqlcipher_driver(DatabaseKey(key.raw)).connect(profile.database_path)
    raw.execute("CREATE TABLE said (text TEXT)")
    raw.executemany("INSERT INTO said VALUES (?)", [(f"{n} " * 200,) for n in range(ROWS)])
    raw.close()
    return profile, key


def change(profile: Profile, old: str, new: str, point: str, at_pass: int = 1) -> int:
    """Run a change in a process of its own, killed at the point, if there is one."""
    process = start(
        "tests.client.crashing_keeping",
        *(str(profile.directory), old, new, point, str(at_pass)),
        stderr=subprocess.DEVNULL,
    )
    return process.wait(PATIENCE_S)


def opened_by(profile: Profile) -> set[str]:
    """Return what opens the profile, and see that its history is whole with it."""
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
    finish_change(profile, keys[0])
    assert rows_with(profile, keys[0]) == ROWS
    return opening


def rows_with(profile: Profile, key: ProfileKey) -> int | None:
    """Count the history with a key; None if that isn't the database's."""
    driver = sqlcipher_driver(DatabaseKey(key.raw))
    try:
        raw = driver.connect(profile.database_path)
    except driver.error:
        return None
    try:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(raw.execute("SELECT count(*) FROM said").fetchone()[0])
    except driver.error:
        return None
    finally:
        raw.close()


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_either_the_old_way_or_the_new_one_opens_it(tmp_path: Path, old: str, new: str) -> None:
    for point, at_pass in (*BEFORE, *SINCE):
        profile, key = a_profile(tmp_path / f"{point}-{at_pass}", old)
        assert change(profile, old, new, point, at_pass) == -signal.SIGKILL
        holds = old if (point, at_pass) in BEFORE else new
        # As it is, the key opens whatever passphrase is said.
        assert opened_by(profile) == ({"", OWLS, CATS} if not holds else {holds})
        assert (rows_with(profile, key) is None) == (holds == new), (
            "the former key is worth nothing"
        )
        assert len(profile.kept_key()) == 32 or b"before" not in profile.kept_key()
    assert change(profile, holds, new, "") == 0
    opened_by(profile)


def test_killed_at_any_moment_of_the_writing_nothing_is_lost(
    tmp_path: Path, soak_rounds: Callable[[int, int], int]
) -> None:
    """The writing is one statement, with no point inside: here the moment is the clock's."""
    for n in range(soak_rounds(3, 150)):
        profile, _ = a_profile(tmp_path / str(n), OWLS)
        process = start(
            "tests.client.crashing_keeping",
            *(str(profile.directory), OWLS, CATS, "", "1"),
            stderr=subprocess.DEVNULL,
        )
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.0007 * n)
        process.kill()
        process.wait(PATIENCE_S)
        assert kept_by(profile) == "passphrase"
        assert len(opened_by(profile)) == 1


def test_a_wipe_that_was_killed_has_left_nothing_that_opens(tmp_path: Path) -> None:
    profile = Profile(name="default", directory=tmp_path / "wiped")
    profile.create()
    profile.database_path.write_bytes(b"history")
    assert change(profile, "", "-", "wiping.key_gone") == -signal.SIGKILL
    assert profile.database_path.exists()
    assert not list(profile.directory.glob("*key*"))
    assert change(profile, "", "-", "") == 0
    assert not profile.directory.exists()
