"""Who certifies a relay's key: files that a test writes, and what a new connection is shown."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from restante.protocol.address import RelayAddress

PEM = serialization.Encoding.PEM


class Authority:
    """Somebody who writes certificates for a relay's key into its two files."""

    def __init__(self, directory: Path) -> None:
        self.files = {"tls_cert": str(directory / "c.pem"), "tls_key": str(directory / "k.pem")}
        self.new_key()

    def new_key(self) -> None:
        """Make another key; `write` follows."""
        self._key = ec.generate_private_key(ec.SECP256R1())

    def write(self) -> int:
        """Write key and certificate; return the certificate's number."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(self._key, hashes.SHA256())
        )
        Path(self.files["tls_cert"]).write_bytes(certificate.public_bytes(PEM))
        Path(self.files["tls_key"]).write_bytes(
            self._key.private_bytes(
                PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate.serial_number

    def empty(self) -> None:
        """Leave nothing in the certificate's file."""
        Path(self.files["tls_cert"]).write_bytes(b"")

    def scribble(self) -> None:
        """Leave no certificate in it."""
        Path(self.files["tls_cert"]).write_bytes(b"nonsense")

    def remove(self) -> None:
        """Take the file away."""
        Path(self.files["tls_cert"]).unlink()


async def shown(address: RelayAddress) -> x509.Certificate:
    """Return the certificate that a new connection is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = await trio.open_tcp_stream("127.0.0.1", address.port)
    async with trio.SSLStream(plain, context, https_compatible=True) as stream:
        await stream.do_handshake()
        certificate = stream.getpeercert(binary_form=True)
        assert certificate is not None
        return x509.load_der_x509_certificate(certificate)
