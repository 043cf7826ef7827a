"""`restante init`: a profile, its keys and its account at a relay.

Rule: an interrupted or refused one can be run again, and goes on where it was. Spec: docs/cli.md,
section "init".
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from restante.client.commands.output import Output
from restante.client.lock import ProfileLock
from restante.client.oneshot import Caller
from restante.client.profile import Profile
from restante.errors import ExitCode, UserError


def init(
    out: Output,
    profile: Profile,
    open_caller: Callable[[Profile], Caller],
    kept_key: Callable[[], bytes] | None = None,
    *,
    address: str,
    invite: str | None,
) -> ExitCode:
    """Create the profile if it is missing, and register its account."""
    check_address(address)
    with made(profile, kept_key), open_caller(profile) as caller:
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


@contextlib.contextmanager
def made(profile: Profile, kept_key: Callable[[], bytes] | None = None) -> Iterator[None]:
    """Make a profile, if it is missing; one that was refused an account is not left behind.

    What the relay may have answered unheard is kept: the same again goes on where it was.
    """
    is_new = not profile.exists
    profile.create(kept_key)
    try:
        yield
    except UserError as error:
        if is_new and error.exit_code in {ExitCode.FIXABLE, ExitCode.UNTRUSTED}:
            lock = ProfileLock.try_acquire(profile)
            if lock is not None:
                from restante.client.keeping.wiping import erase  # noqa: PLC0415  (rarely)

                with lock:
                    erase(profile)
        raise


def check_address(text: str) -> None:
    """Refuse what is no address, before anything is created. UserError says why."""
    from restante.protocol.address import Address, AddressError  # noqa: PLC0415  (only here)

    try:
        Address.parse(text)
    except AddressError as error:
        raise UserError(str(error), exit_code=ExitCode.FIXABLE) from None
