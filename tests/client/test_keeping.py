"""How a profile's key is kept: forms, passphrases and how they slow down, keyrings."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import KeyringLocked, PasswordDeleteError

from restante.client.keeping import tries
from restante.client.keeping.asking import VARIABLE, ask_new, given, key_from_file
from restante.client.keeping.changing import keep_otherwise
from restante.client.keeping.creating import new_key
from restante.client.keeping.forms import (
    InKeyring,
    UnreadableError,
    former,
    read_form,
    spelled,
    with_former,
    without_former,
)
from restante.client.keeping.key_file import replace_key_file
from restante.client.keeping.protection import (
    draw_key,
    kept_by,
    key_file_of,
    open_key,
    read_new_passphrase,
    read_passphrase,
    seconds_to_wait,
)
from restante.client.keeping.refusals import LockedError
from restante.client.profile import Profile
from restante.crypto.keys import ProfileKey
from restante.crypto.passphrase import Passphrase, Stretching
from restante.errors import ExitCode, StoreError, UserError
from restante.store.client_rekeying import opens
from restante.store.sqlcipher import DatabaseKey, sqlcipher_driver
from tests.client.served_engine import make_profile

CHEAP = Stretching(passes=1, memory_bytes=8192)
OWLS = Passphrase("three small owls")


class InMemoryKeyring(KeyringBackend):
    """A keyring that can be locked, and lose things."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, str] = {}
        self.is_locked = self.loses = False

    def _check(self) -> None:
        if self.is_locked:
            raise KeyringLocked("locked")

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.kept.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        if not self.loses:
            self.kept[username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        if self.kept.pop(username, None) is None:
            raise PasswordDeleteError("not there")


@pytest.fixture(autouse=True)
def no_keyring() -> Iterator[None]:
    """Leave the keyring of whoever runs the tests alone."""
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def keyring_in(no_keyring: None) -> InMemoryKeyring:
    """Have a keyring that works."""
    working = InMemoryKeyring()
    keyring.set_keyring(working)
    return working


def under_owls(place: Path) -> tuple[Profile, ProfileKey]:
    profile = make_profile(place)
    key = keep_otherwise(profile, open_key(profile), "passphrase", OWLS, stretching=CHEAP)
    return profile, key


# ---- forms --------------------------------------------------------------------------------------


def test_kept_otherwise_it_is_another_key_each_time(tmp_path: Path) -> None:
    profile, key = under_owls(tmp_path)
    assert kept_by(profile) == "passphrase"
    assert open_key(profile, OWLS) == key
    cats = Passphrase("another one")
    second = keep_otherwise(profile, key, "passphrase", cats, stretching=CHEAP)
    with pytest.raises(LockedError):
        open_key(profile, OWLS)
    assert open_key(profile, cats) == second
    third = keep_otherwise(profile, second, "file")
    assert kept_by(profile) == "file"
    assert open_key(profile) == third
    assert len({key.raw, second.raw, third.raw}) == 3
    assert profile.kept_key() == third.raw, "with nothing beside it"
    assert stat.S_IMODE(profile.key_path.stat().st_mode) == 0o600


def test_what_cannot_be_kept_otherwise_is_as_before(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    key = open_key(profile)
    profile.database_path.write_bytes(b"no database of ours" * 1000)
    with pytest.raises(UserError, match="nothing was changed"):
        keep_otherwise(profile, key, "passphrase", OWLS, stretching=CHEAP)
    assert profile.kept_key() == key.raw


def test_without_room_to_encrypt_it_anew_nothing_is_begun(tmp_path: Path) -> None:
    profile, key = under_owls(tmp_path)
    with closing(sqlcipher_driver(DatabaseKey(key.raw)).connect(profile.database_path)) as database:
        database.execute("CREATE TABLE said (words TEXT)")
    kept, size_bytes = profile.kept_key(), profile.database_path.stat().st_size
    free_bytes = shutil.disk_usage(tmp_path).free
    os.truncate(profile.database_path, 2 * free_bytes)  # takes no room, and would need that much
    before = set(os.listdir(profile.directory))
    with pytest.raises(StoreError, match="Free some space; nothing was changed"):
        keep_otherwise(profile, key, "file")
    assert profile.kept_key() == kept
    assert set(os.listdir(profile.directory)) == before
    os.truncate(profile.database_path, size_bytes)
    assert opens(profile.database_path, DatabaseKey(key.raw))
    assert open_key(profile, OWLS) == key
    keep_otherwise(profile, key, "file")  # there is room again


def test_a_profile_begun_under_a_passphrase_never_has_its_key_on_the_disk(tmp_path: Path) -> None:
    profile = Profile(name="default", directory=tmp_path / "profiles" / "default")
    key = draw_key()
    profile.create(lambda: key_file_of(key, "passphrase", OWLS, stretching=CHEAP))
    assert open_key(profile, OWLS) == key
    for path in profile.directory.iterdir():
        assert key.raw not in path.read_bytes()
        assert key.raw.hex().encode() not in path.read_bytes()


def test_a_passphrase_that_nobody_asks_for_is_not_looked_at(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    assert open_key(profile, OWLS) == open_key(profile)
    assert not profile.tries_path.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        bytes(31),
        bytes(33),
        b"{}",
        b'{"kept_by":"friend"}',
        b'{"kept_by":"keyring","v":1,"entry":"../../x"}',
        b'{"kept_by":"keyring","v":2,"entry":"00000000000000000000000000000000"}',
        b'{"kept_by":"passphrase","v":1,"passes":0,"memory_bytes":8192,"salt":"00","sealed":"00"}',
        b'{"kept_by":"passphrase","v":1,"passes":1,"memory_bytes":9999999999,"salt":"","sealed":""}',
        b'{"kept_by":"passphrase","v":1,"passes":1,"memory_bytes":8192,"salt":"0","sealed":"0g"}',
        b"[" * 4000,
        b"\xff" * 100,
    ],
)
def test_a_damaged_key_file_is_one_sentence_and_stays(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_form(content)
    profile = make_profile(tmp_path)
    profile.key_path.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        open_key(profile, OWLS)
    assert profile.key_path.read_bytes() == content


def test_what_is_spelled_reads_back(tmp_path: Path) -> None:
    profile, _ = under_owls(tmp_path)
    content = profile.kept_key()
    assert spelled(read_form(content)) == content
    former_key = bytes(range(72))
    for form in (read_form(content), draw_key(), InKeyring(entry="0" * 32)):
        both = with_former(form, former_key)
        assert read_form(spelled(both)) == both
        assert former(both) == former_key
        assert without_former(both) == form
        assert former(form) is None
    assert json.loads(content)["memory_bytes"] == CHEAP.memory_bytes


def test_a_key_file_that_cannot_be_replaced_stays(tmp_path: Path) -> None:
    in_the_way = tmp_path / "database.key"
    in_the_way.mkdir()
    with pytest.raises(OSError, match="directory"):
        replace_key_file(in_the_way, b"another")
    assert list(tmp_path.iterdir()) == [in_the_way]


def test_the_key_that_lay_there_as_it_is_was_overwritten(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    key = open_key(profile)
    with profile.key_path.open("rb") as old:
        keep_otherwise(profile, key, "passphrase", OWLS, stretching=CHEAP)
        old.seek(0)
        assert key.raw not in old.read()


# ---- wrong passphrases --------------------------------------------------------------------------


def test_a_wrong_passphrase_is_told_and_ends_with_6(tmp_path: Path) -> None:
    profile, _ = under_owls(tmp_path)
    with pytest.raises(LockedError, match="This is not the passphrase") as refusal:
        open_key(profile, Passphrase("three large owls"))
    assert refusal.value.exit_code is ExitCode.LOCKED
    with pytest.raises(LockedError, match="RESTANTE_PASSPHRASE_FILE"):
        open_key(profile)


def test_wrong_passphrases_slow_down_and_the_right_one_ends_it(tmp_path: Path) -> None:
    path, now = tmp_path / "tries", 1_000_000.0
    waits = []
    for _ in range(14):
        wait = tries.wait_s(path, now_s=now)
        waits.append(wait)
        if wait:
            with pytest.raises(tries.TooSoonError), tries.a_try(path, now_s=now):
                pytest.fail("it was not tried")
            now += wait
        with tries.a_try(path, now_s=now):
            pass
    assert waits == [0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    now += 300
    with tries.a_try(path, now_s=now) as this:
        this.was_right()
    assert tries.wait_s(path, now_s=now) == 0


def test_a_wrong_passphrase_too_soon_is_not_even_tried(tmp_path: Path) -> None:
    profile, _ = under_owls(tmp_path)
    for _ in range(tries.FREE_TRIES + 1):
        with pytest.raises(LockedError):
            open_key(profile, Passphrase("three large owls"))
    profile.tries_path.write_text(f"12 {2**33}")  # long ago it wasn't: a clock set back
    with pytest.raises(LockedError, match="too many wrong passphrases"):
        open_key(profile, OWLS)
    assert 0 < seconds_to_wait(profile) <= tries.LONGEST_WAIT_S


def test_a_clock_set_back_closes_for_the_longest_wait_and_not_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "tries"
    path.write_text("20 5000000")
    with pytest.raises(tries.TooSoonError), tries.a_try(path, now_s=1000.0):
        pytest.fail("it was not tried")
    assert tries.wait_s(path, now_s=1100.0) == 200
    assert tries.wait_s(path, now_s=1301.0) == 0


def test_a_try_is_counted_before_it_is_made(tmp_path: Path) -> None:
    """Whoever is killed in the middle of one has made it."""
    path = tmp_path / "tries"
    with tries.a_try(path, now_s=50.0):
        assert path.read_text() == "1 50\n"


@pytest.mark.parametrize("content", ["", "x", "1", "1 2 3", "\x00" * 70])
def test_a_damaged_count_is_no_bar(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tries"
    path.write_text(content)
    with tries.a_try(path, now_s=50.0) as this:
        this.was_right()


# ---- where passphrases come from ----------------------------------------------------------------


def test_a_passphrase_is_the_first_line_of_a_descriptor(tmp_path: Path) -> None:
    for written, said in (
        (b"three small owls\nrest", "three small owls"),
        (b"caf\xc3\xa9", "café"),
    ):
        reading, writing = os.pipe()
        os.write(writing, written)
        os.close(writing)
        assert given({}, descriptor=reading) == said
        os.close(reading)
    with pytest.raises(UserError, match="descriptor 977"):
        given({}, descriptor=977)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"x" * 5000])
def test_a_file_without_a_passphrase_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "passphrase"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(UserError, match="There is no passphrase"):
        given({VARIABLE: str(path)}, descriptor=None)


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    path.write_text("three small owls\n")
    path.chmod(0o644)
    with pytest.raises(UserError, match="chmod 0600"):
        given({VARIABLE: str(path)}, descriptor=None)
    path.chmod(0o600)
    assert given({VARIABLE: str(path)}, descriptor=None) == "three small owls"
    profile, key = under_owls(tmp_path)
    assert key_from_file(profile, {VARIABLE: str(path)}) == key
    assert key_from_file(profile, {}) is None
    assert key_from_file(make_profile(tmp_path, "plain"), {VARIABLE: str(path)}) is None
    with pytest.raises(UserError, match="can't be read"):
        given({VARIABLE: str(tmp_path / "nowhere")}, descriptor=None)


def test_a_new_passphrase_is_asked_for_twice_and_has_eight_characters() -> None:
    assert ask_new(lambda _prompt: "three small owls") == "three small owls"
    answers = iter(["one", "other"])
    with pytest.raises(UserError, match="two different"):
        ask_new(lambda _prompt: next(answers))
    with pytest.raises(UserError, match="at least 8"):
        read_new_passphrase("1234567")
    with pytest.raises(UserError, match="No passphrase was given"):
        read_passphrase("")


def test_a_profile_that_is_there_is_not_made_anew(tmp_path: Path) -> None:
    profile, _ = under_owls(tmp_path)
    assert new_key(profile, "passphrase", lambda: None, lambda _prompt: "") == (None, None)
    with pytest.raises(UserError, match="restante passphrase set"):
        new_key(make_profile(tmp_path, "other"), "passphrase", lambda: None, lambda _prompt: "")


# ---- the keyring --------------------------------------------------------------------------------


def test_without_a_keyring_the_key_is_kept_as_before(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    with pytest.raises(UserError, match="no keyring on this system"):
        keep_otherwise(profile, open_key(profile), "keyring")
    assert kept_by(profile) == "file"


def test_a_keyring_keeps_the_key_and_forgets_it(
    tmp_path: Path, keyring_in: InMemoryKeyring
) -> None:
    profile, key = under_owls(tmp_path)
    key = keep_otherwise(profile, key, "keyring")
    assert kept_by(profile) == "keyring"
    assert key.raw.hex() not in profile.key_path.read_text()
    assert open_key(profile) == key
    (entry,) = keyring_in.kept
    assert keyring_in.kept[entry] == key.raw.hex()
    key = keep_otherwise(profile, key, "passphrase", OWLS, stretching=CHEAP)
    assert not keyring_in.kept
    assert open_key(profile, OWLS) == key


def test_a_keyring_that_is_locked_or_has_lost_the_key_is_told(
    tmp_path: Path, keyring_in: InMemoryKeyring
) -> None:
    profile = make_profile(tmp_path)
    key = open_key(profile)
    keep_otherwise(profile, key, "keyring")
    keyring_in.is_locked = True
    with pytest.raises(LockedError, match="keyring"):
        open_key(profile)
    keyring_in.is_locked = False
    keyring_in.kept.clear()
    with pytest.raises(UserError, match="hasn't the profile's key"):
        open_key(profile)
    keyring_in.loses = True
    other = make_profile(tmp_path, "other")
    with pytest.raises(UserError, match="didn't take the key"):
        keep_otherwise(other, open_key(other), "keyring")
    assert kept_by(other) == "file"
