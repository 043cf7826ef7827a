"""People with a mailbox at a relay, and those who fill it: by the protocol alone, with real keys.

What is deposited follows from its id, so that a reader can tell whether it came through whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

from restante.client.link import Link, open_link
from restante.client.socket import Route
from restante.crypto import own_keys
from restante.crypto.randomness import SystemRandomness
from restante.protocol import frames as f
from restante.protocol.address import Address, RelayAddress
from restante.protocol.ids import MailboxId, Token, token_hash
from restante.protocol.limits import BUCKET_TOKENS, BUCKETS, MAX_TTL_S
from tests.crypto.people import NOW_S

RANDOM = SystemRandomness()
TTL_S = MAX_TTL_S
STORED = int(f.Outcome.STORED)


@dataclass
class Resident:
    """An account of a relay, with one device, and the tokens that open its mailbox."""

    name: str
    device: own_keys.DeviceSecrets
    manifest: bytes
    mailbox: MailboxId
    tokens: list[Token]

    @property
    def target(self) -> f.Target:
        """Where a contact leaves envelopes."""
        return f.Target(mailbox=self.mailbox, token=self.tokens[0])

    @property
    def stranger_target(self) -> f.Target:
        """Where somebody without a token leaves them."""
        return f.Target(mailbox=self.mailbox, token=None)


def make_resident(name: str, relay: RelayAddress) -> Resident:
    """Make somebody who isn't registered yet."""
    account = own_keys.generate_account(RANDOM, now_s=NOW_S)
    device = own_keys.generate_device(RANDOM)
    mailbox = MailboxId(RANDOM.random(16))
    manifest = own_keys.make_manifest(
        account,
        address=Address.parse(f"{name}@{relay.authority}"),
        devices=[own_keys.device_entry(device, mailbox=mailbox, now_s=NOW_S)],
        now_s=NOW_S,
    )
    tokens = [Token(RANDOM.random(16)) for _ in range(BUCKET_TOKENS)]
    return Resident(
        name=name, device=device, manifest=manifest.to_bytes(), mailbox=mailbox, tokens=tokens
    )


@asynccontextmanager
async def a_link(relay: RelayAddress, resident: Resident | None = None) -> AsyncIterator[Link]:
    """Open a link for the length of the block: a resident's own, or an anonymous one."""
    route = Route(proxy=None, isolation="tests")
    async with trio.open_nursery() as nursery:
        device = None if resident is None else resident.device
        link = await open_link(nursery, relay, route=route, device=device)
        try:
            yield link
        finally:
            await link.close()
            nursery.cancel_scope.cancel()


async def register(relay: RelayAddress, resident: Resident, *, invite: bytes | None = None) -> None:
    """Create a resident's account."""
    async with a_link(relay, resident) as link:
        await link.ask(
            f.Done,
            lambda n: f.Register(
                request=n,
                name=resident.name,
                invite=invite,
                manifest=resident.manifest,
                tokens=[token_hash(token) for token in resident.tokens],
                ticket=None,
            ),
        )


async def registered(relay: RelayAddress, names: Iterable[str]) -> list[Resident]:
    """Make residents of a relay."""
    residents = [make_resident(name, relay) for name in names]
    for resident in residents:
        await register(relay, resident)
    return residents


def payload_of(envelope: bytes, size_bytes: int = BUCKETS[0]) -> bytes:
    """Return the payload that belongs to an envelope's id."""
    return hashlib.shake_128(envelope).digest(size_bytes)


def is_whole(delivery: f.Delivery) -> bool:
    """Whether a delivery's payload is the one that was deposited under its id."""
    return payload_of(delivery.id, len(delivery.payload)) == delivery.payload


def an_item(
    *targets: f.Target,
    envelope: bytes | None = None,
    size_bytes: int = BUCKETS[0],
    ttl_s: int = TTL_S,
    ephemeral: bool = False,
) -> f.DepositItem:
    """Return an envelope for these targets; with a fresh id unless one is given."""
    envelope = RANDOM.random(16) if envelope is None else envelope
    return f.DepositItem(
        id=envelope,
        ttl_s=ttl_s,
        ephemeral=ephemeral,
        payload=payload_of(envelope, size_bytes),
        targets=list(targets),
    )


async def deposit(
    link: Link, items: Sequence[f.DepositItem], *, is_retry: bool = False
) -> list[list[int]]:
    """Leave envelopes; return the outcomes, for each item one for each target."""
    answer = await link.ask(
        f.Deposited, lambda n: f.Deposit(request=n, is_retry=is_retry, items=list(items))
    )
    return [[result.outcome for result in results] for results in answer.results]


async def subscribe(link: Link) -> None:
    """Ask for a resident's mailbox; what comes is in `link.deliveries`."""
    await link.ask(f.Done, lambda n: f.Subscribe(request=n))


async def drain(link: Link, *, acknowledges: bool = True) -> list[f.Delivery]:
    """Subscribe and take all that waits."""
    await subscribe(link)
    taken: list[f.Delivery] = []
    while isinstance(frame := await link.deliveries.receive(), f.Deliver):
        taken += frame.items
        if acknowledges:
            await link.acknowledge([item.id for item in frame.items])
    return taken
