"""`relay up` on a machine of its own: a chroot with namespaces for mounts, processes and network.

Everything in it is real but systemd, which can't be run there: a script in its place starts the
unit's ExecStart as the unit's user, with the capability that the unit leaves it and no other.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from restante.protocol.code import CodeType, parse_code
from restante.relay.hosting import service
from restante.relay.hosting.texts import SERVICE

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a system user"),
    pytest.mark.needs("systemd-analyze"),
]

SYSTEMCTL = f"""#!/bin/bash
unit=/etc/systemd/system/{service.UNIT}
runs() {{ [ -e /var/pid ] && grep -qs '^State:.[RSD]' /proc/$(cat /var/pid)/status; }}
if [ "$1" = show ]; then
    if runs; then echo active; elif [ -e /var/failed ]; then echo failed; else echo inactive; fi
    exit
fi
echo "$*" >> /var/calls
case "$*" in
"reset-failed {service.UNIT}")
    rm /var/failed ;;
"--quiet enable {service.UNIT}")
    mkdir -p /etc/systemd/system/multi-user.target.wants
    ln -s $unit /etc/systemd/system/multi-user.target.wants/{service.UNIT} ;;
"--quiet disable {service.UNIT}")
    rm /etc/systemd/system/multi-user.target.wants/{service.UNIT} ;;
"stop {service.UNIT}")
    kill $(cat /var/pid)
    while runs; do sleep 0.02; done ;;
"restart {service.UNIT}")
    if [ -e /var/failed ]; then
        echo "Start request repeated too quickly." >&2
        exit 1
    fi
    ! runs || kill $(cat /var/pid)
    while runs; do sleep 0.02; done
    setpriv --reuid={SERVICE} --regid={SERVICE} --clear-groups --no-new-privs \\
        --inh-caps=-all,+net_bind_service --ambient-caps=-all,+net_bind_service \\
        --bounding-set=-all,+net_bind_service \\
        $(sed -n 's/^ExecStart=//p' $unit) >/var/log-of-relay 2>&1 </dev/null &
    echo $! > /var/pid ;;
esac
"""

MACHINE = """
set -e
mkdir -p "$1/new"
mount --make-rprivate /
mount --rbind / "$1/new"
for each in etc var opt run root; do
    mkdir -p "$1/$each" "$1/new/$each"
    mount --bind "$1/$each" "$1/new/$each"
done
mkdir -p "$1/opt/python" "$1/run/systemd/system"
mount --rbind "$2" "$1/new/opt/python"
for each in "$2" "$4"; do  # Python finds its library, and us, also below one of those
    mkdir -p "$1/new$each"
    mount --rbind "$each" "$1/new$each"
done
mount -t proc proc "$1/new/proc"
exec chroot "$1/new" bash -c "$3"
"""

LOOPBACK_UP = """
import fcntl, socket, struct
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh22x", b"lo", 1))
"""
"""SIOCSIFFLAGS with IFF_UP. Source: netdevice(7)."""


def _may_have_a_machine() -> bool:
    done = subprocess.run(
        [
            *("unshare", "--mount", "--net", "--pid", "--fork", "bash", "-c"),
            "mount --make-rprivate / && mount -t proc proc /proc",
        ],
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
    return done.returncode == 0


@pytest.fixture
def machine() -> Iterator[Path]:
    """The files of a machine: no users, no settings, Restante in /opt/restante."""
    if not _may_have_a_machine():
        pytest.skip("only where mount namespaces are allowed")
    # Not in memory: programs can't be started from there everywhere.
    folder = Path(tempfile.mkdtemp(prefix="restante-machine-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def on(machine: Path, script: str) -> str:
    """Run a script on the machine; return what it printed."""
    base = Path(sys.base_prefix)
    (machine / "var").mkdir(exist_ok=True)
    systemctl = machine / "var" / "systemctl"
    systemctl.write_text(SYSTEMCTL)
    systemctl.chmod(0o755)
    (machine / "var" / "lo.py").write_text(LOOPBACK_UP)
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    done = subprocess.run(
        [
            *("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"),
            *("bash", "-c", MACHINE, "-", str(machine), str(base)),
            f"set -e; PATH=/var:$PATH; /opt/python/bin/{python} /var/lo.py\n{script}",
            str(ROOT),
        ],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


INSTALL = """
/opt/python/bin/{python} -m venv --without-pip /opt/restante
printf '%s\\n' '{root}' '{packages}' > /opt/restante/lib/{python}/site-packages/here.pth
program=/opt/restante/bin/restante
printf '#!/opt/restante/bin/python\\nfrom restante.cli import main\\nmain()\\n' > $program
chmod 755 $program
""".format(
    python=f"python{sys.version_info.major}.{sys.version_info.minor}",
    root=ROOT,
    packages=sysconfig.get_path("purelib"),
)


def test_up_starts_it_invites_and_is_idempotent_and_down_takes_it_back(machine: Path) -> None:
    said = on(
        machine,
        f"""
{INSTALL}
up="/opt/restante/bin/restante relay up --domain relay.example --yes --json"
$up; echo ==; cat /var/calls; echo ==; : > /var/calls
$up; echo ==; cat /var/calls; echo ==; : > /var/calls
/opt/restante/bin/restante relay invite new --data {service.DATA_PATH} --uses 5 --json; echo ==
cat /proc/$(cat /var/pid)/status; echo ==
cat {service.ADDRESS_PATH}; echo ==
stat -c '%U %a' {service.DATA_PATH} {service.DATA_PATH}/*; echo ==
systemctl stop {service.UNIT}
touch /var/failed
$up > /dev/null; systemctl show; systemctl --quiet disable {service.UNIT}; : > /var/calls; echo ==
/opt/restante/bin/restante relay down --purge --yes --json; echo ==
cat /var/calls; echo ==
ls -d {service.DATA_PATH} {service.SETTINGS_PATH} {service.UNIT_PATH} 2>/dev/null || true
id {SERVICE} 2>/dev/null || true
""",
    )
    parts = [part.strip("\n") for part in said.split("==\n")]
    first, calls, second, more_calls, another, status, address, owners, *rest = parts
    again, down, last_calls, left = rest
    objects: list[Any] = [json.loads(line) for line in first.splitlines()]
    assert [one["state"] for one in objects[:-1]] == ["made"] * 6
    invite = objects[-1]
    assert parse_code(invite["code"]).type is CodeType.RELAY_INVITE
    assert calls.split("\n") == [
        "daemon-reload",
        f"--quiet enable {service.UNIT}",
        f"restart {service.UNIT}",
    ]
    assert [json.loads(line)["state"] for line in second.splitlines()] == ["kept"] * 6
    assert more_calls == "", "nothing had changed, and nobody was disturbed"
    assert json.loads(another)["uses"] == 5, "root makes them beside the running relay"
    assert "CapBnd:\t0000000000000400" in status, "CAP_NET_BIND_SERVICE alone"
    assert address.startswith("relay.example#")
    assert {line.split()[0] for line in owners.splitlines()} == {SERVICE}
    assert all(int(line.split()[1], 8) & 0o077 == 0 for line in owners.splitlines()[:1])
    assert again == "active", "nothing had changed, but it had been stopped"
    states = [json.loads(line)["state"] for line in down.splitlines()]
    assert states == ["removed", "not there", *["removed"] * (len(states) - 2)]
    assert last_calls.split("\n") == [f"stop {service.UNIT}", "daemon-reload"]
    assert left.strip() == ""
