"""Somebody without an engine: writes hellos by hand, deposits what it likes, keeps what it sees.

What a hostile contact, a stranger or the relay's operator could do with the protocol's own parts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

from restante.client.directory import Directory
from restante.client.link import open_link
from restante.client.links import AnonymousLinks
from restante.client.socket import Route
from restante.crypto import envelope, handshake, own_keys
from restante.crypto.header import Heads
from restante.crypto.randomness import SystemRandomness
from restante.crypto.session import Session
from restante.crypto.signatures import VerifiedManifest, verify_manifest
from restante.protocol import frames as f
from restante.protocol.address import Address
from restante.protocol.codec import encode
from restante.protocol.content import Content, Kind, Text
from restante.protocol.ids import MailboxId, Token
from restante.protocol.order import rank_at

RANDOM = SystemRandomness()


def a_text(text: str, *, now_ms: int, counter: int = 1, message_id: bytes | None = None) -> bytes:
    """A text as a device would write it."""
    return Content(
        version=1,
        kind=int(Kind.TEXT),
        id=RANDOM.random(16) if message_id is None else message_id,
        conversation=b"",
        counter=counter,
        rank=rank_at(now_ms),
        sent_at_ms=now_ms,
        seen=[],
        disappears_after_s=0,
        body=encode(Text(text=text, quote=None, mentions=[])),
    ).to_bytes()


@dataclass
class Outsider:
    """An account of its own making, under whatever address it claims."""

    directory: Directory
    nursery: trio.Nursery
    claimed: Address
    account: own_keys.AccountSecrets
    device: own_keys.DeviceSecrets
    manifest: VerifiedManifest

    async def begin(self, whom: Address, *, token: bytes | None, now_s: int) -> Session:
        """Begin a session with somebody's only device."""
        recipient = await self.directory.newest(whom)
        device = recipient.devices[0].device_id
        given = None if token is None else Token(token)
        bundles = await self.directory.bundles(whom, [device], given)
        return handshake.initiate(
            RANDOM,
            own=self.device,
            own_manifest=self.manifest,
            recipient=recipient,
            bundle=bundles[device],
            reply_token=None,
            own_relay_pin=None,
            now_s=now_s,
        )

    async def seal(self, session: Session, content: bytes, whom: Address) -> envelope.Sealed:
        """Seal whatever content."""
        recipient = await self.directory.newest(whom)
        heads = Heads(sender=self.manifest.head, recipient=recipient.head)
        return envelope.seal(session, content, heads=heads, randomness=RANDOM)

    async def deposit(
        self,
        whom: Address,
        payload: bytes,
        *,
        token: bytes | None = None,
        envelope_id: bytes | None = None,
        is_retry: bool = False,
    ) -> f.TargetOutcome:
        """Leave an envelope for somebody's only device."""
        recipient = await self.directory.newest(whom)
        mailbox = recipient.devices[0].entry.mailbox
        assert mailbox is not None
        item = f.DepositItem(
            id=RANDOM.random(16) if envelope_id is None else envelope_id,
            ttl_s=86_400,
            ephemeral=False,
            payload=payload,
            targets=[f.Target(mailbox=mailbox, token=token)],
        )
        route = Route(proxy=None, isolation="outsider")
        link = await open_link(self.nursery, whom.relay, route=route)
        try:
            answer = await link.ask(
                f.Deposited, lambda n: f.Deposit(request=n, is_retry=is_retry, items=[item])
            )
        finally:
            await link.close()
        return answer.results[0][0]


@asynccontextmanager
async def an_outsider(claimed: str, *, now_s: int) -> AsyncIterator[Outsider]:
    """Make somebody who claims an address."""
    address = Address.parse(claimed)
    account = own_keys.generate_account(RANDOM, now_s=now_s)
    device = own_keys.generate_device(RANDOM)
    signed = own_keys.make_manifest(
        account,
        address=address,
        devices=[own_keys.device_entry(device, mailbox=MailboxId(RANDOM.random(16)), now_s=now_s)],
        now_s=now_s,
    )
    async with trio.open_nursery() as nursery:
        links = AnonymousLinks(nursery, proxy=None, randomness=RANDOM)
        yield Outsider(
            directory=Directory(links),
            nursery=nursery,
            claimed=address,
            account=account,
            device=device,
            manifest=verify_manifest(signed),
        )
        nursery.cancel_scope.cancel()
