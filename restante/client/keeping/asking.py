"""Where a passphrase comes from: a descriptor, a file, or the person at the terminal.

    --passphrase-fd N          up to the first newline
    RESTANTE_PASSPHRASE_FILE   as above; the file is its owner's alone
    the terminal               typed unseen, twice if it is new

Rule: never from the command line or the environment itself, which others can read. Spec:
docs/cli.md, section "Passphrases".
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from restante.client.keeping.key_file import reason
from restante.errors import ExitCode, UserError

if TYPE_CHECKING:
    from restante.client.profile import Profile
    from restante.crypto.keys import ProfileKey

VARIABLE: Final = "RESTANTE_PASSPHRASE_FILE"
_MOST_BYTES: Final = 4096
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO

Ask = Callable[[str], str]
"""Asks the person for a line that isn't shown."""


def given(environ: Mapping[str, str], *, descriptor: int | None) -> str | None:
    """Return the passphrase that was handed over, if one was. UserError: it can't be read."""
    if descriptor is not None:
        return _from_descriptor(descriptor)
    path = environ.get(VARIABLE)
    return _from_file(path) if path else None


def key_from_file(profile: Profile, environ: Mapping[str, str]) -> ProfileKey | None:
    """Return the key of a profile whose passphrase lies in the file that the variable names.

    None: it names none, or the profile is under no passphrase. UserError as `open_key` raises.
    """
    from restante.client.keeping.protection import (  # noqa: PLC0415  (it loads the cryptography)
        kept_by,
        open_key,
        read_passphrase,
    )

    if VARIABLE not in environ or kept_by(profile) != "passphrase":
        return None
    text = given(environ, descriptor=None)
    return None if text is None else open_key(profile, read_passphrase(text))


def ask_new(ask: Ask) -> str:
    """Ask for a new passphrase twice. UserError: the two differ."""
    first = ask("New passphrase")
    if ask("Again") != first:
        raise UserError("These were two different passphrases, and nothing was changed. Try again.")
    return first


def _from_descriptor(descriptor: int) -> str:
    read = b""
    try:
        while b"\n" not in read and len(read) <= _MOST_BYTES:
            chunk = os.read(descriptor, 1 if descriptor == 0 else _MOST_BYTES)
            if not chunk:
                break
            read += chunk
    except OSError as error:
        raise UserError(
            f"No passphrase can be read from descriptor {descriptor}: {reason(error)}.",
            exit_code=ExitCode.USAGE,
        ) from None
    return _first_line(read, f"descriptor {descriptor}")


def _from_file(path: str) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise UserError(f"{VARIABLE} names {path}, which can't be read: {reason(error)}.") from None
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode) and status.st_mode & _OTHERS:
            raise UserError(f"Others can read {path}. Run: chmod 0600 {path}")
        return _first_line(file.read(_MOST_BYTES + 1), path)


def _first_line(read: bytes, source: str) -> str:
    line = read.partition(b"\n")[0].rstrip(b"\r")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if not text or len(line) > _MOST_BYTES:
        raise UserError(f"There is no passphrase in {source}: it is the first line, in UTF-8.")
    return text
