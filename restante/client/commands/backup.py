"""`restante backup`: made, proven, taken in again, listed, and made by itself.

Rule: words come from stdin, never from the command line, where others could read them; a file's
place is made whole here, since the engine may run somewhere else. Spec: docs/cli.md, section
"backup".
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from restante.client.commands.changes import seconds
from restante.client.commands.init import made
from restante.client.commands.output import Output
from restante.client.commands.progress import ProgressLine
from restante.client.commands.records import local_time
from restante.client.commands.recovery import read_words
from restante.client.oneshot import Caller
from restante.client.profile import DEFAULT_NAME, Profile
from restante.client.sizes import size_text
from restante.errors import ExitCode, UserError

WORDS: Final = 24

_CAME_BACK: Final = (
    "The account is back with its history, with this device as its only one. Contacts who had "
    "verified you need not do it again. Your contact code is a new one: restante contact code"
)


def create(
    out: Output, caller: Caller, file: str | None, *, new_key: bool, files: bool
) -> ExitCode:
    """Write a backup, and say what opens it if that is new."""
    path = None if file is None else _whole(file)
    found = _watched(out, caller, "backup_create", path=path, new_key=new_key, files=files)
    text = f"{found['path']}\nBackup {found['number']}: {_amount(found)}."
    if found["words"] is not None:
        text += "\n\n" + _numbered(found["words"])
    out.data({"type": "backup_made", **found}, text)
    if found["words"] is not None:
        out.note(
            "These words open this backup and those to come. Write them down: they are not shown "
            "again, and without them nobody can read a backup on another machine."
        )
    if found["disappearing"]:
        out.note(f"Not in it: {found['disappearing']} messages that disappear.")
    if found["left_out"]:
        out.note(f"Not in it: {found['left_out']} rows or files that are damaged here.")
    return ExitCode.OK


def verify(
    out: Output,
    profile: Profile,
    open_caller: Callable[[Profile], Caller],
    file: str,
    *,
    asks: tuple[bool, bool],
) -> ExitCode:
    """Prove that a backup restores; also where there is no profile. `asks`: words; may ask."""
    wants_words, may_ask = asks
    words = None
    if wants_words or not profile.exists:
        words = read_words(may_ask=may_ask, of="the backup")
    if profile.exists:
        with open_caller(profile) as caller:
            found = _watched(out, caller, "backup_verify", path=_whole(file), words=words)
    else:
        found = _verify_here(out, Path(_whole(file)), words or "")
    out.data(
        {"type": "backup_checked", **found},
        f"Backup {found['number']} of {found['address']}, made {local_time(found['made_at'])}: "
        f"{_amount(found)}. All of it restores.",
    )
    if found["newest"] is not None and found["newest"] > found["number"]:
        out.note(f"It is not the newest: that is number {found['newest']}.")
    return ExitCode.OK


def restore(
    out: Output,
    profile: Profile,
    open_caller: Callable[[Profile], Caller],
    kept_key: Callable[[], bytes] | None,
    file: str,
    *,
    asks: tuple[bool, bool],
    older: bool,
) -> ExitCode:
    """Take a backup in, in a profile that is there or a new one."""
    wants_words, may_ask = asks
    path, words, kit = _whole(file), None, None
    if not Path(path).is_file():
        raise UserError(f"There is no file {path}.")
    with made(profile, kept_key), open_caller(profile) as caller:
        is_empty = caller.call("status")["address"] is None
        if wants_words or is_empty:
            count = 2 * WORDS if is_empty else WORDS
            words = read_words(may_ask=may_ask, of="the backup", count=count)
        if is_empty:
            words, kit = _two_secrets(words or "", may_ask=may_ask)
        found = _watched(
            out, caller, "backup_restore", path=path, words=words, kit=kit, older=older
        )
    out.data(
        {"type": "backup_restored", **found},
        f"Backup {found['number']}, made {local_time(found['made_at'])}: "
        f"{found['messages']} messages are here.",
    )
    if found["address"] is not None:
        out.note(_CAME_BACK)
    return ExitCode.OK


def ls(out: Output, caller: Caller) -> ExitCode:
    """List the backups that were made here."""
    states = {"there": "", "missing": "  (not there)", "another": "  (another file is there)"}
    for each in caller.call("backups"):
        made_at = local_time(each["made_at"])
        text = f"{each['number']}  {made_at}  {_amount(each)}  {each['path']}"
        out.data({"type": "backup_file", **each}, text + states[each["state"]])
    return ExitCode.OK


def schedule_now(out: Output, caller: Caller) -> ExitCode:
    """Say whether backups are made by themselves."""
    return _print_schedule(out, caller.call("backup_schedule"))


def schedule(
    out: Output, caller: Caller, directory: str | None, *, every: str, keep: int, files: bool
) -> ExitCode:
    """Have backups made by themselves, or not any more."""
    found = caller.call(
        "backup_set_schedule",
        directory=None if directory is None else _whole(directory),
        every_s=seconds(every),
        keep=keep,
        files=files,
    )
    if found is not None:
        out.note(
            "They are made while Restante runs, as its daemon or its chat. Where neither does: "
            "restante backup schedule --print cron"
        )
    return _print_schedule(out, found)


def print_timer(out: Output, profile: Profile, system: str) -> ExitCode:
    """Print what has the system make a backup each night."""
    option = [] if profile.name == DEFAULT_NAME else ["--profile", profile.name]
    command = shlex.join([_program(), "backup", "create", *option, "--quiet"])
    if system == "cron":
        text = f"17 3 * * * {command}"
    else:
        text = (
            "# ~/.config/systemd/user/restante-backup.service\n"
            f"[Service]\nType=oneshot\nExecStart={command}\n\n"
            "# ~/.config/systemd/user/restante-backup.timer\n"
            "[Timer]\nOnCalendar=03:17\nPersistent=true\n\n[Install]\nWantedBy=timers.target"
        )
    out.data({"type": "backup_timer", "system": system, "text": text}, text)
    return ExitCode.OK


def _print_schedule(out: Output, found: dict[str, Any] | None) -> ExitCode:
    if found is None:
        out.data({"type": "backup_schedule", "directory": None}, "No backup is made by itself.")
        return ExitCode.OK
    hours, rest = divmod(found["every_s"], 3600)
    every = f"{found['every_s']} s" if rest else f"{hours} h"
    text = (
        f"Every {every} to {found['directory']}; {found['keep']} are kept. "
        f"Next: {local_time(found['next_at'])}"
    )
    out.data({"type": "backup_schedule", **found}, text)
    if found["error"] is not None:
        return out.failed(ExitCode.FIXABLE, f"The last one was not made: {found['error']}")
    return ExitCode.OK


def _watched(out: Output, caller: Caller, method: str, **params: Any) -> dict[str, Any]:
    line = ProgressLine(out)

    def watch(event: dict[str, Any]) -> None:
        if event["type"] == "backup":
            line.show("Backup", event["done"], event["total"], is_complete=event["is_complete"])

    try:
        result: dict[str, Any] = caller.call_watching(method, watch, **params)
    finally:
        line.end()
    return result


def _verify_here(out: Output, path: Path, words: str) -> dict[str, Any]:
    """Prove a backup where there is no engine."""
    import tempfile  # noqa: PLC0415  (only here)

    import msgspec  # noqa: PLC0415
    import trio  # noqa: PLC0415

    from restante.client.backing_up.alone import check_alone  # noqa: PLC0415

    line = ProgressLine(out)
    scratch = Path(tempfile.gettempdir())
    try:
        checked = trio.run(
            check_alone,
            path,
            words,
            scratch,
            lambda done, total: line.show("Backup", done, total, is_complete=done == total),
        )
    finally:
        line.end()
    found: dict[str, Any] = msgspec.to_builtins(checked)
    return found


def _two_secrets(words: str, *, may_ask: bool) -> tuple[str, str]:
    """Split the backup's words from the kit's, which follow; a person is asked for those apart."""
    parts = words.split()
    spoken = [word for word in parts if not word.rstrip(".").isdigit()]
    if len(spoken) > WORDS:
        return " ".join(spoken[:WORDS]), " ".join(spoken[WORDS:])
    if may_ask and sys.stdin.isatty():
        return words, read_words(may_ask=True, of="the recovery kit")
    raise UserError(
        "On an empty machine give the backup's 24 words on stdin, and then the recovery kit's 24."
    )


def _whole(file: str) -> str:
    return os.path.abspath(Path(file).expanduser())


def _program() -> str:
    """Return how the system calls this program."""
    import shutil  # noqa: PLC0415  (only here)

    return shutil.which("restante") or os.path.abspath(sys.argv[0])


def _numbered(words: list[str]) -> str:
    rows = [
        "  ".join(f"{at + 1:2}. {words[at]:<9}" for at in range(row, row + 4)).rstrip()
        for row in range(0, len(words), 4)
    ]
    return "\n".join(rows)


def _amount(found: dict[str, Any]) -> str:
    return f"{found['messages']} messages, {size_text(found['size_bytes'])}"
