"""Coming back to a relay that was restored from a backup from before this account, or its name.

Rule: the relay gets what it had: the first manifest of the newest generation, under the name that
the account has, and then the chain. Only the device that has the chain from its beginning can do
so; the others are let in once it has been there. Nothing changes here.
Spec: docs/engine.md, section 6; docs/protocol/relay.md, section 9.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restante.client.failures import RefusedError, RelayError
from restante.client.linking.chain import kept_links
from restante.client.own_account import load_own_account
from restante.client.publishing import ask_for_name, is_restored
from restante.crypto.signatures import verify_manifest
from restante.errors import ExitCode, WireCode
from restante.protocol.manifest import SignedManifest

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.link import Link
    from restante.client.own_account import OwnAccount
    from restante.store.client_rows import Rows


class UnknownAccountError(RelayError):
    """The relay knows no account that lists this device."""


async def come_back(
    context: EngineContext, own: OwnAccount, link: Link, *, invite: bytes | None = None
) -> None:
    """Have a restored relay give the account its name again. `invite`: a secret, if one is needed.

    Raises UnknownAccountError: it wasn't restored, or this device can't do it; RelayError.
    """
    if not await is_restored(context, link):
        raise unknown_account(own)
    first = await context.read(_first_of_chain)
    if first is None or first.address != own.address:
        raise _refused(
            own, "Let the device connect that the account was made on: it brings it back."
        )
    try:
        await ask_for_name(context, first, link, invite=invite)
    except RefusedError as error:
        if error.code is WireCode.INVITE_REQUIRED:
            raise _refused(
                own,
                "It asks for an invite. Get one from its operator, then: restante init --address "
                f"{own.address.unpinned} --invite CODE",
            ) from None
        if error.code is WireCode.NAME_TAKEN:
            raise _refused(
                own,
                "It has given the name to somebody else since. Take an address at another relay: "
                "restante account move ADDRESS",
            ) from None
        raise


def unknown_account(own: OwnAccount) -> UnknownAccountError:
    """Say that the relay doesn't know this device, and that nothing here can change that."""
    return UnknownAccountError(
        f"The relay {own.address.relay.authority} doesn't know this account any more. Ask its "
        "operator; your history is safe here.",
        exit_code=ExitCode.UNTRUSTED,
    )


def _refused(own: OwnAccount, what_now: str) -> UnknownAccountError:
    return UnknownAccountError(
        f"The relay {own.address.relay.authority} was restored from a backup that lacks this "
        f"account or device. Your history is safe here. {what_now}",
        exit_code=ExitCode.UNTRUSTED,
    )


def _first_of_chain(rows: Rows) -> OwnAccount | None:
    """Return the account as its newest generation began; None: that is not kept here."""
    own = load_own_account(rows)
    if own is None or not own.is_listed:
        return None
    newest = own.manifest.signed.to_bytes()
    links = kept_links(rows)
    oldest = links[0] if newest in links else newest
    manifest = verify_manifest(SignedManifest.from_bytes(oldest))
    return replace(own, manifest=manifest) if manifest.sequence == 1 else None
