"""The two sealed boxes of a message: its header and its body, with what they are bound to.

    offset  size  field (from the start of the message part)
         0    24  header nonce
        24  2392  header, sealed under the chain's header key
      2416    24  body nonce
      2440     …  body, sealed under the message's key; padded, so as to end where the bucket ends

Rule: a header is bound to suite, recipient device and tag; a body also to the sending device, both
manifest heads and the sealed header. Nothing that a relay can change leaves both of them intact.
Spec: docs/cryptography.md, section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.crypto import aead, header, kdf, labels
from restante.crypto.padding import pad, unpad
from restante.protocol.envelope import MAC_BYTES, NONCE_BYTES, SEALED_HEADER_BYTES

if TYPE_CHECKING:
    from restante.crypto.header import Header
    from restante.crypto.keys import HeaderKey, MessageKey
    from restante.crypto.randomness import Randomness
    from restante.protocol.ids import DeviceId, LookupTag


def seal_header(
    key: HeaderKey,
    opened: Header,
    *,
    tag: LookupTag,
    recipient: DeviceId,
    randomness: Randomness,
) -> bytes:
    """Seal a header: 2416 bytes, nonce first."""
    data = _header_data(tag=tag, recipient=recipient)
    return aead.seal(key, opened.pack(), associated=data, randomness=randomness)


def open_header(key: HeaderKey, part: bytes, *, tag: LookupTag, recipient: DeviceId) -> Header:
    """Open the header at the start of a message part. Raises CryptoError."""
    data = _header_data(tag=tag, recipient=recipient)
    return header.parse(aead.open_sealed(key, part[:SEALED_HEADER_BYTES], associated=data))


def seal_body(
    key: MessageKey,
    content: bytes,
    *,
    part_bytes: int,
    sealed_header: bytes,
    opened: Header,
    tag: LookupTag,
    sender: DeviceId,
    recipient: DeviceId,
    randomness: Randomness,
) -> bytes:
    """Pad and seal a content so that header and body together have `part_bytes`."""
    padded = pad(content, part_bytes - SEALED_HEADER_BYTES - NONCE_BYTES - MAC_BYTES)
    data = _body_data(sealed_header, opened, tag=tag, sender=sender, recipient=recipient)
    return aead.seal(kdf.body_key(key), padded, associated=data, randomness=randomness)


def open_body(
    key: MessageKey,
    part: bytes,
    *,
    opened: Header,
    tag: LookupTag,
    sender: DeviceId,
    recipient: DeviceId,
) -> bytes:
    """Return the content of a message part whose header is opened already. Raises CryptoError."""
    sealed_header = part[:SEALED_HEADER_BYTES]
    data = _body_data(sealed_header, opened, tag=tag, sender=sender, recipient=recipient)
    sealed_body = part[SEALED_HEADER_BYTES:]
    return unpad(aead.open_sealed(kdf.body_key(key), sealed_body, associated=data))


def _header_data(*, tag: LookupTag, recipient: DeviceId) -> bytes:
    return b"".join((labels.HEADER_DATA, labels.SUITE_BYTE, recipient, tag))


def _body_data(
    sealed_header: bytes,
    opened: Header,
    *,
    tag: LookupTag,
    sender: DeviceId,
    recipient: DeviceId,
) -> bytes:
    return b"".join(
        (
            labels.BODY_DATA,
            labels.SUITE_BYTE,
            recipient,
            sender,
            opened.heads.sender,
            opened.heads.recipient,
            tag,
            sealed_header[NONCE_BYTES:],
        )
    )
