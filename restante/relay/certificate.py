"""The certificate that a relay shows, and its renewal while it runs.

Rule: a new certificate counts for new connections, and touches none that is open; one that can't be
used leaves the old one in its place. A pinned key never changes while the relay runs: every address
with the pin would be refused by its owner's contacts. Spec: docs/relay.md, section 1.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

import trio

from restante.errors import RemoteProtocolError, UserError
from restante.protocol.tls_pin import spki_pin
from restante.relay import log
from restante.relay.ops.files import named_when_whole, refused

OWN_KEY_FILE: Final = "tls.pem"
"""In the data directory: the key that a relay without a certificate made for itself."""

PINNED_COPY_FILE: Final = "pinned.pem"
"""In the data directory: a copy of a pinned key that lies elsewhere, so that backups have it."""

LOOK_EVERY_S: Final = 10.0
"""How late a renewed certificate may be noticed without a signal."""

_Stamp = tuple[tuple[int, int, int], ...]


class Certificate:
    """A certificate chain and its key, from two files or one. Raises UserError if they're no good.

    `is_pinned`: whether addresses carry the pin of its key.
    """

    def __init__(self, certificate: Path, key: Path, *, is_pinned: bool) -> None:
        self._files = (certificate, key)
        self._is_pinned = is_pinned
        self._stamp = _stamp(self._files)
        self._is_asked = trio.Event()
        self.context = tls_context(certificate, key)
        """What the next connection is served with."""
        self._key_pin = certificate_pin(certificate)

    def copy_into(self, data: Path) -> None:
        """Keep a pinned key of another directory in the relay's own, too. Raises UserError."""
        copy = data / PINNED_COPY_FILE
        try:
            at_home = (
                file.suffix == copy.suffix and file.parent.samefile(data) for file in self._files
            )
            if not self._is_pinned or all(at_home):
                return
            text = b"\n".join(file.read_bytes() for file in dict.fromkeys(self._files))
            if not copy.exists() or copy.read_bytes() != text:
                with named_when_whole(copy) as making:
                    making.write_bytes(text)
        except OSError as error:
            raise refused(copy, error) from error

    @property
    def pin(self) -> bytes | None:
        """What addresses carry, 16 B, or None where a public authority vouches for the key."""
        return self._key_pin if self._is_pinned else None

    def look_again(self) -> None:
        """Read the files again now, changed or not."""
        self._is_asked.set()

    async def watch(self, *, every_s: float = LOOK_EVERY_S) -> None:
        """Load what the files hold whenever they change, for ever."""
        while True:
            with trio.move_on_after(every_s):
                await self._is_asked.wait()
            is_asked, self._is_asked = self._is_asked.is_set(), trio.Event()
            await self.look(is_asked=is_asked)

    async def look(self, *, is_asked: bool = False) -> None:
        """Load what the files hold if they have changed, or it is asked for."""
        stamp = await trio.to_thread.run_sync(_stamp, self._files)
        if is_asked or stamp != self._stamp:
            self._stamp = stamp
            await self._load()

    async def _load(self) -> None:
        try:
            context = await trio.to_thread.run_sync(tls_context, *self._files)
            key_pin = await trio.to_thread.run_sync(certificate_pin, self._files[0])
        except UserError:
            # Perhaps one of the two files is still to come: it changes once more then.
            log.warn("certificate kept", reason="the new files can't be used")
            return
        if self._is_pinned and key_pin != self._key_pin:
            log.warn("certificate kept", reason="the new one has another key than the address")
            return
        self.context, self._key_pin = context, key_pin
        log.note("certificate loaded")


def own_certificate(data: Path) -> Certificate:
    """Return the certificate of the relay's own key, made at its first start. Raises UserError."""
    path = data / OWN_KEY_FILE
    if not path.exists():
        from restante.relay.own_key import make_own_key  # noqa: PLC0415  # not in a running relay

        make_own_key(path)
    try:
        return Certificate(path, path, is_pinned=True)
    except UserError as error:
        raise UserError(
            f"The relay's own TLS key {path} can't be used. Restore it from a backup: every "
            "address carries its pin."
        ) from error


def _stamp(files: tuple[Path, ...]) -> _Stamp:
    """Return what changes with the files; where a link leads to another file, that one counts."""
    found = []
    for path in files:
        try:
            status = path.stat()
        except OSError:
            found.append((0, 0, 0))
        else:
            found.append((status.st_ino, status.st_mtime_ns, status.st_size))
    return tuple(found)


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Load a certificate chain and its key, for TLS 1.3 alone. Raises UserError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.options |= ssl.OP_NO_COMPRESSION
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        raise UserError(
            f"{certificate} and {key} are no certificate and key that belong together, in PEM and "
            "without a password."
        ) from error
    except OSError as error:
        why = (error.strerror or "failed").lower()
        raise UserError(f"The TLS files {certificate}, {key} can't be read: {why}.") from error
    return context


def certificate_pin(certificate: Path) -> bytes:
    """Return the pin, 16 B, of the key in a PEM file's first certificate. Raises UserError."""
    end_mark = "-----END CERTIFICATE-----"
    try:
        pem = certificate.read_text(encoding="ascii")
        start = pem.index("-----BEGIN CERTIFICATE-----")
        end = pem.index(end_mark, start) + len(end_mark)
        return spki_pin(ssl.PEM_cert_to_DER_cert(pem[start:end]))
    except (OSError, ValueError, RemoteProtocolError) as error:
        raise UserError(f"{certificate} holds no readable certificate in PEM.") from error


def _no_password() -> str:
    """Refuse to ask on a terminal: a relay starts without a person."""
    return ""
