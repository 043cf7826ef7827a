"""The code envelope: what people paste or scan, one line, 78 ASCII characters as a rule.

`restante:` type, 24 bytes as base64url (pin 16 || secret 8), address. One envelope for relay
invites, contact codes and what comes later. Rule: a code names where to ask and pins what must
be found there; it holds nothing that opens a message. Spec: docs/protocol/identity.md, section 3.
"""

from __future__ import annotations

import base64
import binascii
from enum import Enum

from restante.protocol.address import (
    MAX_ADDRESS_CHARS,
    Address,
    AddressError,
    RelayAddress,
    parse_name,
)
from restante.protocol.ids import ID_BYTES, AccountName
from restante.protocol.limits import MAX_CODE_ADDRESS_CHARS
from restante.values import dataclass

SCHEME = "restante:"
SECRET_BYTES = 8
"""Guessing is online and rate limited; a relay that searched for one would win a delivery token
to its own user, which it could deliver to anyway."""

_PACKED_CHARS = 32
_UNPINNED = bytes(ID_BYTES)


class CodeError(ValueError):
    """The text is no code that this version reads; the error's text says what to do."""


class CodeType(Enum):
    """What a code is for: its type character."""

    RELAY_INVITE = "r"
    CONTACT = "c"
    DEVICE_LINK = "d"


_OF_AN_ACCOUNT = frozenset((CodeType.CONTACT, CodeType.DEVICE_LINK))
"""Codes that name an account at its relay, and not a relay alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A parsed code. `pin` is 16 B, `secret` 8 B.

    `name` is None where the code is a relay's, not an account's. `relay_is_pinned` says that the
    relay shows a key of its own, which `pin` covers, rather than a certificate of a public CA;
    the relay's own pin is `pin` itself in an invite, learnt on first contact in a contact code,
    known already to who follows a device link.
    """

    type: CodeType
    pin: bytes
    secret: bytes
    name: AccountName | None
    host: str
    port: int
    relay_is_pinned: bool

    def relay(self) -> RelayAddress:
        """The relay's address; with its pin where the code carries it (an invite)."""
        pinned = self.relay_is_pinned and self.type is CodeType.RELAY_INVITE
        return RelayAddress(host=self.host, port=self.port, pin=self.pin if pinned else None)

    def is_for(self, address: Address) -> bool:
        """Whether the code names that account: its name, relay, and whether the relay is pinned."""
        relay = address.relay
        return (self.name, self.host, self.port, self.relay_is_pinned) == (
            address.name,
            relay.host,
            relay.port,
            relay.pin is not None,
        )

    def __str__(self) -> str:
        packed = base64.urlsafe_b64encode(self.pin + self.secret).decode("ascii")
        place = RelayAddress(host=self.host, port=self.port).authority
        at = f"{self.name}@{place}" if self.name else place
        return f"{SCHEME}{self.type.value}{packed}{at}{'#' if self.relay_is_pinned else ''}"


def make_code(
    code_type: CodeType,
    *,
    pin: bytes | None,
    secret: bytes,
    name: AccountName | None,
    relay: RelayAddress,
) -> Code:
    """Make a code. Raises CodeError when the address is too long for one.

    That is 36 characters; a device link, which is carried a few steps and may be pasted, takes any.
    """
    code = Code(
        type=code_type,
        pin=pin or _UNPINNED,
        secret=secret,
        name=name,
        host=relay.host,
        port=relay.port,
        relay_is_pinned=relay.pin is not None,
    )
    address_chars = len(str(code)) - len(SCHEME) - 1 - _PACKED_CHARS
    if address_chars > _most_chars(code_type):
        raise CodeError(
            f"The address has {address_chars} characters, a code holds {MAX_CODE_ADDRESS_CHARS}. "
            "Share the address itself and compare safety numbers."
        )
    return code


def _most_chars(code_type: CodeType) -> int:
    """Return how long a code's address may be, with the `#`."""
    if code_type is CodeType.DEVICE_LINK:
        return MAX_ADDRESS_CHARS + 1
    return MAX_CODE_ADDRESS_CHARS


def looks_like_code(text: str) -> bool:
    """Whether a text was meant as a code rather than as an address."""
    return text.strip().lower().startswith(SCHEME)


def parse_code(text: str) -> Code:
    """Parse a code, ignoring white space round it. Raises CodeError with a sentence to show."""
    text = text.strip()
    if not text.startswith(SCHEME):
        raise CodeError(f"A code starts with {SCHEME!r}. Copy it again, whole.")
    if text.startswith(f"{SCHEME}g"):
        raise CodeError("This is an invite to a group. Use it with: restante group join")
    head, packed = text[len(SCHEME) :][:1], text[len(SCHEME) + 1 :][:_PACKED_CHARS]
    try:
        code_type = CodeType(head)
    except ValueError:
        raise CodeError(
            "This code is of a kind that this Restante doesn't know. Update it, or ask for another."
        ) from None
    try:
        raw = base64.b64decode(packed.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raw = b""
    if len(raw) != ID_BYTES + SECRET_BYTES:
        raise CodeError("The code is damaged or cut short. Copy it again, whole.")
    address = text[len(SCHEME) + 1 + _PACKED_CHARS :]
    if len(address) > _most_chars(code_type):
        raise CodeError("The code is longer than a code can be. Copy it again, whole.")
    is_pinned = address.endswith("#")
    name_part, at, place = address.removesuffix("#").rpartition("@")
    try:
        relay = RelayAddress.parse(place)
        name = parse_name(name_part) if at else None
    except AddressError as error:
        raise CodeError(f"The code is damaged: {error}") from None
    if (name is None) is (code_type in _OF_AN_ACCOUNT):
        raise CodeError(
            "The code is damaged: its address doesn't fit its kind. Copy it again, whole."
        )
    code = Code(
        type=code_type,
        pin=raw[:ID_BYTES],
        secret=raw[ID_BYTES:],
        name=name,
        host=relay.host,
        port=relay.port,
        relay_is_pinned=is_pinned,
    )
    unpinned_invite = code_type is CodeType.RELAY_INVITE and not is_pinned
    if str(code) != text or (unpinned_invite and code.pin != _UNPINNED):
        raise CodeError("The code is damaged. Copy it again, whole.")
    return code
