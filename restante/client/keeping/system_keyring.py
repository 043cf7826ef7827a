"""The system's keyring, and the one module that knows the `keyring` library.

Rule: only a keyring that encrypts is used. Knows no profile: an entry is a random name. Imported
when a profile's key is in it, or is to be.
"""

from __future__ import annotations

import secrets
from typing import Final

import keyring
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null
from keyring.errors import KeyringError, PasswordDeleteError

from restante.client.keeping.refusals import LockedError
from restante.crypto.keys import ProfileKey
from restante.errors import CryptoError, UserError

_SERVICE: Final = "restante"
_PLAIN: Final = "keyrings.alt.file"
"""Writes into a file anybody can read who reads ours: no better, and seems so."""


def is_usable() -> bool:
    """Whether there is a keyring here that keeps a secret."""
    return any(_keeps(each) for each in _backends())


def store(key: ProfileKey) -> str:
    """Keep a key under a new name and return that. UserError: there is no keyring, or it won't."""
    if not is_usable():
        raise UserError(
            "There is no keyring on this system that could keep the key. Use a passphrase."
        )
    entry = secrets.token_hex(16)
    try:
        keyring.set_password(_SERVICE, entry, key.raw.hex())
        kept = keyring.get_password(_SERVICE, entry)
    except KeyringError as error:
        raise _refused() from error
    if kept != key.raw.hex():
        raise _refused()
    return entry


def fetch(entry: str) -> ProfileKey:
    """Return the key of that name. UserError, LockedError: the keyring hasn't it, or is locked."""
    try:
        kept = keyring.get_password(_SERVICE, entry)
    except KeyringError as error:
        raise LockedError(
            "The profile's key is in the system's keyring, and that can't be opened now. Log in "
            "where the keyring is, or unlock it, and try again."
        ) from error
    try:
        return ProfileKey(bytes.fromhex(kept or ""))
    except (ValueError, CryptoError):
        raise UserError(
            "The system's keyring hasn't the profile's key any more. Restore the keyring from a "
            "backup; without it the history can't be opened."
        ) from None


def remove(entry: str) -> None:
    """Forget a key. UserError: the keyring won't; nothing where it hasn't it."""
    try:
        keyring.delete_password(_SERVICE, entry)
    except PasswordDeleteError:
        return
    except KeyringError as error:
        raise UserError(
            f"The system's keyring couldn't forget the key: remove the entry {entry} of "
            f"{_SERVICE!r} there yourself."
        ) from error


def _backends() -> list[KeyringBackend]:
    chosen = keyring.get_keyring()
    return list(chosen.backends) if isinstance(chosen, chainer.ChainerBackend) else [chosen]


def _keeps(backend: KeyringBackend) -> bool:
    is_none = isinstance(backend, fail.Keyring | null.Keyring)
    return not is_none and type(backend).__module__ != _PLAIN


def _refused() -> UserError:
    return UserError(
        "The system's keyring didn't take the key. Unlock it and try again, or use a passphrase."
    )
