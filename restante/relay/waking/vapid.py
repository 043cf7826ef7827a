"""The key by which push services know a relay again (VAPID), and what it signs.

Services that browsers and telephones have (Mozilla's, Google's, Apple's) take a waking from nobody
but the holder of the key that the device named when it subscribed. Rule: a key of its own, for this
alone; it signs to whom a waking goes and until when, and nothing about the device.
Source: RFC 8292; RFC 7518, section 3.4, for the signature's form.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from restante.errors import UserError

KEY_NAME: Final = "wake.pem"
"""In the data directory; backups have it, as every *.pem there."""

VALID_S: Final = 12 * 3600
"""For how long a signature holds; RFC 8292 allows a day."""

_HALF_BYTES: Final = 32
_HEAD: Final = b'{"typ":"JWT","alg":"ES256"}'


class WakeKey:
    """A relay's key for push services."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self.public = _text(
            key.public_key().public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
            )
        )
        """As a subscription takes it (applicationServerKey): 65 bytes in base64url."""

    def authorization(self, origin: str, *, contact: str, now_s: int) -> str:
        """Return the header by which a push service knows who asks.

        `origin` is `https://host[:port]` of the endpoint; `contact`, if any, whom its people may
        turn to.
        """
        claims: dict[str, str | int] = {"aud": origin, "exp": now_s + VALID_S}
        if contact:
            claims["sub"] = contact
        signed = f"{_text(_HEAD)}.{_text(msgspec.json.encode(claims))}"
        found = self._key.sign(signed.encode("ascii"), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(found)
        signature = r.to_bytes(_HALF_BYTES, "big") + s.to_bytes(_HALF_BYTES, "big")
        return f"vapid t={signed}.{_text(signature)}, k={self.public}"


def wake_key(data: Path) -> WakeKey:
    """Read the key of a relay's directory; make it, if there is none. Raises UserError."""
    path = data / KEY_NAME
    try:
        if not path.exists():
            _make(path)
        loaded = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        why = (error.strerror or "failed").lower()
        raise UserError(f"The relay's wake key {path} can't be read or made: {why}.") from error
    except ValueError as error:
        raise UserError(_damaged(path)) from error
    if not isinstance(loaded, ec.EllipticCurvePrivateKey) or loaded.curve.name != "secp256r1":
        raise UserError(_damaged(path))
    return WakeKey(loaded)


def wake_key_of(data: Path) -> str:
    """Return the public half of it, for who isn't the relay: the key is its directory's owner's.

    Raises UserError.
    """
    try:
        owner = data.stat()
    except OSError as error:
        raise UserError(f"There is no relay in {data}. Name its directory: --data DIR.") from error
    public = wake_key(data).public
    path = data / KEY_NAME
    if path.stat().st_uid != owner.st_uid and os.geteuid() == 0:
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
    return public


def _damaged(path: Path) -> str:
    return (
        f"{path} holds no key for push services. Restore it from a backup; if you remove it, the "
        "relay makes another, and devices have to subscribe anew."
    )


def _make(path: Path) -> None:
    """Write a new key, durably; where another process is faster, its key stays."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(unfinished)
        except FileExistsError:
            return
    finally:
        unfinished.unlink(missing_ok=True)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
