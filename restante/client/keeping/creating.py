"""A new profile whose key never lies on the disk as it is.

Rule: nothing is made before the passphrase is there. Spec: docs/cli.md, section "Passphrases".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from restante.client.keeping.asking import Ask, ask_new
from restante.client.keeping.protection import (
    KeptBy,
    draw_key,
    kept_by,
    key_file_of,
    read_new_passphrase,
)
from restante.errors import UserError

if TYPE_CHECKING:
    from restante.client.profile import Profile
    from restante.crypto.keys import ProfileKey

_SAID = {"file": "in a file", "passphrase": "under a passphrase", "keyring": "in the keyring"}


def new_key(
    profile: Profile, how: str, given: Callable[[], str | None], ask: Ask
) -> tuple[ProfileKey | None, Callable[[], bytes] | None]:
    """Draw a key and return it with what makes its file; None twice where it is kept so already.

    UserError: the profile is there and its key is kept otherwise; no passphrase could be had.
    """
    if profile.exists:
        now = kept_by(profile)
        if now == how:
            return None, None
        raise UserError(
            f"There is a profile {profile.name!r} already, and its key is kept {_SAID[now]}. "
            "To keep it otherwise: restante passphrase set"
        )
    passphrase = None
    if how == "passphrase":
        passphrase = read_new_passphrase(given() or ask_new(ask))
    key = draw_key()
    return key, partial(key_file_of, key, cast(KeptBy, how), passphrase)
