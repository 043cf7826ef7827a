"""What becomes of an exception that ends a command: one sentence, its exit code, and the log.

Rule: no traceback ever reaches the terminal; a bug's place is in the profile's log. Knows no click.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable

from restante.client.commands.output import Output
from restante.client.profile import Profile
from restante.errors import ExitCode


def keep_faults_off_the_terminal() -> None:
    """Send what Python prints by itself, warnings and faults that reach nobody, to the log."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # they are for developers, who ask for them with -W
    sys.unraisablehook = lambda fault: _log_only(fault.exc_value)


def outcome(
    out: Output, error: BaseException, profile: Callable[[], Profile], *, verbosity: int
) -> ExitCode:
    """Say what an exception means and return its exit code; a bug is logged."""
    from restante.client.explain import explain  # noqa: PLC0415  (only when something failed)

    known = explain(error)
    if known is not None:
        return out.failed(known.exit_code, str(known))
    from restante.client.log import log_bug, open_log  # noqa: PLC0415  (only here)

    try:
        path = profile().log_path
        if path.parent.is_dir():
            open_log(path, verbosity=verbosity)
        log_bug(error)
    except Exception:
        path = None
    place = f" The log has more: {path}" if path and path.exists() else ""
    return out.failed(ExitCode.BUG, f"This is a bug in Restante.{place}")


def _log_only(error: BaseException | None) -> None:
    if error is not None and "logging" in sys.modules:
        from restante.client.log import log_bug  # noqa: PLC0415  (only here)

        log_bug(error)
