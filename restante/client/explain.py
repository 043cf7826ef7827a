"""What an exception means to a person: one sentence and an exit code.

Rule: branches on types and numbers only; the sentence never quotes what was being handled. Used
by the command line and the engine's socket, so that both say the same. Knows no command.
"""

from __future__ import annotations

import errno

from restante.errors import (
    CryptoError,
    ExitCode,
    RemoteProtocolError,
    StoreError,
    UserError,
)


def explain(error: BaseException) -> UserError | None:
    """Return what to tell the person, or None if this is a bug of ours."""
    known: UserError | None = None
    match error:
        case UserError():
            known = error
        case BaseExceptionGroup():
            found = [explain(inner) for inner in error.exceptions]
            known = found[0] if all(found) else None
        case StoreError():
            reason = _os_reason(error.__cause__) or str(error).rstrip(".")
            known = _failed(f"The profile's files can't be used: {reason}.")
        case RemoteProtocolError():
            known = _failed(
                "The relay answered with something that the protocol doesn't allow. Try again; if "
                "it stays, tell who runs it."
            )
        case CryptoError():
            known = UserError(
                "A key or a signature didn't hold, and nothing was done. Compare the safety number "
                "with the other person.",
                exit_code=ExitCode.UNTRUSTED,
            )
        case OSError() if os_reason := _os_reason(error):
            known = _failed(f"The system refused: {os_reason}.")
        case _:
            pass
    return known


def _failed(sentence: str) -> UserError:
    return UserError(sentence, exit_code=ExitCode.UNAVAILABLE)


_REASONS = {
    errno.ENOSPC: "the disk is full; nothing was lost, free some space and try again",
    errno.EDQUOT: "the disk quota is used up; nothing was lost, free some space and try again",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EMFILE: "too many open files",
    errno.ENFILE: "too many open files",
    errno.EIO: "the disk reported an error",
}


def _os_reason(error: BaseException | None) -> str | None:
    return _REASONS.get(error.errno or 0) if isinstance(error, OSError) else None
