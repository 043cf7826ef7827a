"""Attack 36: a snapshot brings an older key file back.

Held by: each sealing draws a salt and a nonce anew, so nothing is sealed twice under one key; and
each change of the keeping draws another key, and encrypts the database under it.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from restante.client.keeping.changing import keep_otherwise
from restante.client.keeping.protection import draw_key, key_file_of, open_key
from restante.client.profile import Profile
from restante.crypto.passphrase import Passphrase, Stretching
from restante.store.sqlcipher import DatabaseKey, sqlcipher_driver

OWLS, CATS = Passphrase("three small owls"), Passphrase("four large cats")
CHEAP = Stretching(passes=1, memory_bytes=8192)


def test_no_salt_and_no_nonce_repeats_after_a_restored_key_file(tmp_path: Path) -> None:
    profile = Profile(name="default", directory=tmp_path / "default")
    key = draw_key()
    profile.create(partial(key_file_of, key, "passphrase", OWLS, stretching=CHEAP))
    snapshot = profile.key_path.read_bytes()
    sealings = [snapshot]
    for _ in range(8):
        profile.key_path.write_bytes(snapshot)
        assert open_key(profile, OWLS) == key
        keep_otherwise(profile, key, "passphrase", CATS, stretching=CHEAP)
        sealings.append(profile.key_path.read_bytes())
    read = [json.loads(each) for each in sealings]
    assert len({each["salt"] for each in read}) == len(read)
    assert len({each["sealed"][:48] for each in read}) == len(read)
    profile.key_path.write_bytes(snapshot)
    assert open_key(profile, OWLS) == key


def test_a_key_that_leaked_opens_nothing_that_comes_later(tmp_path: Path) -> None:
    """A copy of the key file, from before there was a passphrase, is worth that day's database."""
    profile = Profile(name="default", directory=tmp_path / "default")
    profile.create()
    leaked = open_key(profile)
    driver = sqlcipher_driver(DatabaseKey(leaked.raw))
    raw = driver.connect(profile.database_path)
    raw.execute("CREATE TABLE said (text TEXT)")
    raw.close()
    now = keep_otherwise(profile, leaked, "passphrase", OWLS, stretching=CHEAP)
    copied, files = profile.key_path.read_bytes(), list(profile.directory.iterdir())
    assert not [path for path in files if leaked.raw in path.read_bytes()]
    later = keep_otherwise(profile, now, "passphrase", CATS, stretching=CHEAP)
    profile.key_path.write_bytes(copied)  # with the passphrase that somebody saw
    for old in (leaked, open_key(profile, OWLS)):
        with pytest.raises(driver.error):
            sqlcipher_driver(DatabaseKey(old.raw)).connect(profile.database_path)
    sqlcipher_driver(DatabaseKey(later.raw)).connect(profile.database_path).close()
