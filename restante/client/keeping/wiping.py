"""Destroying a profile: the key first, so that the rest is worth nothing, then the rest.

Rule: nothing is asked of a relay, and nothing is waited for longer than a moment. Spec:
docs/cli.md, section "panic".
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from restante.client.attach import EngineGoneError, attach
from restante.client.keeping.key_file import destroy_key_file, reason
from restante.client.keeping.protection import forget_in_keyring, kept_by
from restante.errors import UserError
from restante.store.failpoints import reach
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.client.profile import Profile

LOCK_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiped:
    """What became of it. `left`: what could not be removed; without the key it can't be read."""

    left: tuple[Path, ...]
    is_engine_closed: bool
    """Whether what ran has forgotten its keys, too; False: it holds them until it ends."""


def wipe(profile: Profile) -> Wiped:
    """Destroy a profile. UserError: not even the key could be destroyed, and nothing was done."""
    refusal = _forget_in_keyring(profile)
    try:
        destroy_key_file(profile.key_path)
    except OSError as error:
        raise UserError(
            f"The key {profile.key_path} can't be destroyed: {reason(error)}. Destroy it yourself."
        ) from error
    reach("wiping.key_gone")
    is_closed = _close_engine(profile)
    left = _remove(profile.directory)
    with contextlib.suppress(OSError):
        profile.socket_path.unlink(missing_ok=True)
    if refusal is not None:
        raise refusal
    return Wiped(left=tuple(left), is_engine_closed=is_closed)


def erase(profile: Profile) -> None:
    """Remove a profile that nobody needs any more; only for who holds the lock. UserError."""
    _forget_in_keyring(profile)
    profile.erase()


def _forget_in_keyring(profile: Profile) -> UserError | None:
    """Have the keyring forget the key, if that is where it is; return why it won't."""
    with contextlib.suppress(UserError):  # a damaged key file: there is no keyring to ask
        if kept_by(profile) != "keyring":
            return None
        try:
            forget_in_keyring(profile)
        except UserError as error:  # it is locked: go on regardless
            return error
    return None


def _close_engine(profile: Profile) -> bool:
    """Have whatever runs forget its keys, and the files that it has open."""
    try:
        attached = attach(profile)
        if attached is None:
            return True
        with attached:
            attached.call("lock", {}, timeout_s=LOCK_TIMEOUT_S)
    except (EngineGoneError, TimeoutError):
        return False
    except UserError:
        return True  # it has locked, and then found no profile any more
    return True


def _remove(directory: Path) -> list[Path]:
    shutil.rmtree(directory, ignore_errors=True)
    return [path for path in directory.rglob("*") if not path.is_dir()]
