"""`restante lock`, `unlock` and `passphrase`: a profile's keys, on the disk and in memory.

Rule: a passphrase is asked for only once it is known that it is needed. Spec: docs/cli.md,
sections "lock", "unlock" and "passphrase".
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from restante.client.attach import EngineGoneError, attach
from restante.client.commands.output import Output
from restante.client.lock import ProfileLock
from restante.client.profile import Profile, no_profile
from restante.errors import ExitCode, UserError

if TYPE_CHECKING:
    from restante.client.attach import Attached
    from restante.client.keeping.protection import KeptBy
    from restante.crypto.keys import ProfileKey

Text = Callable[[], str]
"""Gives a passphrase, or asks for it. LockedError: nobody can be asked."""

_LARGE_BYTES: Final = 256 * 1024 * 1024
_POLL_S: Final = 0.02
_HAS_NONE: Final = "The profile has no passphrase. Set one with: restante passphrase set"


def lock(out: Output, profile: Profile) -> ExitCode:
    """Let the engine that runs forget its keys; where none runs, nothing holds any."""
    if not profile.exists:
        raise no_profile(profile)
    attached = attach(profile)
    if attached is not None:
        with attached:
            _say(out, profile, attached.call("lock", {}))
        out.note("Locked. To go on: restante unlock")
        return ExitCode.OK
    _require_passphrase(profile)
    _say(out, profile, {"kept_by": "passphrase", "is_locked": True})
    out.note("No Restante runs for this profile, so no key is in memory: it is locked.")
    return ExitCode.OK


def unlock(
    out: Output, profile: Profile, given: Callable[[], str | None], ask: Callable[[str], str]
) -> ExitCode:
    """Give the engine that runs the passphrase."""
    if not profile.exists:
        raise no_profile(profile)
    attached = attach(profile)
    if attached is None:
        _require_passphrase(profile)
        raise UserError(
            "No Restante runs for this profile, so there is nothing to unlock: each command asks "
            "for the passphrase. To give it once, keep one running: restante daemon"
        )
    with attached:
        now = attached.call("protection", {})
        if now["is_locked"]:
            now = attached.call("unlock", {"passphrase": given() or ask("Passphrase")})
    _say(out, profile, now)
    out.note("Unlocked.")
    return ExitCode.OK


def set_first(out: Output, profile: Profile, new: Text) -> ExitCode:
    """Put a profile that has none under a passphrase."""
    from restante.client.keeping.protection import kept_by  # noqa: PLC0415  (with what it loads)

    if kept_by(profile) == "passphrase":
        raise UserError(
            "The profile has a passphrase already. For another one: restante passphrase change"
        )
    return _keep(out, profile, None, "passphrase", new)


def change(out: Output, profile: Profile, present: Text, new: Text) -> ExitCode:
    """Take another passphrase."""
    _require_passphrase(profile)
    return _keep(out, profile, present, "passphrase", new)


def remove(out: Output, profile: Profile, present: Text, how: str) -> ExitCode:
    """Keep the key without a passphrase."""
    _require_passphrase(profile)
    return _keep(out, profile, present, cast(Literal["file", "keyring"], how), None)


def would_remove(profile: Profile, how: str) -> str:
    """Return what `remove` would do. UserError: there is no passphrase."""
    _require_passphrase(profile)
    where = "the system's keyring" if how == "keyring" else "a file, where whoever has it reads all"
    return f"Would encrypt the history under another key, and keep that in {where}."


def _keep(
    out: Output, profile: Profile, present: Text | None, how: KeptBy, new: Text | None
) -> ExitCode:
    from restante.client.keeping.protection import (  # noqa: PLC0415  (with what they load)
        open_key,
        read_new_passphrase,
        read_passphrase,
    )

    now = None if present is None else present()
    # A wrong one is told before a new one is asked for.
    key = open_key(profile, None if now is None else read_passphrase(now))
    chosen = None if new is None else new()
    if chosen is not None:
        read_new_passphrase(chosen)
    if profile.database_path.stat().st_size > _LARGE_BYTES:
        out.note("The history is encrypted anew, under another key: that takes a while.")
    _change(profile, key, now, how, chosen)
    _say(out, profile, {"kept_by": how})
    out.note(
        {
            "passphrase": "Done. Nobody can reset this passphrase: without it, and without your "
            "recovery kit, the account is lost.",
            "file": "Done. The key is in a file now: whoever has your files reads everything.",
            "keyring": "Done. The system's keyring has the key now.",
        }[how]
    )
    if how == "passphrase" and present is None:
        out.note(
            "A copy that was made of the whole profile before, as in a backup of the disk, still "
            "opens without it. What comes from now on doesn't."
        )
    return ExitCode.OK


def _change(
    profile: Profile, key: ProfileKey, present: str | None, how: KeptBy, new: str | None
) -> None:
    """Keep the key otherwise: by the engine that runs, which has the database open, or here."""
    from restante.client.running import START_TIMEOUT_S, holder_is_silent  # noqa: PLC0415

    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        attached = attach(profile)
        if attached is not None:
            with attached, contextlib.suppress(EngineGoneError):
                _change_there(attached, present, how, new)
                return
        elif (lock := ProfileLock.try_acquire(profile)) is not None:
            with lock:
                _change_here(profile, key, how, new)
                return
        threading.Event().wait(_POLL_S)  # between its lock and its socket, or its end
    raise holder_is_silent(profile)


def _change_there(attached: Attached, present: str | None, how: KeptBy, new: str | None) -> None:
    if how == "keyring":
        attached.call("keyring_use", {"passphrase": present})
    else:
        attached.call("passphrase_change", {"passphrase": present, "new": new})


def _change_here(profile: Profile, key: ProfileKey, how: KeptBy, new: str | None) -> None:
    from restante.client.keeping.changing import keep_otherwise  # noqa: PLC0415  (only here)
    from restante.client.keeping.protection import read_new_passphrase  # noqa: PLC0415

    keep_otherwise(profile, key, how, None if new is None else read_new_passphrase(new))


def _require_passphrase(profile: Profile) -> None:
    from restante.client.keeping.protection import kept_by  # noqa: PLC0415  (only here)

    if kept_by(profile) != "passphrase":
        raise UserError(_HAS_NONE)


def _say(out: Output, profile: Profile, protection: dict[str, Any]) -> None:
    said = {"kept_by": protection["kept_by"], "is_locked": protection.get("is_locked")}
    out.data({"type": "protection", "profile": profile.name, **said}, None)
