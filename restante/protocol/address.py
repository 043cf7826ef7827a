"""Where somebody or something is reached: `name@host[:port][#pin]` and `host[:port][#pin]`.

Rule: one spelling for each address; what isn't in canonical form is refused, so that two texts
are two addresses. Knows no network. Spec: docs/protocol/identity.md, section 2.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from dataclasses import dataclass

from restante.protocol.ids import ID_BYTES, AccountName

DEFAULT_PORT = 443
"""What TLS uses: it passes the firewalls of hotels and offices."""

MAX_NAME_CHARS = 32
"""A name fits beside its host in a contact code, and in the narrowest list of conversations."""

MAX_ADDRESS_CHARS = 100
"""An onion address (62) with a name and a port."""

PIN_CHARS = 26

# ASCII and lower case only: no two names look alike, and none needs a case table to compare.
NAME_PATTERN = r"[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?"
_HOST_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# No top-level domain is a number, but resolvers read 0x7f.1 and 2130706433 as IPv4 addresses:
# what ends like one must be one, in its one spelling.
_NUMERIC_HOST = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")


class AddressError(ValueError):
    """The text is no address; the error's text says what one looks like."""


def parse_name(text: str) -> AccountName:
    """Check an account name: 1 to 32 of a-z 0-9 . _ -, with a letter or digit at both ends."""
    if not re.fullmatch(NAME_PATTERN, text):
        raise AddressError(
            f"{text[:80]!r} is no name: use up to {MAX_NAME_CHARS} of a-z, 0-9, dot, dash and "
            "underscore, with a letter or digit at both ends."
        )
    return AccountName(text)


def pin_text(pin: bytes) -> str:
    """Spell a 16-byte pin as 26 characters of lower-case base32."""
    return base64.b32encode(pin).decode("ascii").rstrip("=").lower()


def parse_pin(text: str) -> bytes:
    """Read a pin back. Raises AddressError unless it is spelt exactly as `pin_text` does."""
    try:
        pin = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        pin = b""
    if len(pin) != ID_BYTES or pin_text(pin) != text:
        raise AddressError(
            f"A relay's pin has {PIN_CHARS} characters of a-z and 2-7; got {text[:80]!r}."
        )
    return pin


def _parse_host(host: str) -> str:
    if host.startswith("["):
        try:
            parsed = ipaddress.IPv6Address(host[1:-1] if host.endswith("]") else "")
        except ipaddress.AddressValueError:
            raise AddressError(f"{host!r} is no IPv6 address in brackets.") from None
        canonical = f"[{parsed.compressed}]"
        if parsed.ipv4_mapped is not None:
            raise AddressError(f"Write the IPv4 address as {str(parsed.ipv4_mapped)!r}.")
        if parsed.scope_id is not None or canonical != host:
            raise AddressError(f"Write the IPv6 address as {canonical!r}.")
        return host
    if _NUMERIC_HOST.fullmatch(host):
        try:
            return str(ipaddress.IPv4Address(host))
        except ipaddress.AddressValueError:
            raise AddressError(f"{host!r} is no IPv4 address.") from None
    if not all(map(_HOST_LABEL.fullmatch, host.split("."))):
        raise AddressError(
            f"{host!r} is no host: use a lower-case domain name, an IPv4 or a [bracketed] IPv6 "
            "address."
        )
    return host


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class RelayAddress:
    """A relay: host, port and, where its key is pinned rather than certified, the 16-byte pin."""

    host: str
    port: int = DEFAULT_PORT
    pin: bytes | None = None

    @classmethod
    def parse(cls, text: str) -> RelayAddress:
        """Parse `host[:port][#pin]`. Raises AddressError with a sentence for the user."""
        place, hash_sign, pin_part = text.partition("#")
        if len(place) > MAX_ADDRESS_CHARS:
            raise AddressError(
                f"An address has at most {MAX_ADDRESS_CHARS} characters before its pin."
            )
        pin = parse_pin(pin_part) if hash_sign else None
        match = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]{1,5}))?", place)
        if match is None:
            raise AddressError(f"{place!r} is no host[:port].")
        port = DEFAULT_PORT
        if (digits := match[2]) is not None:
            port = int(digits)
            if not 1 <= port <= 65535 or str(port) != digits:
                raise AddressError(f"{digits!r} is no port between 1 and 65535.")
            if port == DEFAULT_PORT:
                raise AddressError(f"Leave out :{DEFAULT_PORT}, it is the default port.")
        return cls(host=_parse_host(match[1]), port=port, pin=pin)

    @property
    def authority(self) -> str:
        """`host[:port]`: what a device signs when it authenticates, and what TLS is checked for."""
        return self.host if self.port == DEFAULT_PORT else f"{self.host}:{self.port}"

    @property
    def dial_host(self) -> str:
        """The host without the brackets of IPv6, as a resolver takes it."""
        return self.host.strip("[]")

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.dial_host).is_loopback
        except ValueError:
            return False

    @property
    def is_plain(self) -> bool:
        """Whether the relay is spoken to without TLS: on loopback, without a pin, only."""
        return self.is_loopback and self.pin is None

    def __str__(self) -> str:
        return self.authority if self.pin is None else f"{self.authority}#{pin_text(self.pin)}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Address:
    """An account: its name at its relay."""

    name: AccountName
    relay: RelayAddress

    @classmethod
    def parse(cls, text: str) -> Address:
        """Parse `name@host[:port][#pin]`. Raises AddressError with a sentence for the user."""
        name, at, rest = text.partition("@")
        if not at:
            raise AddressError(
                f"{text[:80]!r} is no address: write name@host, as alice@relay.example."
            )
        address = cls(name=parse_name(name), relay=RelayAddress.parse(rest))
        if len(address.unpinned) > MAX_ADDRESS_CHARS:
            raise AddressError(
                f"An address has at most {MAX_ADDRESS_CHARS} characters before its pin."
            )
        return address

    @property
    def unpinned(self) -> str:
        """`name@host[:port]`: what people read."""
        return f"{self.name}@{self.relay.authority}"

    def __str__(self) -> str:
        return f"{self.name}@{self.relay}"
