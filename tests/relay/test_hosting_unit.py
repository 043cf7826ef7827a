"""What `relay up` puts there: the unit and the settings; then the unit's ExecStart, unprivileged.

What needs a machine run by systemd (the start of the unit itself) can't be tested here, and
docs/self-hosting.md says so.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from configparser import RawConfigParser
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from restante.protocol.code import CodeType, parse_code
from restante.relay.hosting import service, system
from restante.relay.hosting.texts import SERVICE, settings_text, unit_text
from restante.relay.settings import read_settings
from tests.relay.hosting import (
    DATA,
    ONION,
    PATIENCE_S,
    PROGRAM,
    UNIT,
    as_root,
    needs_systemd,
    up,
)
from tests.relay.test_service import _certificate

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
