"""The links of the own manifest's chain that this device signed, until the relay has them all.

Several may be signed while the relay is away, and a relay that was restored may have lost some: it
takes each only after the one before. Rule: durable here before anybody is shown them.
Spec: docs/engine.md, section 14; docs/protocol/relay.md, R10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.failures import RefusedError
from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.codec import decode, encode
from restante.protocol.limits import MAX_MANIFEST_BYTES
from restante.protocol.manifest import SignedManifest
from restante.store.client_account import get_value, set_value

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.link import Link
    from restante.crypto.signatures import VerifiedManifest
    from restante.store.client_rows import Rows

MAX_LINKS: Final = 64
"""Links kept: more than anybody signs between two backups of a relay."""

_LINKS: Final = "manifest_links"


def keep_link(rows: Rows, before: VerifiedManifest, signed: SignedManifest) -> None:
    """Keep a link that was signed here, and follows `before`."""
    links = [each for each in kept_links(rows) if _generation(each) == before.generation]
    links = [*(links or [before.signed.to_bytes()]), signed.to_bytes()]
    set_value(rows, _LINKS, encode(links[-MAX_LINKS:]))


def kept_links(rows: Rows) -> list[bytes]:
    """Return the signed manifests that were kept, oldest first."""
    packed = get_value(rows, _LINKS)
    if packed is None:
        return []
    return decode(packed, list[bytes], max_bytes=MAX_LINKS * (MAX_MANIFEST_BYTES + 8))


async def publish_chain(context: EngineContext, newest: VerifiedManifest, link: Link) -> None:
    """Bring the relay's copy of our manifest up to date, link by link.

    Raises RelayError; with CONFLICT if what the relay has doesn't lead to ours.
    """
    links = await context.read(kept_links)
    packed = newest.signed.to_bytes()
    if packed not in links:  # it was signed elsewhere: what is kept here is no part of the end
        links = [packed]
    first = len(links) - 1
    while not await _takes(link, links[first], is_last_try=first == 0):
        first -= 1
    for each in links[first + 1 :]:
        await _takes(link, each, is_last_try=True)


async def _takes(link: Link, packed: bytes, *, is_last_try: bool) -> bool:
    """Publish one manifest; False if the relay's doesn't lead to it."""
    try:
        await link.ask(f.Done, lambda n: f.PublishManifest(request=n, manifest=packed))
    except RefusedError as error:
        if error.code is WireCode.CONFLICT and not is_last_try:
            return False
        raise
    return True


def _generation(packed: bytes) -> int:
    return SignedManifest.from_bytes(packed).manifest().generation
