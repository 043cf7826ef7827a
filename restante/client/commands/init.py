"""`restante init`: a profile, its keys and its account at a relay.

Rule: an interrupted or refused one can be run again, and goes on where it was. Spec: docs/cli.md,
section "init".
"""

from __future__ import annotations

from collections.abc import Callable

from restante.client.commands.output import Output
from restante.client.oneshot import Caller
from restante.client.profile import Profile
from restante.errors import ExitCode, UserError


def init(
    out: Output,
    profile: Profile,
    open_caller: Callable[[Profile], Caller],
    *,
    address: str,
    invite: str | None,
) -> ExitCode:
    """Create the profile if it is missing, and register its account."""
    check_address(address)
    profile.create()
    with open_caller(profile) as caller:
        status = caller.call("register", address=address, invite=invite)
    out.data(
        {
            "type": "account",
            "profile": status["profile"],
            "address": status["address"],
            "device": status["device"],
        },
        status["address"],
    )
    out.note("Your account is ready. Share a code with: restante contact code")
    return ExitCode.OK


def check_address(text: str) -> None:
    """Refuse what is no address, before anything is created. UserError says why."""
    from restante.protocol.address import Address, AddressError  # noqa: PLC0415  (only here)

    try:
        Address.parse(text)
    except AddressError as error:
        raise UserError(str(error), exit_code=ExitCode.FIXABLE) from None
