"""Making an account at a relay: address and invite read, keys kept, the relay asked.

Rule: repeated after a crash or a lost answer, it goes on where it was; a refusal leaves nothing
that a next try would stumble over. Spec: docs/engine.md, section 6.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restante.client.coming_back import come_back
from restante.client.link import open_link
from restante.client.own_account import OwnAccount, create_own_account, mark_registered
from restante.client.publishing import register
from restante.client.socket import Route
from restante.errors import UserError
from restante.protocol.address import Address, AddressError
from restante.protocol.code import Code, CodeError, CodeType, parse_code
from restante.store.failpoints import reach

if TYPE_CHECKING:
    import trio

    from restante.client.context import EngineContext
    from restante.store.client_rows import Rows


async def register_account(
    context: EngineContext,
    nursery: trio.Nursery,
    own: OwnAccount | None,
    *,
    address: str,
    invite: str | None,
) -> OwnAccount:
    """Create the account, or finish creating it. Raises UserError or RelayError."""
    wanted, secret = read_invitation(address, invite)
    if own is not None and own.is_registered:
        if secret is not None and wanted.unpinned == own.address.unpinned:
            await _let_in_again(context, nursery, own, secret)
            return own
        raise UserError(
            f"This profile is {own.address.unpinned} already. Use another --profile for a second "
            "account."
        )
    if own is None or own.address != wanted:
        own = await context.write(
            lambda rows: create_own_account(
                rows, wanted, randomness=context.randomness, now_s=context.now_s()
            )
        )
    reach("account.kept")
    route = Route(proxy=context.proxy, isolation="device")
    link = await open_link(nursery, own.address.relay, route=route, device=own.device)
    try:
        await register(context, own, link, invite=secret)
    finally:
        await link.close()
    made = own

    def work(rows: Rows) -> OwnAccount:
        return mark_registered(rows, made)

    return await context.write(work)


async def _let_in_again(
    context: EngineContext, nursery: trio.Nursery, own: OwnAccount, invite: bytes
) -> None:
    """Use an invite for an account that its relay has lost. UserError: it knows the account."""
    route = Route(proxy=context.proxy, isolation="device")
    link = await open_link(nursery, own.address.relay, route=route, device=own.device)
    try:
        if link.welcome.registered:
            raise UserError(
                f"This profile is {own.address.unpinned} already, and its relay knows it. Nothing "
                "is to be done."
            )
        await come_back(context, own, link, invite=invite)
    finally:
        await link.close()


def read_invitation(address: str, invite: str | None) -> tuple[Address, bytes | None]:
    """Read the address and, if there is one, the invite, whose pin completes the address.

    Returns the address and the invite's secret, 8 B. UserError: malformed, or for another relay.
    """
    try:
        wanted = Address.parse(address.strip())
        code = None if invite is None else parse_code(invite)
    except (AddressError, CodeError) as error:
        raise UserError(str(error)) from None
    if code is None:
        return wanted, None
    if code.type is not CodeType.RELAY_INVITE:
        raise UserError("That code is no invite to a relay. Ask the relay's operator for one.")
    return _completed(wanted, code), code.secret


def _completed(wanted: Address, code: Code) -> Address:
    relay = code.relay()
    if (relay.host, relay.port) != (wanted.relay.host, wanted.relay.port):
        raise UserError(
            f"The invite is for {relay.authority}, the address is at {wanted.relay.authority}. Use "
            f"{wanted.name}@{relay.authority}."
        )
    if wanted.relay.pin is None:
        return replace(wanted, relay=relay)
    if relay.pin is not None and relay.pin != wanted.relay.pin:
        raise UserError("The invite and the address name different keys. Ask for a new invite.")
    return wanted
