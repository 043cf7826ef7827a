"""`relay up` below a root of its own, with real files and users; then its ExecStart, unprivileged.

What needs a machine run by systemd (the start of the unit itself) can't be tested here, and
docs/self-hosting.md says so.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from configparser import RawConfigParser
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from restante.cli import run_cli
from restante.client.verbs.invocation import Invocation
from restante.errors import ExitCode, UserError
from restante.protocol.code import CodeType, parse_code
from restante.relay.hosting import service, system
from restante.relay.hosting.texts import SERVICE, settings_text, unit_text
from restante.relay.settings import read_settings
from tests.relay.test_service import _certificate

PATIENCE_S = 60
PROGRAM = str(Path(sys.prefix) / "bin" / "restante")
UNIT = service.UNIT_PATH.lstrip("/")
SETTINGS = service.SETTINGS_PATH.lstrip("/")
DATA = service.DATA_PATH.lstrip("/")
ONION = "v" * 56 + ".onion"

# Root makes users and gives files away, as on a server; CI is root.
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a system user")
needs_systemd = pytest.mark.needs("systemd-analyze")


@pytest.fixture
def root() -> Iterator[Path]:
    """A directory that others may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="restante-root-"))
    folder.chmod(0o755)
    (folder / "etc").mkdir()
    yield folder
    shutil.rmtree(folder)


def relay(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[Any], str]:
    """Run a command of the relay's; return its code, its objects and what it says to people."""
    capsys.readouterr()
    code = run_cli(["relay", *arguments, "--json"])
    said = capsys.readouterr()
    return code, [json.loads(line) for line in said.out.splitlines()], said.err


def up(capsys: pytest.CaptureFixture[str], root: Path, *more: str) -> list[str]:
    """Run `up`; return the states of its steps."""
    code, objects, said = relay(capsys, "up", "--root", str(root), "--yes", *more)
    assert code == ExitCode.OK, said
    assert "Nothing was started" in said
    return [one["state"] for one in objects]


def files(root: Path) -> dict[str, str]:
    """Return what is below a root, but for the files that user tools leave beside their own."""
    return {
        str(path.relative_to(root)): path.read_text(errors="replace") if path.is_file() else "/"
        for path in sorted(root.rglob("*"))
        if not path.name.endswith("-") and path.name != ".pwd.lock"
    }


# ---- up and down ----------------------------------------------------------------------------


@as_root
@needs_systemd
def test_up_makes_the_whole_service_and_nothing_again(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert up(capsys, root, "--domain", "relay.example") == ["made"] * 6
    ids = system.Machine(root).ids(SERVICE)
    assert ids is not None
    assert 0 < ids.uid < 1000, "a system user"
    assert (root / DATA).stat().st_mode & 0o777 == 0o700
    assert ((root / DATA).stat().st_uid, (root / DATA).stat().st_gid) == (ids.uid, ids.gid)
    settings = (root / SETTINGS).stat()
    assert (settings.st_mode & 0o777, settings.st_uid, settings.st_gid) == (0o640, 0, ids.gid)
    assert (root / service.WANTED_PATH.lstrip("/")).is_symlink()
    before = files(root)
    assert up(capsys, root, "--domain", "relay.example") == ["kept"] * 6
    assert files(root) == before


@as_root
@needs_systemd
def test_a_dry_run_says_what_it_would_do_and_does_nothing(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(root)
    asked = ("up", "--root", str(root), "--domain", "relay.example", "--dry-run")
    code, objects, _ = relay(capsys, *asked)
    assert code == ExitCode.OK
    assert {one["state"] for one in objects} == {"would be made"}
    assert len(objects) == 6
    assert files(root) == before
    up(capsys, root, "--domain", "relay.example")
    before = files(root)
    code, objects, _ = relay(capsys, "down", "--root", str(root), "--purge", "--dry-run")
    assert code == ExitCode.OK
    assert {one["state"] for one in objects} == {"would be removed"}
    assert files(root) == before


@as_root
@needs_systemd
def test_down_leaves_the_data_and_purge_leaves_nothing(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    up(capsys, root, "--domain", "relay.example")
    (root / DATA / "relay.sqlite3").write_bytes(b"people's letters")
    code, _, said = relay(capsys, "down", "--root", str(root), "--yes")
    assert code == ExitCode.OK
    assert "The data is still in" in said
    assert not (root / UNIT).exists()
    assert not (root / service.WANTED_PATH.lstrip("/")).is_symlink()
    assert (root / DATA / "relay.sqlite3").read_bytes() == b"people's letters"
    assert up(capsys, root, "--domain", "relay.example") == ["kept"] * 4 + ["made"] * 2
    assert (root / DATA / "relay.sqlite3").exists()
    assert relay(capsys, "down", "--root", str(root), "--yes", "--purge")[0] == ExitCode.OK
    assert system.Machine(root).ids(SERVICE) is None
    assert [path for path in files(root) if "restante" in path and path != "etc/restante"] == []
    code, objects, _ = relay(capsys, "down", "--root", str(root), "--purge")
    assert (code, {one["state"] for one in objects}) == (ExitCode.OK, {"not there"})


@as_root
@needs_systemd
def test_up_mends_the_unit_and_never_touches_the_settings(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    up(capsys, root, "--domain", "relay.example")
    unit = (root / UNIT).read_text()
    (root / UNIT).write_text(unit + "# meddled with\n")
    settings = (root / SETTINGS).read_text().replace("open_registration = false", "# mine")
    (root / SETTINGS).write_text(settings)
    assert up(capsys, root, "--domain", "relay.example").count("made") == 1
    assert (root / UNIT).read_text() == unit
    assert (root / SETTINGS).read_text() == settings
    before = files(root)
    for more, sentence in (
        (["--domain", "other.example"], "doesn't name other.example; nothing was changed"),
        (
            ["--domain", "relay.example", "--behind-proxy"],
            'Write into it: listen = "127.0.0.1:7441"; trusted_proxies = ["127.0.0.1", "::1"].',
        ),
        (
            ["--domain", "relay.example", "--tls-cert", "/c.pem", "--tls-key", "/k.pem"],
            'Write into it: tls_cert = "/c.pem"; tls_key = "/k.pem"; certified = true.',
        ),
    ):
        code, _, said = relay(capsys, "up", "--root", str(root), "--yes", *more)
        assert code == ExitCode.FIXABLE
        assert sentence in said
        assert files(root) == before, "also the unit"


@as_root
@needs_systemd
def test_up_in_another_way_writes_its_own_settings_anew(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ways: list[list[str]] = [
        [],
        ["--behind-proxy"],
        ["--tls-cert", "/c.pem", "--tls-key", "/k.pem"],
        [],
    ]
    for number, way in enumerate(ways):
        made = up(capsys, root, "--domain", "relay.example", *way).count("made")
        assert made == (1 + (number < 3) if number else 6)
        settings = read_settings(root / SETTINGS, environment={})
        assert settings.uses_tls is ("--behind-proxy" not in way)
        assert bool(settings.tls_cert) is ("--tls-cert" in way)
        may_bind = "\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n" in (root / UNIT).read_text()
        assert may_bind is (settings.listen_port < 1024)


@as_root
@needs_systemd
def test_where_else_it_listens_is_the_operators(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    up(capsys, root, "--domain", "relay.example:7443")
    written = (root / SETTINGS).read_text()
    mine = written.replace("[::]:7443", "0.0.0.0:8443")
    assert mine != written
    (root / SETTINGS).write_text(mine)
    assert up(capsys, root, "--domain", "relay.example:7443") == ["kept"] * 6
    (root / SETTINGS).write_text(written.replace("[::]:7443", "[::]:443"))
    asked = ("up", "--root", str(root), "--domain", "relay.example:7443", "--yes")
    code, _, said = relay(capsys, *asked)
    assert (code, 'listen = "[::]:7443"' in said) == (ExitCode.FIXABLE, True), (
        "the unit may not take 443"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--domain", "Relay Example"], "is no host"),
        (["--domain", "relay.example:443"], "Leave out :443"),
        (["--domain", "r.example", "--tls-cert", "c.pem"], "belong together"),
        (
            ["--domain", "r.example", "--behind-proxy", "--tls-cert", "c", "--tls-key", "k"],
            "Behind a proxy the proxy has the certificate",
        ),
        (["--domain", ONION, "--behind-proxy"], "speak TLS with the relay itself"),
        (["--domain", "r.example", "--root", "/no/such/root"], "There is no directory"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    root: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    code, objects, said = relay(capsys, "up", "--root", str(root), "--yes", *arguments)
    assert code == ExitCode.FIXABLE
    assert sentence in said
    assert [one["type"] for one in objects] == ["error"]
    assert files(root) == {"etc": "/"}


def test_without_a_terminal_it_asks_for_yes_and_does_nothing(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(os.devnull, encoding="utf-8") as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        code, _, said = relay(capsys, "up", "--root", str(root), "--domain", "relay.example")
    assert code == ExitCode.USAGE
    assert "Missing option '--yes'" in said
    assert files(root) == {"etc": "/"}


def test_a_program_that_the_service_could_not_reach_is_refused(tmp_path: Path) -> None:
    for place in ("/root/venv/bin/restante", "/home/anna/.local/bin/restante"):
        with pytest.raises(UserError, match="/opt/restante"):
            system.check_program(place)
    hidden = tmp_path / "private" / "bin"
    hidden.mkdir(parents=True)
    (tmp_path / "private").chmod(0o700)
    with pytest.raises(UserError, match="/opt/restante"):
        system.check_program(str(hidden / "restante"))


@as_root
@needs_systemd
def test_a_certificate_that_its_user_may_not_read_is_refused_with_what_to_do(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    up(capsys, root, "--domain", "relay.example")
    machine = system.Machine(root)
    ids = machine.ids(SERVICE)
    assert ids is not None
    cert, key = root / "etc" / "c.pem", root / "etc" / "k.pem"
    wish = service.checked_wish("relay.example", tls_cert="/etc/c.pem", tls_key="/etc/k.pem")
    for file in (cert, key):
        with pytest.raises(UserError, match=f"install -g restante-relay -m 640 /etc/{file.name}"):
            service.check_certificate(machine, wish)
        file.write_text("PEM")
        file.chmod(0o640)
        with pytest.raises(UserError, match=f"can't read .*{file.name}"):
            service.check_certificate(machine, wish)
        os.chown(file, 0, ids.gid)
    service.check_certificate(machine, wish)
    (root / "etc").chmod(0o700)
    with pytest.raises(UserError, match="can't read"):
        service.check_certificate(machine, wish)


class Terminal(io.StringIO):
    """Stdout as a person sees it."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_the_first_invite_is_drawn_for_people_and_not_for_programs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = "restante:r2zIj--ikAB1rH9zHP_yFa3QV_M7C1aEVrelay.example#"
    run = Invocation()
    assert run.qr(code) == [], "this is no terminal"
    monkeypatch.setattr(sys, "stdout", Terminal())
    lines = run.qr(code)
    assert len({len(line) for line in lines}) == 1
    assert len(lines) > 15
    assert Invocation.qr(_for_a_program(), code) == []


def _for_a_program() -> Invocation:
    run = Invocation()
    run.is_json = True
    return run


# ---- what is put there ----------------------------------------------------------------------

WISHES = {
    "direct": {"name": "relay.example"},
    "another port": {"name": "relay.example:7443"},
    "certified": {"name": "relay.example", "tls_cert": "/c.pem", "tls_key": "/k.pem"},
    "proxied": {"name": "relay.example", "is_behind_proxy": True},
    "onion": {"name": ONION},
}


@needs_systemd
@pytest.mark.parametrize("wish", WISHES.values(), ids=WISHES)
def test_the_unit_is_right_and_may_do_little(tmp_path: Path, wish: dict[str, Any]) -> None:
    wanted = service.checked_wish(**wish)
    unit = tmp_path / service.UNIT
    unit.write_text(unit_text(wanted, program=PROGRAM, settings=service.SETTINGS_PATH))
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert (verified.returncode, service.UNIT in verified.stderr) == (0, False), verified.stderr
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    exposure = re.search(r"exposure level for \S+: ([0-9.]+)", judged.stdout)
    assert exposure is not None, judged.stdout + judged.stderr
    assert float(exposure[1]) < 2.0
    assert judged.returncode == 0


@pytest.mark.parametrize("wish", WISHES.values(), ids=WISHES)
def test_the_settings_are_taken_as_they_are(tmp_path: Path, wish: dict[str, Any]) -> None:
    wanted = service.checked_wish(**wish)
    (tmp_path / "relay.toml").write_text(settings_text(wanted, data=service.DATA_PATH))
    settings = read_settings(tmp_path / "relay.toml", environment={})
    assert settings.data == service.DATA_PATH
    assert settings.names == [wish["name"]]
    assert not settings.open_registration
    assert settings.ops_listen == "127.0.0.1:7442"
    is_local = wanted.is_behind_proxy or wanted.is_onion
    assert settings.listen.startswith("127.0.0.1:" if is_local else "[::]:")
    assert settings.uses_tls is not wanted.is_behind_proxy


# ---- its start ------------------------------------------------------------------------------

CHROOT = """
set -e
mkdir -p "$1/new"
mount --make-rprivate /
mount --rbind / "$1/new"
mount --bind "$1/etc" "$1/new/etc"
mount --bind "$1/var" "$1/new/var"
if [ "$3" != / ]; then
    mount -t tmpfs tmpfs "$1/new/root" -o mode=755
    mkdir -p "$1/new$3"
    mount --rbind "$3" "$1/new$3"
fi
exec chroot "$1/new" setpriv --reuid="$2" --regid="$2" --clear-groups \\
    --inh-caps=-all --bounding-set=-all --no-new-privs "${@:4}"
"""
"""As the unit's service sees the machine: the files below the root at their places, and no right at
all. Python itself may lie below /root, where no such user may look: that part is brought along."""

NO_NEW_CODE = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""The unit's MemoryDenyWriteExecute, as far as a kernel from 6.3 on forbids it by itself."""


def _inside(root: Path, uid: int, argv: list[str]) -> list[str]:
    """Return a command that runs `argv` in a chroot made of the machine and the root's files."""
    base = Path(os.path.realpath(sys.executable)).parent.parent
    brought = str(base) if base.is_relative_to("/root") else "/"
    inside = [sys.executable, "-c", NO_NEW_CODE, *argv]
    return ["unshare", "--mount", "bash", "-c", CHROOT, "-", str(root), str(uid), brought, *inside]


def _can_unshare() -> bool:
    done = subprocess.run(
        ["unshare", "--mount", "mount", "--make-rprivate", "/"],
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
    return done.returncode == 0


@contextmanager
def _started(argv: list[str], **more: Any) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    """Start a relay; yield it, and what it says when it listens."""
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            line = process.stdout.readline()
            assert line, process.stderr.read()
            yield process, json.loads(line)
        finally:
            process.kill()


@as_root
@needs_systemd
def test_the_exact_start_of_the_unit_serves_without_any_right_and_invites(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not _can_unshare():
        pytest.skip("only where mount namespaces are allowed")
    up(capsys, root, "--domain", "127.0.0.1:17443", "--behind-proxy")
    ids = system.Machine(root).ids(SERVICE)
    assert ids is not None
    unit = RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their capitals
    unit.read(root / UNIT)
    start = shlex.split(unit["Service"]["ExecStart"])
    assert start == [PROGRAM, "relay", "serve", "--settings", service.SETTINGS_PATH, "--json"]
    free = {**os.environ, "RESTANTE_RELAY_LISTEN": "127.0.0.1:0", "RESTANTE_RELAY_OPS_LISTEN": ""}
    with _started(_inside(root, ids.uid, start), env=free) as (process, said):
        assert said["type"] == "listening"
        status = Path(f"/proc/{process.pid}/status").read_text()
        assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE)
        assert re.search(rf"^Uid:\t{ids.uid}\t{ids.uid}\t", status, re.MULTILINE)
        made = subprocess.run(
            _inside(
                root,
                ids.uid,
                [PROGRAM, "relay", "invite", "new", "--data", service.DATA_PATH, "--json"],
            ),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        assert made.returncode == 0, made.stderr
        assert parse_code(json.loads(made.stdout)["code"]).type is CodeType.RELAY_INVITE
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    owners = {path.stat().st_uid for path in (root / DATA).rglob("*")}
    assert owners == {ids.uid}
    modes = {path.stat().st_mode & 0o077 for path in (root / DATA).rglob("relay.sqlite3*")}
    assert modes == {0}


def test_the_start_of_the_unit_serves_with_a_certificate(tmp_path: Path) -> None:
    cert, key = _certificate(tmp_path)
    wish = service.checked_wish("127.0.0.1:17443", tls_cert=cert, tls_key=key)
    settings, data = tmp_path / "relay.toml", tmp_path / "data"
    settings.write_text(settings_text(wish, data=str(data)))
    unit = unit_text(wish, program=PROGRAM, settings=str(settings))
    start = shlex.split(re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)[0])
    free = {**os.environ, "RESTANTE_RELAY_LISTEN": "127.0.0.1:0", "RESTANTE_RELAY_OPS_LISTEN": ""}
    with _started(start, env=free) as (process, said):
        assert said == {"v": 1, "type": "listening", "address": "127.0.0.1:17443", "tls": True}
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


def test_without_a_certificate_it_makes_a_key_that_its_address_pins(tmp_path: Path) -> None:
    wish = service.checked_wish("127.0.0.1:17443")
    settings, data = tmp_path / "relay.toml", tmp_path / "data"
    settings.write_text(settings_text(wish, data=str(data)))
    free = {**os.environ, "RESTANTE_RELAY_LISTEN": "0.0.0.0:0", "RESTANTE_RELAY_OPS_LISTEN": ""}
    start = [PROGRAM, "relay", "serve", "--settings", str(settings), "--json"]
    addresses = set()
    for _ in range(2):
        with _started(start, env=free) as (process, said):
            assert said["tls"]
            addresses.add(said["address"])
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0
    (address,) = addresses
    assert address.startswith("127.0.0.1:17443#")
