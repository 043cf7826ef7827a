"""A ratchet header: what the receiver needs before it can derive a message's key.

2376 bytes, sealed under the chain's header key:

    offset  size  field
         0    32  ratchet public key (X25519)
        32  1184  KEM public key (ML-KEM-768), for the peer's next step
      1216  1088  KEM ciphertext, to the peer's latest KEM key
      2304     4  previous chain length, u32
      2308     4  number in this chain, u32
      2312    32  sender's manifest head
      2344    32  recipient's manifest head, as the sender knows it

Rule: packing and parsing only; all fields have one size, so every 2376 bytes parse.
Source: Double Ratchet, section 4 (header encryption). Spec: docs/cryptography.md, section 6.
"""

from __future__ import annotations

from restante.crypto.keys import KemCiphertext, KemKey, RatchetKey
from restante.errors import CryptoError
from restante.protocol.envelope import HEADER_BYTES
from restante.protocol.ids import ManifestHash
from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """The two manifest heads that a message is bound to, as its sender knows them."""

    sender: ManifestHash
    recipient: ManifestHash


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """One message's header (HEADER in the Double Ratchet, plus KEM parts and heads)."""

    ratchet_key: RatchetKey
    kem_key: KemKey
    kem_ciphertext: KemCiphertext
    previous_length: int
    number: int
    heads: Heads

    def pack(self) -> bytes:
        """Return the 2376 bytes."""
        return b"".join(
            (
                self.ratchet_key.raw,
                self.kem_key.raw,
                self.kem_ciphertext.raw,
                self.previous_length.to_bytes(4, "big"),
                self.number.to_bytes(4, "big"),
                self.heads.sender,
                self.heads.recipient,
            )
        )


def parse(packed: bytes) -> Header:
    """Return the header that `packed` is. Raises CryptoError unless it has 2376 bytes."""
    if len(packed) != HEADER_BYTES:
        raise CryptoError("a header has the wrong size")
    return Header(
        ratchet_key=RatchetKey(packed[:32]),
        kem_key=KemKey(packed[32:1216]),
        kem_ciphertext=KemCiphertext(packed[1216:2304]),
        previous_length=int.from_bytes(packed[2304:2308], "big"),
        number=int.from_bytes(packed[2308:2312], "big"),
        heads=Heads(sender=ManifestHash(packed[2312:2344]), recipient=ManifestHash(packed[2344:])),
    )
