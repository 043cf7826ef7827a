"""`restante relay doctor`: what is wrong with a relay, and what to do about it.

Rule: one line for each thing looked at; the code says whether anything is bad. Spec: docs/cli.md.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from restante.errors import ExitCode
from restante.relay.ops.doctor import Canary, examine
from restante.relay.ops.finding import State
from restante.relay.settings import Settings, read_settings
from restante.relay.verbs.run import Run


def doctor(
    run: Run, data: Path, settings: Path | None, *, canary: Canary | None, is_thorough: bool
) -> int:
    """Look at everything, say what was found, and end with 1 if something is bad."""
    read = Settings() if settings is None else read_settings(settings, data=str(data))
    bad = 0
    for finding in examine(data, settings=read, canary=canary, is_thorough=is_thorough):
        bad += finding.state is State.BAD
        fix = f"\n{'':10}{'':14}do: {finding.fix}" if finding.fix else ""
        run.out.data(
            {"type": "finding", **asdict(finding)},
            f"{finding.state:<10}{finding.check:<14}{finding.found}{fix}",
        )
    if bad:
        run.out.note("One thing is bad." if bad == 1 else f"{bad} things are bad.")
        return ExitCode.FIXABLE
    return ExitCode.OK
