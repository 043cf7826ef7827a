"""What the first step of the welcome asks for: an address, and perhaps an invite. Pure.

Rule: whatever is wrong with it is said before the relay is asked. Spec: docs/protocol/identity.md.
"""

from __future__ import annotations

from restante.client.tui import welcome_words
from restante.errors import UserError
from restante.protocol.address import Address, AddressError
from restante.protocol.code import CodeError, CodeType, looks_like_code, parse_code
from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedAccount:
    """`address` with the relay's pin where the invite or the user gave one."""

    address: str
    invite: str | None


def want_account(name: str, relay: str) -> WantedAccount:
    """Read a name, and a relay's address or invite; or a whole address in the place of the name.

    Raises UserError with what to do.
    """
    name, relay = name.strip().lower(), relay.strip()
    if "@" in name and not relay:
        name, _, relay = name.partition("@")
    if not name:
        raise UserError(welcome_words.NAME_MISSING)
    if not relay:
        raise UserError(welcome_words.RELAY_MISSING)
    invite = None
    place = relay
    try:
        if looks_like_code(relay):
            code = parse_code(relay)
            if code.type is not CodeType.RELAY_INVITE:
                raise UserError(welcome_words.NOT_AN_INVITE)
            invite, place = relay, str(code.relay())
        return WantedAccount(address=str(Address.parse(f"{name}@{place}")), invite=invite)
    except (AddressError, CodeError) as error:
        raise UserError(str(error)) from None
