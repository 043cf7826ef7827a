"""The pin of a relay's TLS key: a truncated hash of the key in its certificate. Pure.

Rule: the key is pinned, not the certificate, so that a certificate can be renewed. Only as much
of DER is read as leads to the key; nothing else of a certificate means anything here.
Spec: docs/protocol/identity.md, section 2.
"""

from __future__ import annotations

import hashlib

from restante.errors import RemoteProtocolError
from restante.protocol.ids import ID_BYTES

_SEQUENCE = 0x30
_VERSION = 0xA0
_FIELDS_BEFORE_KEY = 5
"""Serial number, signature algorithm, issuer, validity, subject (RFC 5280, section 4.1)."""


def spki_pin(certificate_der: bytes) -> bytes:
    """Return SHA-256(SubjectPublicKeyInfo DER)[:16] of an X.509 certificate.

    Raises RemoteProtocolError if the bytes are no certificate.
    """
    certificate, _ = _element(certificate_der, 0, tag=_SEQUENCE)
    signed, _ = _element(certificate_der, certificate[0], tag=_SEQUENCE)
    at, end = signed
    if certificate_der[at : at + 1] == bytes((_VERSION,)):
        _, at = _element(certificate_der, at)
    for _ in range(_FIELDS_BEFORE_KEY):
        _, at = _element(certificate_der, at)
    _, after = _element(certificate_der, at, tag=_SEQUENCE)
    if after > end:
        raise RemoteProtocolError("the TLS certificate is malformed")
    return hashlib.sha256(certificate_der[at:after]).digest()[:ID_BYTES]


def _element(data: bytes, at: int, *, tag: int | None = None) -> tuple[tuple[int, int], int]:
    """Return where the content of the element at `at` starts and ends, and what comes after."""
    header = data[at : at + 2]
    if len(header) < 2 or (tag is not None and header[0] != tag):
        raise RemoteProtocolError("the TLS certificate is malformed")
    start, length = at + 2, header[1]
    if length & 0x80:
        size = length & 0x7F
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    end = start + length
    if end > len(data):
        raise RemoteProtocolError("the TLS certificate is malformed")
    return (start, end), end
