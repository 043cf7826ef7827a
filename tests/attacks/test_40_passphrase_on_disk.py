"""Attack 40: somebody reads the disk, a log, a traceback or a crash report, for the passphrase.

Held by: the key lies sealed; neither it nor the passphrase is in any file, and no value shows them.
"""

from __future__ import annotations

import traceback
from functools import partial
from pathlib import Path

import pytest

from restante.client.keeping.changing import keep_otherwise
from restante.client.keeping.protection import (
    draw_key,
    key_file_of,
    open_key,
)
from restante.client.keeping.refusals import LockedError
from restante.client.log import describe, log_bug, open_log
from restante.client.own_engine import open_own_engine
from restante.client.profile import Profile
from restante.crypto.keys import PassphraseKey, ProfileKey
from restante.crypto.passphrase import Passphrase, Stretching
from restante.errors import UserError
from restante.store.seam import open_loop

OWLS, CATS = "three small owls", "four large cats"
CHEAP = Stretching(passes=1, memory_bytes=8192)


async def test_no_file_of_a_profile_holds_its_passphrase_or_its_key(tmp_path: Path) -> None:
    profile = Profile(name="default", directory=tmp_path / "default")
    key = draw_key()
    profile.create(partial(key_file_of, key, "passphrase", Passphrase(OWLS), stretching=CHEAP))
    open_log(profile.log_path, verbosity=1)
    async with open_loop(), open_own_engine(profile, may_wait=True) as engine:
        with pytest.raises(UserError) as refusal:
            await engine.unlock(passphrase=CATS)
        log_bug(refusal.value)
        await engine.unlock(passphrase=OWLS)
        await engine.lock()
        await engine.unlock(passphrase=OWLS)
        during = [path.read_bytes() for path in profile.directory.rglob("*") if path.is_file()]
    keep_otherwise(profile, key, "passphrase", Passphrase(CATS), stretching=CHEAP)
    after = [path.read_bytes() for path in profile.directory.rglob("*") if path.is_file()]
    assert profile.log_path.stat().st_size > 0
    for mark in (OWLS.encode(), CATS.encode(), key.raw, key.raw.hex().encode()):
        assert not [content for content in (*during, *after) if mark in content]


def test_no_value_and_no_report_shows_a_passphrase_or_a_key(tmp_path: Path) -> None:
    profile = Profile(name="default", directory=tmp_path / "default")
    key = draw_key()
    content = key_file_of(key, "passphrase", Passphrase(OWLS), stretching=CHEAP)
    profile.create(lambda: content)
    with pytest.raises(LockedError) as refusal:
        open_key(profile, Passphrase(CATS))
    shown = [
        repr(Passphrase(OWLS)),
        f"{[Passphrase(OWLS)]}",
        repr(key),
        repr(ProfileKey(key.raw)),
        repr(PassphraseKey(key.raw)),
        content.decode(),
        str(refusal.value),
        describe(refusal.value),
        "".join(traceback.format_exception(refusal.value)),
    ]
    for text in shown:
        assert "owls" not in text
        assert "cats" not in text
        assert key.raw.hex() not in text
        assert repr(key.raw)[2:-1] not in text
