"""Whether clients can reach a relay: its name, its port, the certificate that it shows.

Rule: looks as a client does, from this machine; each look has a deadline. Blocking: for a command,
not for a relay. Spec: docs/relay.md, section 9.
"""

from __future__ import annotations

import errno
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any, Final

from restante.errors import RemoteProtocolError
from restante.protocol.tls_pin import spki_pin
from restante.relay.ops.finding import Finding, State

if TYPE_CHECKING:
    from restante.protocol.address import RelayAddress

PATIENCE_S: Final = 8.0
SOON_DAYS: Final = 14
"""Let's Encrypt renews 30 days before the end: 14 left say that it doesn't."""

_DAY_S: Final = 86_400
_NO_WAY: Final = frozenset({errno.ENETUNREACH, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})


def look_up(address: RelayAddress) -> Finding:
    """Whether the relay's name leads to an address."""
    try:
        found = socket.getaddrinfo(address.dial_host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return Finding(
            check="dns",
            state=State.BAD,
            found=f"{address.dial_host} leads nowhere: {error}.",
            fix=f"Set A and AAAA records for {address.dial_host} to this machine, and wait for "
            "them to be known.",
        )
    places = sorted({str(place[4][0]) for place in found})
    return Finding(
        check="dns", state=State.OK, found=f"{address.dial_host} leads to {', '.join(places)}."
    )


def connect(address: RelayAddress) -> Finding:
    """Whether something listens wherever the relay's name leads to."""
    try:
        found = socket.getaddrinfo(address.dial_host, address.port, type=socket.SOCK_STREAM)
        silent: dict[str, Exception | None] = {str(place[4][0]): _refusal(place) for place in found}
    except (OSError, UnicodeError) as error:
        silent = {address.dial_host: error}
    answers = [place for place, error in silent.items() if error is None]
    # What this machine has no way to, others may have.
    bad = {
        place: error
        for place, error in silent.items()
        if error is not None and getattr(error, "errno", None) not in _NO_WAY
    }
    if answers and bad:
        return Finding(
            check="port",
            state=State.WARNING,
            found=f"{', '.join(answers)} accepts connections, {', '.join(bad)} doesn't.",
            fix=f'Listen on IPv4 and IPv6, listen = "[::]:{address.port}" in the settings, and let '
            f"port {address.port} through the firewall for both; or take that record out.",
        )
    if not answers:
        first = next(iter(silent.values()))
        why = (getattr(first, "strerror", None) or str(first)).lower()
        return Finding(
            check="port",
            state=State.BAD,
            found=f"{address.authority} can't be connected to: {why}.",
            fix=f"Start the relay, and let port {address.port} through the firewall: "
            f"ufw allow {address.port}/tcp",
        )
    return Finding(check="port", state=State.OK, found=f"{address.authority} accepts connections.")


def _refusal(place: tuple[Any, ...]) -> OSError | None:
    """Return why no connection can be made, or None if one can."""
    family, kind, protocol, _, at = place
    try:
        with socket.socket(family, kind, protocol) as probe:
            probe.settimeout(PATIENCE_S)
            probe.connect(at)
    except OSError as error:
        return error
    return None


def look_at_certificate(address: RelayAddress) -> Finding:
    """Whether the certificate is one that clients take, and for how long."""
    if address.is_plain:
        return Finding(
            check="certificate",
            state=State.SKIPPED,
            found="On loopback without TLS; whoever speaks TLS in front has the certificate.",
        )
    return judge_certificate(address, ssl.create_default_context())


def judge_certificate(address: RelayAddress, trusting: ssl.SSLContext) -> Finding:
    """Whether clients who trust as `trusting` does take the certificate, if it isn't pinned."""
    try:
        return _certified(address, trusting) if address.pin is None else _pinned(address)
    except ssl.SSLCertVerificationError as error:
        return Finding(
            check="certificate",
            state=State.BAD,
            found=f"Clients refuse the certificate: {error.verify_message}.",
            fix=f"Renew it for {address.dial_host}, with its whole chain; the relay takes new "
            "files by itself.",
        )
    except (OSError, RemoteProtocolError) as error:
        return Finding(
            check="certificate",
            state=State.BAD,
            found=f"{address.authority} doesn't speak TLS 1.3: {error}.",
            fix="Look whether the relay, and not something else, listens there.",
        )


def _pinned(address: RelayAddress) -> Finding:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    shown, _ = _shown(address, context)
    if spki_pin(shown) == address.pin:
        return Finding(
            check="certificate", state=State.OK, found="The key is the one that addresses pin."
        )
    return Finding(
        check="certificate",
        state=State.BAD,
        found="The TLS key is another one than addresses pin: every client refuses it.",
        fix="Bring the relay's own key back from a backup, or give --tls-key its old file.",
    )


def _certified(address: RelayAddress, trusting: ssl.SSLContext) -> Finding:
    _, facts = _shown(address, trusting)
    left_s = ssl.cert_time_to_seconds(str(facts["notAfter"])) - time.time()
    days = int(left_s // _DAY_S)
    found = f"The certificate is good for {days} days more."
    if days >= SOON_DAYS:
        return Finding(check="certificate", state=State.OK, found=found)
    return Finding(
        check="certificate",
        state=State.WARNING,
        found=found,
        fix="Look why it isn't renewed by itself: systemctl status certbot.timer, or Caddy's log.",
    )


def _shown(address: RelayAddress, context: ssl.SSLContext) -> tuple[bytes, dict[str, object]]:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with (
        socket.create_connection((address.dial_host, address.port), PATIENCE_S) as plain,
        context.wrap_socket(plain, server_hostname=address.dial_host) as secured,
    ):
        return secured.getpeercert(binary_form=True) or b"", dict(secured.getpeercert() or {})
