"""Making a relay's own TLS key, for one without a domain or a certificate: once, pinned for ever.

Rule: key and certificate are one file, for its owner alone, so that there is never one without the
other. What the certificate says means nothing: clients compare the key with the pin in the address,
so it names nobody and never ends. Imported to make a key and not otherwise: the library is dear.
Spec: docs/relay.md, section 1.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from restante.errors import UserError


def make_own_key(path: Path) -> None:
    """Write a new key with its certificate, PEM, durably. Raises UserError if that fails."""
    unfinished = path.with_suffix(".new")
    try:
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_made())
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)  # an address that was told must not outlive its key
        finally:
            os.close(directory)
    except OSError as error:
        why = (error.strerror or "failed").lower()
        raise UserError(f"The relay's TLS key {path} can't be written: {why}.") from error


def _made() -> bytes:
    """Make a P-256 key, which every TLS 1.3 peer takes, and sign it with itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Restante relay")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A clock that is wrong at the first start must not matter, and RFC 5280 (4.1.2.5) has a
        # date for "no end".
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
