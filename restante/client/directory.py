"""What relays say of other people: manifests, prekeys, contact codes; each checked before use.

Rule: nothing that comes back is believed but what a key, a pin or an earlier manifest vouches for.
Asks anonymously. Keeps nothing. Spec: docs/protocol/identity.md, sections 3 to 7.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from restante.client.failures import RelayError
from restante.client.interface import ContactState, Trust
from restante.crypto import codes
from restante.crypto.codes import CodeSecret
from restante.crypto.signatures import (
    ManifestForkError,
    ManifestHead,
    ManifestRollbackError,
    VerifiedManifest,
    accept_manifest,
    verify_heartbeat,
    verify_manifest,
    verify_moved,
)
from restante.errors import CryptoError, ExitCode, RemoteProtocolError, StoreError, UserError
from restante.protocol import frames as f
from restante.protocol.address import Address, RelayAddress
from restante.protocol.ids import AccountId, DeviceId, ManifestHash, Token, device_id
from restante.protocol.manifest import Heartbeat, PrekeyBundle, SignedManifest, SignedMoved
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from restante.client.links import AnonymousLinks
    from restante.crypto.signatures import VerifiedMoved
    from restante.protocol.code import Code
    from restante.store.client_contacts import ContactRow


A = TypeVar("A", bound=f.Frame)

MOST_MOVES: Final = 8
"""Moves followed in one look-up: a chain of them must not keep us asking for ever."""

MOST_EARLIER: Final = 16
"""Lists before the newest one that are asked for, to know what is late from what is hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Who is found under an address, or where the account has gone from there.

    `moved` is the last move that was followed. `pending` is one, unverified, whose relay couldn't
    be reached: to be followed later. `astray` is one that wasn't followed: it leads to nobody,
    to another account or an older list, or too far on.
    """

    manifest: VerifiedManifest
    moved: VerifiedMoved | None = None
    pending: bytes | None = None
    astray: VerifiedMoved | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeHolder:
    """Whom a contact code leads to: the pin has vouched for the account. With a delivery token."""

    found: Found
    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a contact's relay shows now.

    `row` is the contact as it is to be kept, CHANGED if its address shows a fork of its history or
    another account; `other` is that account.
    """

    row: ContactRow
    other: VerifiedManifest | None = None
    moved: bytes | None = None
    """Where the account says that it has gone, unverified."""
    vouched_at_s: int = 0
    """When a device of theirs, or the account, last said that this manifest is the newest."""
    is_rolled_back: bool = False
    """The relay shows an older manifest than we know."""


class Directory:
    """Look-ups over the pool of anonymous links."""

    def __init__(self, links: AnonymousLinks) -> None:
        self._links = links

    async def newest(self, address: Address, *, about_us: bool = False) -> VerifiedManifest:
        """Return the manifest that an address' relay shows now. `about_us`: our own.

        Raises RelayError, or UserError if it doesn't verify or is another address'.
        """
        async with self._links.use(address.relay, about_us=about_us) as link:
            return await newest_over(link, address)

    async def find(self, address: Address, *, about_us: bool = False) -> Found:
        """Return who is under an address, or, by its root key's word alone, where they have gone.

        `about_us`: our own account. Raises as `newest`, but only for the address itself.
        """
        async with self._links.use(address.relay, about_us=about_us) as link:
            manifest, said = await _shown_over(link, address)
        return await self._followed(manifest, said, about_us=about_us)

    async def by_code(self, code: Code) -> CodeHolder:
        """Follow a contact code: ask first, check the pin, and only then believe.

        Raises RelayError, or UserError if what is found doesn't match the code.
        """
        if code.name is None:
            raise UserError("That code is an invite to a relay, not a contact code.")
        place = RelayAddress(host=code.host, port=code.port)
        asked = Address(name=code.name, relay=place)
        secret = CodeSecret(code.secret)
        # With a pinned relay any key is accepted for now: the code's pin covers it, see below.
        async with self._links.once(place, any_key=code.relay_is_pinned) as link:
            found = await link.ask(
                f.CodeFound, lambda n: f.FetchCode(request=n, lookup_id=codes.lookup_id(secret))
            )
            manifest, said = await _shown_over(link, asked)
            relay_pin = link.peer_pin if code.relay_is_pinned else None
        try:
            codes.verify_contact_pin(code.pin, manifest.root, relay_pin)
            token = codes.open_token(secret, found.sealed)
        except CryptoError:
            raise UserError(
                f"What {place.authority} says of {asked.unpinned} doesn't match the code. Somebody "
                "may be in between; ask for the code again, in another way.",
                exit_code=ExitCode.UNTRUSTED,
            ) from None
        if manifest.address.relay.pin != relay_pin:
            raise _mistrust(asked)
        return CodeHolder(found=await self._followed(manifest, said), token=token)

    async def pinned(self, address: Address, pin: bytes, *, relay_is_pinned: bool) -> Found:
        """Return who is under an address if the pin vouches for them, as a contact code's does.

        Raises RelayError, or UserError if what is found doesn't match the pin.
        """
        place = address.relay
        async with self._links.once(place, any_key=relay_is_pinned) as link:
            manifest, said = await _shown_over(link, address)
            relay_pin = link.peer_pin if relay_is_pinned else None
        try:
            codes.verify_contact_pin(pin, manifest.root, relay_pin)
        except CryptoError:
            raise UserError(
                f"What {place.authority} says of {address.unpinned} doesn't match the invite. "
                "Somebody may be in between; ask for the invite again, in another way.",
                exit_code=ExitCode.UNTRUSTED,
            ) from None
        if manifest.address.relay.pin != relay_pin:
            raise _mistrust(address)
        return await self._followed(manifest, said)

    async def bundles(
        self,
        address: Address,
        devices: Sequence[DeviceId],
        token: Token | None,
        *,
        about_us: bool = False,
    ) -> dict[DeviceId, PrekeyBundle]:
        """Return a prekey bundle for each of the devices that has one, unverified.

        One-time prekeys come only with a token. `about_us`: of our own account. Raises RelayError.
        """
        async with self._links.use(address.relay, about_us=about_us) as link:
            found = await link.ask(
                f.BundlesFound,
                lambda n: f.FetchPrekeys(
                    request=n, name=address.name, devices=list(devices), token=token
                ),
            )
        return {device_id(bundle.signing_key): bundle for bundle in found.bundles}

    async def refresh(self, row: ContactRow) -> Refreshed:
        """Return a contact with its newest manifest, accepted by the chain rule.

        If another root, or a forked history, is shown under its address, its trust is CHANGED and
        its manifest stays. A relay that shows an older manifest than we know changes nothing.
        Raises RelayError, or UserError if what is shown doesn't verify.
        """
        known = manifest_of(row)
        about_us = row.state == ContactState.SELF.value
        async with self._links.use(known.address.relay, about_us=about_us) as link:
            found = await _asked_over(link, known.address)
        newest, moved = found.newest, found.moved
        if newest.root != known.root:
            changed = replace(row, trust=Trust.CHANGED.value, is_stale=False)
            return Refreshed(row=changed, other=newest)
        seen = known.position()
        try:
            accept_manifest(seen, [newest])
        except ManifestForkError:
            return Refreshed(row=replace(row, trust=Trust.CHANGED.value, is_stale=False))
        except ManifestRollbackError:
            kept = replace(row, is_stale=False)
            return Refreshed(row=kept, moved=moved, is_rolled_back=True)
        except CryptoError:
            newest = await self._catch_up(known, seen, about_us=about_us)
        vouched_at_s = max(newest.issued_at_s, _vouched_at_s(newest, found.heartbeat))
        return Refreshed(row=with_manifest(row, newest), moved=moved, vouched_at_s=vouched_at_s)

    async def earlier(self, row: ContactRow) -> list[bytes]:
        """Return heads of lists that a contact had before, newest first, by the chain alone.

        Raises RelayError, or UserError if what is shown doesn't verify.
        """
        known = manifest_of(row)
        address, since = known.address, max(known.sequence - MOST_EARLIER - 1, 1)
        async with self._links.use(address.relay) as link:
            found = await link.ask(
                f.ManifestFound,
                lambda n: f.FetchManifest(request=n, name=address.name, since_sequence=since),
            )
        heads: list[bytes] = []
        before = known.previous
        for packed in reversed(found.links):
            older = _verified(packed, address)
            if older.head == before:
                heads.append(older.head)
                before = older.previous
        return [*heads, before]

    async def _followed(
        self, manifest: VerifiedManifest, said: bytes | None, *, about_us: bool = False
    ) -> Found:
        """Follow an account through its moves; `said` is what its relay says of the first.

        One that leads to nobody, or to another root, is none: then the account is where it was.
        """
        last: VerifiedMoved | None = None
        for _ in range(MOST_MOVES):
            moved = _next_move(manifest, said, last)
            if moved is None:
                break
            try:
                async with self._links.use(moved.to_address.relay, about_us=about_us) as link:
                    newest, then = await _shown_over(link, moved.to_address)
                accept_manifest(manifest.position(), [newest])
            except RelayError:
                return Found(manifest=manifest, moved=last, pending=said)
            except (CryptoError, UserError):
                return Found(manifest=manifest, moved=last, astray=moved)
            manifest, said, last = newest, then, moved
        return Found(manifest=manifest, moved=last, astray=_next_move(manifest, said, last))

    async def _catch_up(
        self, known: VerifiedManifest, seen: ManifestHead, *, about_us: bool
    ) -> VerifiedManifest:
        """Fetch the links between the manifest that we know and the newest one."""
        address = known.address
        async with self._links.use(address.relay, about_us=about_us) as link:
            found = await link.ask(
                f.ManifestFound,
                lambda n: f.FetchManifest(
                    request=n, name=address.name, since_sequence=known.sequence
                ),
            )
        links = [_verified(packed, address) for packed in found.links]
        try:
            accept_manifest(seen, links)
        except CryptoError:
            raise _mistrust(address) from None
        return links[-1]


def manifest_of(row: ContactRow) -> VerifiedManifest:
    """Return the manifest kept of a contact. Raises StoreError if it is damaged."""
    try:
        return _kept_manifest(row.manifest or b"")
    except (CryptoError, RemoteProtocolError) as error:
        raise StoreError("A contact's manifest is damaged. Add the contact again.") from error


@lru_cache(maxsize=2048)  # a group of 1,000 members is gone through for each message
def _kept_manifest(packed: bytes) -> VerifiedManifest:
    return verify_manifest(SignedManifest.from_bytes(packed))  # 0.3 ms, and asked for every message


def head_of(row: ContactRow) -> ManifestHead | None:
    """Return how far into a contact's history of manifests we have seen."""
    if row.manifest_hash is None:
        return None
    return ManifestHead(
        account_id=AccountId(row.account_id),
        generation=row.generation,
        sequence=row.manifest_sequence,
        hash=ManifestHash(row.manifest_hash),
    )


def with_manifest(row: ContactRow, manifest: VerifiedManifest) -> ContactRow:
    """Return a contact with an accepted manifest in the place of the older one."""
    return replace(
        row,
        address=manifest.address.unpinned,
        manifest=manifest.signed.to_bytes(),
        manifest_hash=manifest.head,
        manifest_sequence=manifest.sequence,
        generation=manifest.generation,
        is_stale=False,
    )


class Asks(Protocol):
    """Whatever asks a relay as a link does."""

    async def ask(self, answer: type[A], make: Callable[[int], f.Frame]) -> A: ...


async def newest_over(link: Asks, address: Address) -> VerifiedManifest:
    """Return the manifest that an address' relay shows now. Raises as `Directory.newest`."""
    manifest, _ = await _shown_over(link, address)
    return manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What a relay says of an account. Only the manifest is verified."""

    newest: VerifiedManifest
    heartbeat: Heartbeat | None
    moved: bytes | None


async def _shown_over(link: Asks, address: Address) -> tuple[VerifiedManifest, bytes | None]:
    found = await _asked_over(link, address)
    return found.newest, found.moved


async def _asked_over(link: Asks, address: Address) -> _Shown:
    found = await link.ask(
        f.ManifestFound,
        lambda n: f.FetchManifest(request=n, name=address.name, since_sequence=0),
    )
    if not found.links:
        raise _mistrust(address)
    newest = _verified(found.links[-1], address)
    return _Shown(newest=newest, heartbeat=found.heartbeat, moved=found.moved)


def _vouched_at_s(manifest: VerifiedManifest, heartbeat: Heartbeat | None) -> int:
    """Return when a listed device vouched for a manifest; 0 if none is shown to have (I19)."""
    if heartbeat is None:
        return 0
    try:
        verify_heartbeat(heartbeat, manifest)
    except CryptoError:
        return 0
    return heartbeat.at_s


def _next_move(
    manifest: VerifiedManifest, said: bytes | None, last: VerifiedMoved | None
) -> VerifiedMoved | None:
    """Return the move that leads on from where an account was found, if it is its own word."""
    try:
        moved = verify_moved(SignedMoved.from_bytes(said or b""), manifest.root)
    except (CryptoError, RemoteProtocolError):
        return None
    leads_on = moved.from_address.unpinned == manifest.address.unpinned
    return moved if leads_on and (last is None or moved.at_s > last.at_s) else None


def _verified(packed: bytes, address: Address) -> VerifiedManifest:
    try:
        manifest = verify_manifest(SignedManifest.from_bytes(packed))
    except (CryptoError, RemoteProtocolError):
        raise _mistrust(address) from None
    shown = manifest.address
    if shown.unpinned != address.unpinned:
        raise UserError(
            f"The account at {address.unpinned} calls itself {shown.unpinned}. Use that address.",
            exit_code=ExitCode.UNTRUSTED,
        )
    if address.relay.pin is not None and shown.relay.pin != address.relay.pin:
        raise _mistrust(address)
    return manifest


def _mistrust(address: Address) -> UserError:
    return UserError(
        f"What the relay says of {address.unpinned} is not properly signed. Tell its operator, and "
        "don't write to that address until it is.",
        exit_code=ExitCode.UNTRUSTED,
    )
