"""How one profile's key is kept: opened and made.

Rule: a passphrase is tried only in its turn. Blocks for a second: never called in the loop's
thread. Knows no engine. Spec: docs/client-store.md, section 10.
"""

from __future__ import annotations

import time
from types import ModuleType
from typing import TYPE_CHECKING, Final, Literal

from restante.client.keeping.forms import (
    Form,
    InFile,
    InKeyring,
    UnderPassphrase,
    UnreadableError,
    read_form,
    spelled,
    under_passphrase,
)
from restante.client.keeping.key_file import reason
from restante.client.keeping.refusals import needs_passphrase, too_soon, wrong_passphrase
from restante.client.keeping.tries import TooSoonError, a_try, wait_s
from restante.crypto.keys import ProfileKey
from restante.crypto.passphrase import (
    MODERATE,
    Passphrase,
    PassphraseError,
    Stretching,
    TooDearError,
    open_profile_key,
    seal_profile_key,
)
from restante.crypto.randomness import SystemRandomness
from restante.errors import CryptoError, UserError

if TYPE_CHECKING:
    from restante.client.profile import Profile

KeptBy = Literal["file", "passphrase", "keyring"]

FEWEST_CHARACTERS: Final = 8
_INSTALL: Final = "pip install 'restante[keyring]'"
_TOO_DEAR: Final = (
    "This machine hasn't enough free memory to work with a passphrase. Close something and try "
    "again."
)


def kept_by(profile: Profile) -> KeptBy:
    """Return how the key is kept. UserError: there is no profile, or its key file is damaged."""
    match form_of(profile):
        case ProfileKey() | InFile():
            return "file"
        case UnderPassphrase():
            return "passphrase"
        case InKeyring():
            return "keyring"


def seconds_to_wait(profile: Profile) -> int:
    """Return how long the next passphrase has to wait; 0: not at all."""
    return wait_s(profile.tries_path, now_s=time.time())


def open_key(profile: Profile, passphrase: Passphrase | None = None) -> ProfileKey:
    """Return the profile's key; a passphrase that isn't asked for is not looked at.

    Raises LockedError: the passphrase is missing, wrong, or tried too soon; UserError: the key
    file is damaged, the keyring can't be asked, there is too little memory.
    """
    form = form_of(profile)
    if isinstance(form, ProfileKey):
        return form
    if isinstance(form, InFile):
        return ProfileKey(bytes.fromhex(form.key))
    if isinstance(form, InKeyring):
        key: ProfileKey = keyring_module().fetch(form.entry)
        return key
    if passphrase is None:
        raise needs_passphrase()
    return _open_sealed(profile, form, passphrase)


def draw_key() -> ProfileKey:
    """Draw the key of a new profile."""
    return ProfileKey(SystemRandomness().random(ProfileKey.SIZE))


def key_file_of(
    key: ProfileKey,
    how: KeptBy,
    passphrase: Passphrase | None = None,
    *,
    stretching: Stretching = MODERATE,
) -> bytes:
    """Return what the key file of a new profile holds. UserError: no memory, no keyring."""
    return spelled(in_form(key, how, passphrase, stretching))


def read_passphrase(text: str) -> Passphrase:
    """Read what was typed. UserError: nothing, or far too much."""
    try:
        return Passphrase(text)
    except PassphraseError as error:
        raise UserError(f"No passphrase was given: {error}.") from None


def read_new_passphrase(text: str) -> Passphrase:
    """Read a passphrase that is to be set. UserError: it is too short to be one."""
    if len(text) < FEWEST_CHARACTERS:
        raise UserError(
            f"A passphrase has at least {FEWEST_CHARACTERS} characters. Four words that have "
            "nothing to do with each other are a good one."
        )
    return read_passphrase(text)


def _open_sealed(profile: Profile, form: UnderPassphrase, passphrase: Passphrase) -> ProfileKey:
    try:
        with a_try(profile.tries_path, now_s=time.time()) as this:
            key = open_profile_key(form.sealed_key(), passphrase)
            this.was_right()
            return key
    except TooSoonError as error:
        raise too_soon(error.wait_s) from None
    except CryptoError:
        raise wrong_passphrase(seconds_to_wait(profile)) from None
    except TooDearError:
        raise UserError(_TOO_DEAR) from None
    except OSError as error:
        raise UserError(
            f"{profile.tries_path} can't be written ({reason(error)}), and without it no "
            "passphrase is tried. Make room, or make the place writable."
        ) from error


def in_form(
    key: ProfileKey, how: KeptBy, passphrase: Passphrase | None, stretching: Stretching
) -> Form:
    """Return the form of a key that is kept so; in the keyring it is then. UserError."""
    if how == "file":
        return key
    if how == "keyring":
        return InKeyring(entry=keyring_module().store(key))
    if passphrase is None:
        raise needs_passphrase()
    try:
        sealed = seal_profile_key(key, passphrase, stretching, randomness=SystemRandomness())
    except TooDearError:
        raise UserError(_TOO_DEAR) from None
    return under_passphrase(sealed)


def forget_in_keyring(profile: Profile) -> None:
    """Let the keyring forget the key, if that is where it is. UserError: it won't."""
    form = form_of(profile)
    if isinstance(form, InKeyring):
        keyring_module().remove(form.entry)


def keyring_module() -> ModuleType:
    """Return what speaks to the system's keyring. UserError: it isn't installed."""
    try:
        from restante.client.keeping import system_keyring  # noqa: PLC0415  (0.2 s, for few)
    except ModuleNotFoundError:
        raise UserError(
            f"The part that speaks to keyrings isn't installed. Install it with {_INSTALL}."
        ) from None
    return system_keyring


def form_of(profile: Profile) -> Form:
    """Read how the key is kept. UserError: there is no profile, or its key file is damaged."""
    content = profile.kept_key()
    try:
        return read_form(content)
    except UnreadableError as error:
        raise UserError(
            f"The key file {profile.key_path} is damaged: it holds {error}, which are no key. "
            "Restore it from a backup; without it the history can't be opened."
        ) from None
