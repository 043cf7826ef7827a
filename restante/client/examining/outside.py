"""What can be seen of a profile without its keys: files, who runs it, the disk, the terminal.

Rule: changes nothing, and no look can fail without becoming a finding. Nothing is said of what the
files hold. Spec: docs/cli.md, section "doctor".
"""

from __future__ import annotations

import locale
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from restante.client.attach import attach
from restante.client.examining.terminal import Answers, ask_terminal, look_at_terminal
from restante.client.interface import Finding
from restante.client.keeping.protection import kept_by, open_key
from restante.client.lock import ProfileLock, holder
from restante.client.profile import Profile
from restante.client.settings import read_settings
from restante.errors import UserError

LITTLE_ROOM_BYTES: Final = 200 * 1024 * 1024
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def look_outside(
    profile: Profile,
    environ: Mapping[str, str],
    *,
    is_tty: bool,
    ask: Callable[[], Answers] = ask_terminal,
) -> list[Finding]:
    """Look at everything, one after the other."""
    found = [*_profile(profile)]
    if found[0].state != "bad":
        looks: tuple[Callable[[Profile], Finding], ...] = (_keys, _settings, _engine, _disk)
        found += [look(profile) for look in looks]
    terminal = _terminal(environ, is_tty=is_tty)
    found.append(terminal)
    if terminal.state == "ok":
        found += look_at_terminal(environ, ask())
    return found


def _profile(profile: Profile) -> Iterator[Finding]:
    if not profile.exists:
        lost = profile.database_path.exists()
        yield Finding(
            check="profile",
            state="bad",
            found=f"{profile.directory} holds a history without its key file."
            if lost
            else f"There is no profile {profile.name!r}.",
            fix="Restore database.key from a backup."
            if lost
            else "Make one: restante init --address NAME@HOST --invite CODE",
        )
        return
    yield Finding(check="profile", state="ok", found=f"{profile.name!r}, in {profile.directory}.")
    opened, others = [], []
    for path in (profile.directory, *sorted(profile.directory.rglob("*"))):
        try:
            status = path.lstat()
        except FileNotFoundError:
            continue  # gone meanwhile: an engine is at work
        if status.st_uid != os.getuid():
            others.append(path)
        elif not stat.S_ISLNK(status.st_mode) and status.st_mode & _OTHERS:
            opened.append(path)
    if others:
        yield Finding(
            check="permissions",
            state="bad",
            found=f"{others[0]} belongs to somebody else.",
            fix=f"Run: sudo chown -R {os.getuid()} {profile.directory}",
        )
    elif opened:
        yield Finding(
            check="permissions",
            state="bad",
            found=f"Others can read {opened[0]}"
            + (f", and {len(opened) - 1} more." if len(opened) > 1 else "."),
            fix=f"Run: chmod -R go= {profile.directory}",
        )
    else:
        yield Finding(check="permissions", state="ok", found="All of it is yours alone.")


def _keys(profile: Profile) -> Finding:
    try:
        how = kept_by(profile)
        if how == "keyring":
            open_key(profile)
    except UserError as error:
        return Finding(check="keys", state="bad", found=str(error))
    if how == "passphrase":
        return Finding(check="keys", state="ok", found="Under a passphrase.")
    if how == "keyring":
        return Finding(check="keys", state="ok", found="In the system's keyring, which has them.")
    return Finding(
        check="keys",
        state="warning",
        found="In a file: whoever has this profile's files can read everything.",
        fix="Set a passphrase: restante passphrase set. Or encrypt the disk.",
    )


def _settings(profile: Profile) -> Finding:
    try:
        read_settings(profile.settings_path)
    except UserError as error:
        return Finding(check="settings", state="bad", found=str(error))
    return Finding(check="settings", state="ok", found="As they should be.")


def _engine(profile: Profile) -> Finding:
    try:
        attached = attach(profile)
    except UserError as error:
        return Finding(check="engine", state="bad", found=str(error))
    if attached is not None:
        attached.close()
        return Finding(check="engine", state="ok", found=f"Process {holder(profile)} runs it.")
    lock = ProfileLock.try_acquire(profile)
    if lock is None:
        return Finding(
            check="engine",
            state="bad",
            found=f"Process {holder(profile)} holds the profile and doesn't answer.",
            fix="If it isn't just starting, end it: kill PROCESS. Then try again.",
        )
    lock.release()
    return Finding(check="engine", state="ok", found="None runs; commands start their own.")


def _disk(profile: Profile) -> Finding:
    free_bytes = shutil.disk_usage(profile.directory).free
    room = f"{free_bytes >> 20} MiB are free."
    if free_bytes < LITTLE_ROOM_BYTES:
        return Finding(
            check="disk",
            state="warning",
            found=room,
            fix="Free some space: on a full disk nothing is sent and nothing arrives.",
        )
    return Finding(check="disk", state="ok", found=room)


def _terminal(environ: Mapping[str, str], *, is_tty: bool) -> Finding:
    if not is_tty:
        return Finding(check="terminal", state="skipped", found="This isn't one.")
    kind = environ.get("TERM", "")
    encoding = locale.getpreferredencoding(False)
    if kind in {"", "dumb"}:
        return Finding(
            check="terminal",
            state="warning",
            found=f"TERM is {kind!r}: the chat can't draw on it.",
            fix="Set TERM to what your terminal is, as xterm-256color.",
        )
    if encoding.lower().replace("-", "") != "utf8":
        return Finding(
            check="terminal",
            state="warning",
            found=f"The locale's character set is {encoding}: texts beyond it are escaped.",
            fix="Choose a UTF-8 locale, as LANG=C.UTF-8.",
        )
    inside = ", inside tmux" if environ.get("TMUX") else ""
    return Finding(check="terminal", state="ok", found=f"{kind}{inside}: UTF-8.")
