"""The hello part of an envelope: what begins a session, before any key is shared.

    offset  size  field
         0    16  tag
        16    32  ephemeral key (X25519)
        48     4  signed prekey's id, u32
        52     4  one-time prekey's id, u32; 0 = none
        56     4  KEM prekey's id, u32
        60  1088  KEM ciphertext
      1148    24  nonce of the introduction
      1172  8208  introduction, sealed (padded to 8192)
      9380        the message part: header nonce, header, body nonce, body

Rule: packing, parsing and the tag only. The tag is a hash of the public fields and the recipient,
so that garbage costs a receiver one hash. Spec: docs/cryptography.md, section 5.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from restante.crypto import labels
from restante.crypto.keys import EphemeralKey, KemCiphertext
from restante.protocol.envelope import HELLO_OVERHEAD_BYTES, HELLO_PREFIX_BYTES
from restante.protocol.ids import DeviceId, LookupTag
from restante.protocol.limits import BUCKETS
from restante.values import dataclass

_SIZES: Final = tuple(size for size in BUCKETS if size > HELLO_OVERHEAD_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class HelloReferences:
    """What the recipient needs to find the secrets for a hello: its tag and three prekey ids."""

    tag: LookupTag
    signed_prekey_id: int
    one_time_id: int | None
    kem_prekey_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The public fields of a hello, and its sealed introduction."""

    references: HelloReferences
    ephemeral: EphemeralKey
    kem_ciphertext: KemCiphertext
    sealed_introduction: bytes

    def pack(self) -> bytes:
        """Return the 9380 bytes, tag first."""
        return b"".join(
            (
                self.references.tag,
                self.ephemeral.raw,
                self.references.signed_prekey_id.to_bytes(4, "big"),
                (self.references.one_time_id or 0).to_bytes(4, "big"),
                self.references.kem_prekey_id.to_bytes(4, "big"),
                self.kem_ciphertext.raw,
                self.sealed_introduction,
            )
        )


def references(
    recipient: DeviceId,
    ephemeral: EphemeralKey,
    *,
    signed_prekey_id: int,
    one_time_id: int | None,
    kem_prekey_id: int,
    kem_ciphertext: KemCiphertext,
) -> HelloReferences:
    """Return the references of a new hello, with its tag.

    tag = SHA-256(LABEL hello-tag || recipient 16 B || ephemeral 32 B || three ids u32 ||
    SHA-256(KEM ciphertext))[:16].
    """
    digest = sha256(labels.HELLO_TAG)
    digest.update(recipient)
    digest.update(ephemeral.raw)
    for number in (signed_prekey_id, one_time_id or 0, kem_prekey_id):
        digest.update(number.to_bytes(4, "big"))
    digest.update(sha256(kem_ciphertext.raw).digest())
    return HelloReferences(
        tag=LookupTag(digest.digest()[:16]),
        signed_prekey_id=signed_prekey_id,
        one_time_id=one_time_id,
        kem_prekey_id=kem_prekey_id,
    )


def parse(envelope: bytes, recipient: DeviceId) -> Hello | None:
    """Return the hello that `envelope` opens with, or None if it is none for `recipient`."""
    if len(envelope) not in _SIZES:
        return None
    ephemeral = EphemeralKey(envelope[16:48])
    kem_ciphertext = KemCiphertext(envelope[60:1148])
    found = references(
        recipient,
        ephemeral,
        signed_prekey_id=int.from_bytes(envelope[48:52], "big"),
        one_time_id=int.from_bytes(envelope[52:56], "big") or None,
        kem_prekey_id=int.from_bytes(envelope[56:60], "big"),
        kem_ciphertext=kem_ciphertext,
    )
    if found.tag != envelope[:16]:
        return None
    return Hello(
        references=found,
        ephemeral=ephemeral,
        kem_ciphertext=kem_ciphertext,
        sealed_introduction=envelope[1148:HELLO_PREFIX_BYTES],
    )
