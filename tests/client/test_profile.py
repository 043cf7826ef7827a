"""Profiles: places, permissions, the key file and the lock."""

from __future__ import annotations

import multiprocessing
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from restante.client.engine import DATABASE_FILE
from restante.client.keeping.protection import open_key
from restante.client.lock import ProfileLock, holder
from restante.client.profile import (
    MAX_SOCKET_PATH_BYTES,
    Profile,
    home,
    locate_profile,
    profile_names,
)
from restante.client.settings import Settings, read_settings
from restante.errors import ExitCode, UserError
from tests.client.served_engine import make_profile


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_home_is_the_variable_then_the_platforms_place(tmp_path: Path) -> None:
    assert home({"RESTANTE_HOME": str(tmp_path)}) == tmp_path
    assert home({}).name == "restante"


def test_option_wins_over_variable_and_default(tmp_path: Path) -> None:
    environ = {"RESTANTE_HOME": str(tmp_path), "RESTANTE_PROFILE": "work"}
    assert locate_profile(None, environ).directory == tmp_path / "profiles" / "work"
    assert locate_profile("home", environ).name == "home"
    assert locate_profile(None, {"RESTANTE_HOME": str(tmp_path)}).name == "default"


@pytest.mark.parametrize("name", ["../other", "a/b", "Work", "-x", "x" * 33, "ä", "a\n"])
def test_a_name_that_could_leave_the_place_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="no profile name"):
        locate_profile(name, {"RESTANTE_HOME": str(tmp_path)})


def test_several_profiles_live_side_by_side(tmp_path: Path) -> None:
    first, second = make_profile(tmp_path, "alice"), make_profile(tmp_path, "bob")
    (tmp_path / "profiles" / "not-yet").mkdir()
    assert first.kept_key() != second.kept_key()
    assert first.socket_path != second.socket_path
    assert profile_names({"RESTANTE_HOME": str(tmp_path)}) == ["alice", "bob"]
    assert profile_names({"RESTANTE_HOME": str(tmp_path / "nowhere")}) == []


def test_created_files_are_their_owners_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        profile = make_profile(tmp_path)
    finally:
        os.umask(old)
    assert _mode(profile.directory) == 0o700
    assert _mode(profile.key_path) == 0o600
    assert len(profile.kept_key()) == 32
    assert sorted(path.name for path in profile.directory.iterdir()) == ["database.key"]


def test_creating_again_keeps_the_key(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    key = profile.kept_key()
    profile.create()
    assert profile.kept_key() == key


def _create_and_tell(place: Path, answers: multiprocessing.Queue[bytes]) -> None:
    answers.put(make_profile(place).kept_key())


def test_processes_that_create_at_once_agree_on_one_key(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[bytes] = spawn.Queue()
    racers = [spawn.Process(target=_create_and_tell, args=(tmp_path, answers)) for _ in range(4)]
    for racer in racers:
        racer.start()
    keys = {answers.get(timeout=60) for _ in racers}
    for racer in racers:
        racer.join(60)
        racer.close()
    answers.close()
    answers.join_thread()
    assert len(keys) == 1


@pytest.mark.parametrize(("which", "wanted"), [("key", "chmod 0600"), ("directory", "chmod 0700")])
def test_what_others_can_read_is_refused(tmp_path: Path, which: str, wanted: str) -> None:
    profile = make_profile(tmp_path)
    if which == "key":
        profile.key_path.chmod(0o640)
        with pytest.raises(UserError, match=wanted):
            profile.kept_key()
    else:
        profile.directory.chmod(0o755)
        with pytest.raises(UserError, match=wanted):
            profile.check()


def test_a_damaged_key_is_named_and_not_replaced(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    profile.key_path.write_bytes(b"short")
    profile.create()
    with pytest.raises(UserError, match=r"damaged: it holds 5 bytes, which are no key"):
        open_key(profile)


def test_a_lost_key_is_named_and_no_new_one_takes_its_place(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    profile.database_path.write_bytes(b"history")
    profile.key_path.unlink()
    with pytest.raises(UserError, match="missing"):
        profile.create()
    assert not profile.key_path.exists()


def test_the_place_of_the_database_is_the_engines(tmp_path: Path) -> None:
    assert make_profile(tmp_path).database_path == tmp_path / "profiles" / "default" / DATABASE_FILE


def test_a_key_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    profile.key_path.rename(tmp_path / "elsewhere")
    profile.key_path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="can't be read"):
        profile.kept_key()


def test_a_missing_profile_says_how_to_start(tmp_path: Path) -> None:
    profile = Profile(name="work", directory=tmp_path / "profiles" / "work")
    with pytest.raises(UserError, match="restante init --profile work"):
        profile.kept_key()


def test_a_file_where_the_place_should_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "profiles").write_text("in the way")
    with pytest.raises(UserError, match="RESTANTE_HOME"):
        make_profile(tmp_path)


def test_a_long_place_has_its_socket_in_a_short_one(tmp_path: Path) -> None:
    profile = make_profile(tmp_path / ("x" * 120))
    assert len(os.fsencode(profile.socket_path)) <= MAX_SOCKET_PATH_BYTES
    directory = profile.socket_directory()
    assert _mode(directory) == 0o700
    assert directory.stat().st_uid == os.getuid()
    other = make_profile(tmp_path / ("y" * 120))
    assert other.socket_path != profile.socket_path


def test_a_planted_socket_directory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        monkeypatch.setenv("XDG_RUNTIME_DIR", short)
        planted = Path(short) / "restante"
        planted.symlink_to(tmp_path)
        profile = make_profile(tmp_path / ("x" * 120))
        assert profile.socket_path.parent == planted
        with pytest.raises(UserError, match="somebody else"):
            profile.socket_directory()


def test_the_lock_is_taken_once_and_names_its_holder(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    with ProfileLock.try_acquire(profile) or pytest.fail("nobody holds it") as lock:
        assert ProfileLock.try_acquire(profile) is None
        assert holder(profile) == os.getpid()
        lock.release()
        again = ProfileLock.try_acquire(profile)
        assert again is not None
        again.release()


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    program = (
        "import sys, pathlib\n"
        "from restante.client.lock import ProfileLock\n"
        "from restante.client.profile import Profile\n"
        "lock = ProfileLock.try_acquire(Profile(name='p', directory=pathlib.Path(sys.argv[1])))\n"
        "print(lock is not None, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(profile.directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "True\n"
        assert ProfileLock.try_acquire(profile) is None
        child.kill()
        child.wait(60)
    lock = ProfileLock.try_acquire(profile)
    assert lock is not None
    lock.release()


def test_settings_are_read_and_what_is_unknown_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    assert read_settings(path) == Settings()
    path.write_text('[network]\nproxy = "socks5://127.0.0.1:9050"\n')
    assert read_settings(path).network.proxy == "socks5://127.0.0.1:9050"
    for wrong in (
        '[network]\nproxi = "socks5://127.0.0.1:9050"\n',  # a typing error must not mean "no Tor"
        '[network]\nproxy = "http://127.0.0.1:9050"\n',
        '[network]\nproxy = "socks5://127.0.0.1"\n',
        "[network\n",
        "[log]\nmax_bytes = 1\n",
        "\xff",
    ):
        path.write_bytes(wrong.encode("latin-1"))
        with pytest.raises(UserError) as caught:
            read_settings(path)
        assert str(path) in str(caught.value)
        assert caught.value.exit_code is ExitCode.FIXABLE
