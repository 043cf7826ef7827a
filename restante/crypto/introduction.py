"""The introduction inside a hello: who the sender is, for the recipient's eyes only.

msgpack array: [1, signed manifest, device key 32, reply token 16 | nil, own relay's pin 16 | nil]
Rule: what comes out of `parse` has its signatures checked; that the sender owns the device is
proven only by the message that follows. Spec: docs/cryptography.md, section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from restante.crypto.keys import DeviceKey
from restante.crypto.signatures import verify_manifest
from restante.errors import CryptoError, RemoteProtocolError
from restante.protocol.codec import decode, encode
from restante.protocol.envelope import INTRODUCTION_BYTES
from restante.protocol.ids import Bytes16, Bytes32, Token
from restante.protocol.manifest import SignedManifest
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.crypto.signatures import VerifiedManifest


class _Packed(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    version: Annotated[int, Meta(ge=1, le=1)]
    manifest: bytes
    signing_key: Bytes32
    reply_token: Bytes16 | None
    relay_pin: Bytes16 | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """Who begins a session: the account's manifest, the device, and how to answer it."""

    manifest: VerifiedManifest
    key: DeviceKey
    reply_token: Token | None
    relay_pin: bytes | None


def pack(introduction: Introduction) -> bytes:
    """Return the bytes to be padded and sealed."""
    return encode(
        _Packed(
            version=1,
            manifest=introduction.manifest.signed.to_bytes(),
            signing_key=introduction.key.raw,
            reply_token=introduction.reply_token,
            relay_pin=introduction.relay_pin,
        )
    )


def parse(packed: bytes) -> Introduction:
    """Return the introduction that `packed` is, its manifest verified. Raises CryptoError."""
    try:
        fields = decode(packed, _Packed, max_bytes=INTRODUCTION_BYTES)
        manifest = verify_manifest(SignedManifest.from_bytes(fields.manifest))
    except RemoteProtocolError:
        raise CryptoError("an introduction is malformed") from None
    token = fields.reply_token
    return Introduction(
        manifest=manifest,
        key=DeviceKey(fields.signing_key),
        reply_token=None if token is None else Token(token),
        relay_pin=fields.relay_pin,
    )
