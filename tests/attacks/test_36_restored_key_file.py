"""Attack 36: a snapshot brings an older key file back.

Held by: each sealing draws a salt and a nonce anew, so nothing is sealed twice under one key; the
database's key is the same, so the history opens with the passphrase of that time.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from restante.client.keeping.protection import draw_key, keep_otherwise, key_file_of, open_key
from restante.client.profile import Profile
from restante.crypto.passphrase import Passphrase, Stretching

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
