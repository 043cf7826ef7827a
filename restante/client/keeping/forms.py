"""The forms in which a profile's key lies in its key file.

    32 bytes          the key as it is: whoever reads the file has it
    "file"            the same, while the database is still under the key before it
    "passphrase"      sealed; the passphrase opens it
    "keyring"         not here: the name of an entry in the system's keyring

`before` stands beside the key for as long as the database may still be under its former one: that
key, sealed under this one. Rule: what isn't one of them is refused and stays as it is. Pure. Spec:
docs/client-store.md, section 10.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from restante.crypto.keys import ProfileKey
from restante.crypto.passphrase import SealedKey, Stretching
from restante.errors import CryptoError

_Hex = Annotated[str, Meta(pattern=r"\A(?:[0-9a-f]{2})+\Z", max_length=512)]
_VERSION: Final = 1


class UnreadableError(ValueError):
    """These bytes are in none of the forms."""


class InFile(Struct, frozen=True, kw_only=True, tag_field="kept_by", tag="file"):
    """The key as it is, with its former one."""

    v: Annotated[int, Meta(ge=_VERSION, le=_VERSION)] = _VERSION
    key: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    before: _Hex


class UnderPassphrase(
    Struct, frozen=True, kw_only=True, tag_field="kept_by", tag="passphrase", omit_defaults=False
):
    """The key, sealed under a passphrase."""

    v: Annotated[int, Meta(ge=_VERSION, le=_VERSION)] = _VERSION
    passes: int
    memory_bytes: int
    salt: _Hex
    sealed: _Hex
    before: _Hex | UnsetType = UNSET

    def sealed_key(self) -> SealedKey:
        """Return it as crypto takes it. Raises CryptoError: the numbers are out of bounds."""
        return SealedKey(
            stretching=Stretching(passes=self.passes, memory_bytes=self.memory_bytes),
            salt=bytes.fromhex(self.salt),
            sealed=bytes.fromhex(self.sealed),
        )


class InKeyring(
    Struct, frozen=True, kw_only=True, tag_field="kept_by", tag="keyring", omit_defaults=False
):
    """The key is in the system's keyring, under this name."""

    v: Annotated[int, Meta(ge=_VERSION, le=_VERSION)] = _VERSION
    entry: Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
    before: _Hex | UnsetType = UNSET


Form = ProfileKey | InFile | UnderPassphrase | InKeyring


def read_form(content: bytes) -> Form:
    """Read what a key file holds. Raises UnreadableError."""
    if len(content) == ProfileKey.SIZE:
        return ProfileKey(content)
    try:
        form = msgspec.json.decode(content, type=InFile | UnderPassphrase | InKeyring)
        if isinstance(form, UnderPassphrase):
            form.sealed_key()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, CryptoError) as error:
        raise UnreadableError(f"{len(content)} bytes") from error
    return form


def with_former(form: Form, before: bytes) -> Form:
    """Return a form of a new key with its former one, as `seal_former_key` sealed it."""
    if isinstance(form, ProfileKey):
        return InFile(key=form.raw.hex(), before=before.hex())
    return msgspec.structs.replace(form, before=before.hex())


def without_former(form: Form) -> Form:
    """Return the form that a key stays in, once the database is under it."""
    if isinstance(form, InFile):
        return ProfileKey(bytes.fromhex(form.key))
    return form if isinstance(form, ProfileKey) else msgspec.structs.replace(form, before=UNSET)


def former(form: Form) -> bytes | None:
    """Return the sealed former key, 72 bytes, if there is one."""
    before = UNSET if isinstance(form, ProfileKey) else form.before
    return None if isinstance(before, UnsetType) else bytes.fromhex(before)


def spelled(form: Form) -> bytes:
    """Return the bytes of a form; never 32 but for the key as it is."""
    if isinstance(form, ProfileKey):
        return form.raw
    return msgspec.json.encode(form) + b"\n"


def under_passphrase(sealed: SealedKey) -> UnderPassphrase:
    """Return the form of a sealed key."""
    return UnderPassphrase(
        passes=sealed.stretching.passes,
        memory_bytes=sealed.stretching.memory_bytes,
        salt=sealed.salt.hex(),
        sealed=sealed.sealed.hex(),
    )
