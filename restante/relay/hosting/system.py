"""The machine that a relay is put on: its files, its users, its service manager.

Rule: the one module of the package that starts programs, by argument vectors and under deadlines.
With a root other than `/` it writes below that and starts no service. Spec: docs/self-hosting.md.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import subprocess  # the rule above
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from restante.errors import UserError

PROGRAM_S: Final = 60.0
_LIVE: Final = Path("/run/systemd/system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """A user of the machine, by numbers."""

    uid: int
    gid: int


class Machine:
    """A machine, or a directory that will be the root of one."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root.absolute()

    @property
    def is_this(self) -> bool:
        """Whether it is the machine that we run on."""
        return self.root == Path("/")

    def check(self) -> None:
        """Raise UserError if nothing can be put here."""
        if not self.root.is_dir():
            raise UserError(f"There is no directory {self.root}. Choose another --root.")
        if not self.is_this:
            return
        if os.geteuid() != 0:
            raise UserError("Only root can put a service here. Run it again with sudo.")
        if not _LIVE.is_dir():
            raise UserError(
                "This machine isn't run by systemd. Take the container image, or put the files "
                "below another directory with --root."
            )

    def at(self, path: str) -> Path:
        """Return where a path of the machine is for us."""
        return self.root / path.lstrip("/")

    # ---- files --------------------------------------------------------------------------

    def read(self, path: str) -> str | None:
        """Return a file's text, or None if there is no such file."""
        try:
            return self.at(path).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{self.at(path)} can't be read: {_why(error)}.") from error

    def write(self, path: str, text: str, *, mode: int, owner: Ids | None = None) -> None:
        """Write a file, whole or not at all."""
        target = self.at(path)
        fresh = target.with_name(f".{target.name}.new")
        try:
            target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            fresh.write_text(text, encoding="utf-8")
            fresh.chmod(mode)
            if owner is not None:
                os.chown(fresh, owner.uid, owner.gid)
            fresh.replace(target)
        except OSError as error:
            raise UserError(f"{target} can't be written: {_why(error)}.") from error

    def make_directory(self, path: str, *, mode: int, owner: Ids) -> None:
        """Make a directory of somebody's."""
        target = self.at(path)
        try:
            target.mkdir(mode=mode, parents=True, exist_ok=True)
            target.chmod(mode)
            os.chown(target, owner.uid, owner.gid)
        except OSError as error:
            raise UserError(f"{target} can't be made: {_why(error)}.") from error

    def remove(self, path: str) -> None:
        """Remove a file, or a directory with all that is in it; what isn't there stays so."""
        target = self.at(path)
        try:
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target)
            else:
                target.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(f"{target} can't be removed: {_why(error)}.") from error

    # ---- users and services -------------------------------------------------------------

    def ids(self, name: str) -> Ids | None:
        """Return a user of the machine."""
        for line in (self.read("/etc/passwd") or "").splitlines():
            fields = line.split(":")
            if fields[0] == name and len(fields) > 3:
                return Ids(uid=int(fields[2]), gid=int(fields[3]))
        return None

    def make_users(self, declaration: str) -> None:
        """Make the users that a file in /etc/sysusers.d declares."""
        self._run("systemd-sysusers", *self._root_option(), declaration)

    def remove_user(self, name: str) -> None:
        """Remove a system user and its group."""
        prefix = () if self.is_this else ("--prefix", str(self.root))
        self._run("userdel", *prefix, name)

    def enable(self, unit: str) -> None:
        """Have a unit started with the machine."""
        if self.is_this:
            self._run("systemctl", "daemon-reload")
        self._run("systemctl", "--quiet", *self._root_option(), "enable", unit)

    def disable(self, unit: str) -> None:
        """Have a unit started no more with the machine."""
        self._run("systemctl", "--quiet", *self._root_option(), "disable", unit)

    def state_of(self, unit: str) -> str:
        """Return systemd's word for what a unit does, as `active`, `activating` or `inactive`."""
        if not self.is_this:
            return "inactive"
        asked = ["systemctl", "show", "--property=ActiveState", "--value", unit]
        return run_program(asked).strip()

    def stop(self, unit: str) -> None:
        """Stop a unit, also one that is being started again and again."""
        self._run("systemctl", "stop", unit)

    def restart(self, unit: str) -> None:
        """Start a unit, or start it anew, also one that has failed too often of late."""
        if self.state_of(unit) == "failed":
            self._run("systemctl", "reset-failed", unit)
        self._run("systemctl", "restart", unit)

    def forget(self) -> None:
        """Have the service manager read its units again."""
        if self.is_this:
            self._run("systemctl", "daemon-reload")

    def _root_option(self) -> tuple[str, ...]:
        return () if self.is_this else (f"--root={self.root}",)

    def _run(self, program: str, *arguments: str) -> None:
        run_program([program, *arguments])


def run_program(argv: list[str], *, user: Ids | None = None) -> str:
    """Run a program to its end and return what it printed. Raises UserError."""
    found = shutil.which(argv[0], path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise UserError(f"There is no {argv[0]} here. Restante's service is for Debian's systemd.")
    more: dict[str, object] = (
        {} if user is None else {"user": user.uid, "group": user.gid, "extra_groups": ()}
    )
    try:
        done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603  # no shell, our own words
            [found, *argv[1:]],
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PROGRAM_S,
            **more,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"{argv[0]} can't be run: {_why(error)}.") from error
    if done.returncode:
        said = " ".join(done.stderr.split())[-300:] or f"exit code {done.returncode}"
        raise UserError(f"{' '.join(argv)} failed: {said}")
    output: str = done.stdout
    return output


def program_here() -> str:
    """Return the path of `restante` that a service can start. Raises UserError."""
    import sys  # noqa: PLC0415  # where Python is, for this alone

    program = Path(sys.prefix) / "bin" / "restante"
    if not program.exists():
        raise UserError(f"There is no {program}: install Restante, as docs/self-hosting.md says.")
    return str(program)


def check_program(program: str) -> None:
    """Raise UserError if a service with a user of its own couldn't start a program."""
    real = {Path(program), Path(program).resolve(), (Path(program).parent / "python").resolve()}
    for path in sorted(real):
        hidden = path.is_relative_to("/home") or path.is_relative_to("/root")
        if hidden or any(not parent.stat().st_mode & 0o001 for parent in path.parents):
            raise UserError(
                f"The service can't reach {path}. Install Restante where all users can read it: "
                "python3 -m venv /opt/restante, then /opt/restante/bin/pip install restante."
            )


def readable_by(path: Path, user: Ids) -> bool:
    """Whether a user may read a file: by its mode, and that of every directory above."""

    def may(of: Path, right: int) -> bool:
        status = of.stat()
        if status.st_uid == user.uid:
            return bool(status.st_mode & right << 6)
        if status.st_gid == user.gid:
            return bool(status.st_mode & right << 3)
        return bool(status.st_mode & right)

    try:
        real = path.resolve(strict=True)
        return may(real, 0o4) and all(may(parent, 0o1) for parent in real.parents)
    except OSError:
        return False


def public_address() -> str | None:
    """Return this machine's own address on the internet, if it has one. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # chooses a route, and no more
            address: str = probe.getsockname()[0]
        except OSError:
            return None
    return address if ipaddress.ip_address(address).is_global else None


def firewall_hint(port: int) -> str:
    """Return what to do so that clients come through."""
    if shutil.which("ufw"):
        return f"If ufw is on, let clients in: ufw allow {port}/tcp"
    if shutil.which("nft"):
        return (
            f"If nftables filters here, let clients in: nft add rule inet filter input tcp dport "
            f"{port} accept"
        )
    return f"If your provider has a firewall, let TCP port {port} in."


def _why(error: Exception) -> str:
    return (getattr(error, "strerror", None) or type(error).__name__).lower()
