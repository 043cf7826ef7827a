"""`restante panic`: destroy a profile on this machine.

Rule: what can't be undone is done only to who names the profile. Spec: docs/cli.md, section
"panic".
"""

from __future__ import annotations

from collections.abc import Callable

from restante.client.commands.output import Output
from restante.client.keeping.wiping import wipe
from restante.client.profile import Profile, no_profile
from restante.errors import ExitCode, UserError


def panic(
    out: Output,
    profile: Profile,
    confirmed: str | None,
    ask: Callable[[str], str],
    *,
    is_dry: bool,
) -> ExitCode:
    """Destroy the key, have what runs forget it, remove the files."""
    if not profile.directory.is_dir():
        raise no_profile(profile)
    files = sum(path.is_file() for path in profile.directory.rglob("*"))
    said = {
        "type": "wiped",
        "profile": profile.name,
        "directory": str(profile.directory),
        "files": files,
        "is_dry": is_dry,
    }
    if is_dry:
        out.data({**said, "left": [], "is_engine_closed": False}, None)
        out.note(
            f"This would destroy {files} files in {profile.directory}, the key first. Nothing was "
            "done."
        )
        return ExitCode.OK
    name = confirmed or ask(f"There is no way back. Type {profile.name} to destroy it")
    if name != profile.name:
        raise UserError(f"Nothing was done: the profile's name is {profile.name}.")
    wiped = wipe(profile)
    left = [str(path) for path in wiped.left]
    out.data({**said, "left": left, "is_engine_closed": wiped.is_engine_closed}, None)
    out.note("Destroyed. Your account is as it was: revoke this device from another one.")
    if not wiped.is_engine_closed:
        out.note("What runs didn't answer, and has the key in memory until it ends: end it.")
    if left:
        return out.failed(
            ExitCode.FIXABLE, f"{left[0]} can't be removed. Without the key nobody can read it."
        )
    return ExitCode.OK
