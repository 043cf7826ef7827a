"""A client that speaks frames to a relay on a real socket, and people to speak for."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trio
import trio_websocket
from sqlalchemy import text

from restante.crypto import own_keys, signing
from restante.crypto.randomness import SystemRandomness
from restante.protocol import frames as f
from restante.protocol.address import Address, RelayAddress, parse_name
from restante.protocol.connection import Connection, Role
from restante.protocol.ids import MailboxId, Token, token_hash
from restante.protocol.limits import BUCKET_TOKENS, BUCKETS
from restante.protocol.manifest import SignedManifest
from restante.relay.limits import Limits
from restante.relay.server import RunningRelay, running_relay
from restante.relay.settings import Settings
from restante.store.seam import open_loop

PATIENCE_S = 30

database_url = ""
"""Where relays of the test that runs keep what they keep; the fixture `engine` says."""


def settings_for(path: Path, *, limits: Limits | None = None, **rest: Any) -> Settings:
    """Return settings of a relay on a free port of loopback, open to anybody."""
    rest.setdefault("open_registration", True)
    rest.setdefault("listen", "127.0.0.1:0")
    rest.setdefault("database_url", database_url)
    return Settings(
        data=str(path / "relay"),
        limits=limits or Limits(),
        **rest,
    )


@asynccontextmanager
async def relay_at(path: Path, **rest: Any) -> AsyncIterator[RunningRelay]:
    """Run a relay for a test, within its patience."""
    clock = rest.pop("clock", time.time)
    with trio.fail_after(PATIENCE_S):
        async with open_loop(), running_relay(settings_for(path, **rest), clock=clock) as relay:
            yield relay


async def sql(relay: RunningRelay, statement: str) -> list[Any]:
    """Run a statement in a relay's database, whichever it is; return the rows, if it has any."""

    async def work(tx: Any) -> list[Any]:
        found = await tx.execute(text(statement))
        return [tuple(row) for row in found] if found.returns_rows else []

    return await relay.services.db.write(work)


class Wire:
    """One connection. Deliveries that come between answers are kept for `delivered`."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.connection = Connection(Role.CLIENT)
        self.asides: list[Any] = []
        self.welcome: f.Welcome | None = None
        self._request = 0

    async def frame(self) -> Any:
        """Return the next frame from the relay."""
        return self.connection.receive(await self.socket.get_message())

    async def send(self, frame: Any) -> None:
        """Send a frame, as the protocol allows it."""
        await self.socket.send_message(self.connection.send(frame))

    def number(self) -> int:
        """Return a fresh request number."""
        self._request += 1
        return self._request

    async def ask(self, kind: type[Any], **fields: Any) -> Any:
        """Send a request and return its answer."""
        request = self.number()
        if kind is f.Register:
            fields.setdefault("ticket", None)
        await self.send(kind(request=request, **fields))
        while True:
            frame = await self.frame()
            if getattr(frame, "request", None) == request or isinstance(frame, f.Close):
                return frame
            self.asides.append(frame)

    async def delivered(self, count: int, *, ack: bool = True) -> list[Any]:
        """Wait for so many envelopes and acknowledge them."""
        items: list[Any] = []
        while len(items) < count:
            frame = self.asides.pop(0) if self.asides else await self.frame()
            if isinstance(frame, f.Deliver):
                items += frame.items
                if ack:
                    await self.send(f.Ack(ids=[item.id for item in frame.items]))
        return items

    async def drained(self) -> list[Any]:
        """Return what came until the relay said that nothing is left."""
        items: list[Any] = []
        while True:
            frame = self.asides.pop(0) if self.asides else await self.frame()
            if isinstance(frame, f.Drained):
                return items
            if isinstance(frame, f.Deliver):
                items += frame.items

    async def closed(self) -> Any:
        """Return the relay's Close, past whatever comes before it."""
        while True:
            frame = await self.frame()
            if isinstance(frame, f.Close):
                return frame


@asynccontextmanager
async def dialed(address: RelayAddress) -> AsyncIterator[Wire]:
    """Connect, and no more: not even the challenge is read."""
    context: Any = None
    if not address.is_plain:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    async with trio_websocket.open_websocket(
        address.dial_host,
        address.port,
        "/",
        use_ssl=context or False,
        subprotocols=[f.SUBPROTOCOL],
        message_queue_size=64,
        max_message_size=2 * 1024 * 1024,
        receive_buffer_size=65536,
    ) as socket:
        try:
            yield Wire(socket)
        finally:
            # The library leaves a stream open whose other end said goodbye first.
            await trio.aclose_forcefully(socket._stream)


@asynccontextmanager
async def anonymous(relay: RunningRelay) -> AsyncIterator[Wire]:
    """Open an anonymous connection."""
    async with dialed(relay.address) as wire:
        await wire.frame()
        await wire.send(f.Anonymous(version=f.VERSION))
        assert isinstance(await wire.frame(), f.Welcome)
        yield wire


@dataclass
class Person:
    """Somebody with one device."""

    name: str
    account: own_keys.AccountSecrets
    device: own_keys.DeviceSecrets
    mailbox: MailboxId
    tokens: list[Token] = field(
        default_factory=lambda: [Token(os.urandom(16)) for _ in range(BUCKET_TOKENS)]
    )

    def manifest(self, relay: RelayAddress, **rest: Any) -> SignedManifest:
        """Sign a manifest of this device at a relay."""
        now_s = int(time.time())
        rest.setdefault(
            "devices", [own_keys.device_entry(self.device, mailbox=self.mailbox, now_s=now_s)]
        )
        return own_keys.make_manifest(
            self.account,
            address=Address(name=parse_name(self.name), relay=relay),
            now_s=now_s,
            **rest,
        )

    @property
    def hashes(self) -> list[bytes]:
        """The hashes of the tokens."""
        return [token_hash(token) for token in self.tokens]


def person(name: str) -> Person:
    """Make somebody up."""
    randomness = SystemRandomness()
    return Person(
        name=name,
        account=own_keys.generate_account(randomness, now_s=int(time.time())),
        device=own_keys.generate_device(randomness),
        mailbox=MailboxId(os.urandom(16)),
    )


@asynccontextmanager
async def authenticated(
    relay: RunningRelay, who: Person, *, authority: str | None = None
) -> AsyncIterator[Wire]:
    """Open a device's connection."""
    async with dialed(relay.address) as wire:
        challenge = await wire.frame()
        called = authority or relay.address.authority
        await wire.send(
            f.Authenticate(
                version=f.VERSION,
                signing_key=who.device.key.raw,
                authority=called,
                signature=signing.sign_authentication(
                    who.device.signing, authority=called, nonce=challenge.nonce
                ),
            )
        )
        welcome = await wire.frame()
        assert isinstance(welcome, (f.Welcome, f.Close))
        if isinstance(welcome, f.Close):
            wire.asides.append(welcome)
        else:
            wire.welcome = welcome
        yield wire


async def registered(relay: RunningRelay, name: str, *, invite: bytes | None = None) -> Person:
    """Make somebody up and register them."""
    who = person(name)
    async with authenticated(relay, who) as wire:
        answer = await wire.ask(
            f.Register,
            name=name,
            invite=invite,
            manifest=who.manifest(relay.address).to_bytes(),
            tokens=who.hashes,
        )
        assert isinstance(answer, f.Done), answer
    return who


@asynccontextmanager
async def subscribed(relay: RunningRelay, who: Person) -> AsyncIterator[Wire]:
    """Open a device's connection and subscribe."""
    async with authenticated(relay, who) as wire:
        assert isinstance(await wire.ask(f.Subscribe), f.Done)
        yield wire


def envelope(fill: int | bytes = 0, *, size: int = BUCKETS[0]) -> bytes:
    """Return an envelope-sized payload."""
    head = fill.to_bytes(8, "big") if isinstance(fill, int) else fill
    return head + bytes(size - len(head))


def item(
    who: Person, *, token: int | None = 0, payload: bytes | None = None, **rest: Any
) -> f.DepositItem:
    """Return a deposit of one envelope for one person, with one of their tokens or none."""
    fields: dict[str, Any] = {"id": os.urandom(16), "ttl_s": 0, "ephemeral": False} | rest
    return f.DepositItem(
        payload=envelope() if payload is None else payload,
        targets=[f.Target(mailbox=who.mailbox, token=None if token is None else who.tokens[token])],
        **fields,
    )


async def deposit(wire: Wire, *items: f.DepositItem, is_retry: bool = False) -> list[Any]:
    """Deposit and return the outcomes of all targets, flat."""
    answer = await wire.ask(f.Deposit, is_retry=is_retry, items=list(items))
    assert isinstance(answer, f.Deposited), answer
    return [outcome for outcomes in answer.results for outcome in outcomes]
