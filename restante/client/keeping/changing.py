"""A profile's key kept otherwise: each time it is another key, and the database is under that then.

    key file: the new key in its new form, the former one sealed under it
    database: encrypted anew
    key file: the new key alone
    keyring:  the former key forgotten

So a copy of the key file from before, with its passphrase, opens nothing that comes from now on.
Rule: only for who holds the profile's lock, with the database closed; killed anywhere, one way to
open the profile holds, and whoever opens it next finishes what was begun. Blocks for as long as it
takes to write the database. Spec: docs/client-store.md, section 10; docs/adr/0010.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from restante.client.keeping.forms import (
    InKeyring,
    former,
    spelled,
    with_former,
    without_former,
)
from restante.client.keeping.key_file import reason, replace_key_file
from restante.client.keeping.protection import (
    KeptBy,
    draw_key,
    form_of,
    in_form,
    keyring_module,
)
from restante.crypto.former_key import open_former_key, seal_former_key
from restante.crypto.passphrase import MODERATE
from restante.crypto.randomness import SystemRandomness
from restante.errors import CryptoError, RestanteError, UserError
from restante.store.client_rekeying import opens, rekey
from restante.store.failpoints import reach
from restante.store.sqlcipher import DatabaseKey

if TYPE_CHECKING:
    from restante.client.keeping.forms import Form
    from restante.client.profile import Profile
    from restante.crypto.keys import ProfileKey
    from restante.crypto.passphrase import Passphrase, Stretching


def keep_otherwise(
    profile: Profile,
    key: ProfileKey,
    how: KeptBy,
    passphrase: Passphrase | None = None,
    *,
    stretching: Stretching = MODERATE,
) -> ProfileKey:
    """Draw another key, keep it so, and return it; durable at the return.

    `key` is the present one. UserError, StoreError, and then everything is as before.
    """
    finish_change(profile, key)
    if not opens(profile.database_path, _of(key)):
        raise UserError(
            "The history doesn't open with the profile's key, so nothing was changed. Restore the "
            "key file that belongs to it, or the whole profile, from a backup."
        )
    before, new = form_of(profile), draw_key()
    form = in_form(new, how, passphrase, stretching)
    reach("changing.sealed")
    sealed = seal_former_key(key, new, randomness=SystemRandomness())
    try:
        _replace(profile, with_former(form, sealed))
        rekey(profile.database_path, _of(key), _of(new))
    except RestanteError:
        if opens(profile.database_path, _of(key)):  # else what stands there has both keys
            _replace(profile, before)
            _forget(form)
        raise
    reach("changing.rekeyed")
    with suppress(UserError):  # whoever opens it next does it
        _replace(profile, form)
    reach("changing.replaced")
    if isinstance(before, InKeyring):
        keyring_module().remove(before.entry)
    return new


def finish_change(profile: Profile, key: ProfileKey) -> None:
    """Finish a change that was interrupted, with the new key; nothing where there was none.

    UserError, StoreError: it can't be finished now; nothing is lost.
    """
    form = form_of(profile)
    sealed = former(form)
    if sealed is None:
        return
    try:
        before = open_former_key(sealed, key)
    except CryptoError:
        return  # not the key that the file is of: whoever opens the database will say so
    rekey(profile.database_path, _of(before), _of(key))
    _replace(profile, without_former(form))


def _replace(profile: Profile, form: Form) -> None:
    try:
        replace_key_file(profile.key_path, spelled(form))
    except OSError as error:
        raise UserError(
            f"Nothing was changed: {profile.key_path} can't be written ({reason(error)})."
        ) from error


def _forget(form: Form) -> None:
    """Let the keyring forget a key that came to nothing."""
    if isinstance(form, InKeyring):
        with suppress(UserError):
            keyring_module().remove(form.entry)


def _of(key: ProfileKey) -> DatabaseKey:
    return DatabaseKey(key.raw)
