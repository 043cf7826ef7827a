"""An invite link to a group: one line to paste, with whom to ask and a secret that proves it.

    restante:g SECRET ,PIN alice@relay.example ,PIN bob@other.example:8443#        (no spaces)

Rule: it names up to three accounts that may let somebody in, each pinned like a contact code's, so
that no relay can put another in its place; nothing of it is kept at a relay, and the group's log
has a hash of the secret alone. Spec: docs/protocol/groups.md, section 7.
"""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256
from typing import Final

from restante.protocol.address import Address, AddressError, RelayAddress, parse_name
from restante.protocol.code import SCHEME, CodeError
from restante.protocol.ids import ID_BYTES, labelled
from restante.values import dataclass

PREFIX: Final = SCHEME + "g"
SECRET_BYTES: Final = 16
"""Members know its hash, and nothing stops them from guessing at home."""

MAX_HOSTS: Final = 3
MAX_CHARS: Final = 512

_PACKED_CHARS: Final = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """An account that may let somebody in. `pin` is 16 B, as in a contact code."""

    pin: bytes
    address: Address
    """Without the relay's pin: `relay_is_pinned` says whether there is one, and `pin` covers it."""
    relay_is_pinned: bool

    def __str__(self) -> str:
        return f",{_packed(self.pin)}{self.address}{'#' if self.relay_is_pinned else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupInvite:
    """A parsed invite link: its secret, 16 B, and whom to ask, the first one first."""

    secret: bytes
    hosts: tuple[Host, ...]

    @property
    def id(self) -> bytes:
        """What the group's log calls it, 16 B."""
        return invite_id(self.secret)

    def __str__(self) -> str:
        return PREFIX + _packed(self.secret) + "".join(map(str, self.hosts))


def invite_id(secret: bytes) -> bytes:
    """Name an invite link: SHA-256("group-invite" 00 || secret 16 B), first 16 B."""
    return sha256(labelled("group-invite", secret)).digest()[:ID_BYTES]


def is_group_invite(text: str) -> bool:
    """Whether a text was meant as an invite link to a group."""
    return text.strip().startswith(PREFIX)


def parse_group_invite(text: str) -> GroupInvite:
    """Parse an invite link, ignoring white space round it. Raises CodeError with a sentence."""
    text = text.strip()
    if not text.startswith(PREFIX) or len(text) > MAX_CHARS:
        raise CodeError(f"An invite to a group starts with {PREFIX!r}. Copy it again, whole.")
    packed, *hosts = text[len(PREFIX) :].split(",")
    secret = _unpacked(packed)
    if secret is None or not 1 <= len(hosts) <= MAX_HOSTS:
        raise CodeError("The invite is damaged or cut short. Copy it again, whole.")
    invite = GroupInvite(secret=secret, hosts=tuple(map(_host, hosts)))
    if str(invite) != text:
        raise CodeError("The invite is damaged. Copy it again, whole.")
    return invite


def _host(text: str) -> Host:
    pin, place = _unpacked(text[:_PACKED_CHARS]), text[_PACKED_CHARS:]
    name, at, relay = place.removesuffix("#").rpartition("@")
    if pin is None or not at or "#" in relay:
        raise CodeError("The invite is damaged or cut short. Copy it again, whole.")
    try:
        address = Address(name=parse_name(name), relay=RelayAddress.parse(relay))
    except AddressError as error:
        raise CodeError(f"The invite is damaged: {error}") from None
    return Host(pin=pin, address=address, relay_is_pinned=place.endswith("#"))


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _unpacked(text: str) -> bytes | None:
    try:
        raw = base64.b64decode(text.encode("ascii") + b"==", altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None
    return raw if len(raw) == SECRET_BYTES else None
