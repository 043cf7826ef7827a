"""`restante doctor`: what is wrong with a profile, and what to do about it.

Rule: one line for each thing looked at; the code says whether anything is bad. What needs the keys
is left out where they aren't to be had. Spec: docs/cli.md, section "doctor".
"""

from __future__ import annotations

import os
import sys
from typing import Any

from restante.client.commands.output import Output
from restante.client.examining.outside import look_outside
from restante.client.oneshot import Caller
from restante.client.profile import Profile
from restante.errors import ExitCode, UserError


def doctor(out: Output, profile: Profile, caller: Caller, *, is_thorough: bool) -> ExitCode:
    """Look at everything, say what was found, and end with 1 if something is bad."""
    bad = 0
    outside = look_outside(profile, os.environ, is_tty=sys.stdout.isatty())
    for each in outside:
        bad += each.state == "bad"
        _say(out, {"check": each.check, "state": each.state, "found": each.found, "fix": each.fix})
    stops = {"profile", "permissions", "keys", "settings", "engine"}
    if not any(each.state == "bad" and each.check in stops for each in outside):
        for found in _inside(caller, is_thorough=is_thorough):
            bad += found["state"] == "bad"
            _say(out, found)
    if bad:
        out.note("One thing is bad." if bad == 1 else f"{bad} things are bad.")
        return ExitCode.FIXABLE
    return ExitCode.OK


def _inside(caller: Caller, *, is_thorough: bool) -> list[dict[str, Any]]:
    try:
        with caller:
            found: list[dict[str, Any]] = caller.call("examine", thorough=is_thorough)
            return found
    except UserError as error:
        is_locked = error.exit_code is ExitCode.LOCKED
        return [
            {
                "check": "database",
                "state": "skipped" if is_locked else "bad",
                "found": str(error),
                "fix": None,
            }
        ]


def _say(out: Output, found: dict[str, Any]) -> None:
    fix = f"\n{'':10}{'':14}do: {found['fix']}" if found["fix"] else ""
    line = f"{found['state']:<10}{found['check']:<14}{found['found']}{fix}"
    out.data(
        {"type": "finding", **{key: found[key] for key in ("check", "state", "found", "fix")}}, line
    )
