"""Why a profile doesn't open: it is locked, the passphrase is wrong, or it has none.

Rule: each sentence says what to do next, and none holds a passphrase. Pure.
"""

from __future__ import annotations

from restante.errors import ExitCode, UserError


class LockedError(UserError):
    """The passphrase is needed, or was wrong."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, exit_code=ExitCode.LOCKED)


def is_locked() -> LockedError:
    """Nobody has given the passphrase."""
    return LockedError("The profile is locked. Run: restante unlock")


def needs_passphrase() -> LockedError:
    """Nothing runs that could be unlocked, and nobody can be asked."""
    return LockedError(
        "The profile is under a passphrase. Run this in a terminal, name a file that holds the "
        "passphrase in RESTANTE_PASSPHRASE_FILE, or give it with --passphrase-fd."
    )


def wrong_passphrase(wait_s: int) -> LockedError:
    """It was another one; and so long the next try has to wait."""
    return LockedError(f"This is not the passphrase.{_next_try(wait_s)}")


def too_soon(wait_s: int) -> LockedError:
    """It wasn't tried at all."""
    return LockedError(f"There were too many wrong passphrases.{_next_try(wait_s)}")


def _next_try(wait_s: int) -> str:
    return f" Wait {wait_s} s before the next try." if wait_s else " Try again."
