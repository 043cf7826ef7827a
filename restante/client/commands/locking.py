"""`restante lock`, `unlock` and `passphrase`: a profile's keys, on the disk and in memory.

Rule: a passphrase is asked for only once it is known that it is needed. Spec: docs/cli.md,
sections "lock", "unlock" and "passphrase".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, cast

from restante.client.attach import attach
from restante.client.commands.output import Output
from restante.client.profile import Profile, no_profile
from restante.errors import ExitCode, UserError

if TYPE_CHECKING:
    from restante.client.keeping.protection import KeptBy

Text = Callable[[], str]
"""Gives a passphrase, or asks for it. LockedError: nobody can be asked."""

_HAS_NONE = "The profile has no passphrase. Set one with: restante passphrase set"


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


def _keep(
    out: Output, profile: Profile, present: Text | None, how: KeptBy, new: Text | None
) -> ExitCode:
    from restante.client.keeping.protection import (  # noqa: PLC0415  (with what they load)
        keep_otherwise,
        open_key,
        read_new_passphrase,
        read_passphrase,
    )

    key = open_key(profile, None if present is None else read_passphrase(present()))
    keep_otherwise(profile, key, how, None if new is None else read_new_passphrase(new()))
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
            "A copy that was made of the profile before, as in a backup, still opens without it."
        )
    return ExitCode.OK


def _require_passphrase(profile: Profile) -> None:
    from restante.client.keeping.protection import kept_by  # noqa: PLC0415

    if kept_by(profile) != "passphrase":
        raise UserError(_HAS_NONE)


def _say(out: Output, profile: Profile, protection: dict[str, Any]) -> None:
    said = {"kept_by": protection["kept_by"], "is_locked": protection.get("is_locked")}
    out.data({"type": "protection", "profile": profile.name, **said}, None)
