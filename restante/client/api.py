"""The Python API, for trio: a profile's account, to send from and to listen to.

    async with open_account() as account:
        await account.send("ops", "The build is green.")
        async with account.incoming("my-bot") as things:
            async for received in things:
                ...

    key = open_key()  # a capability key: no profile, and nothing but sending
    await key.send("The build is green.")

An account attaches to the engine that runs, or runs one while the block lasts, as every command
does. Rule: nothing here that `Engine` or a key can't; what isn't here is on `account.engine`.
Programs of asyncio take restante.client.api_asyncio. Spec: docs/python.md.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from restante.client.capability_keys.given import DEADLINE_S, secret_of, send_once
from restante.client.capability_keys.sending import read_secret
from restante.client.interface import Received, ReceivedEvent, Resync
from restante.client.log import open_log_of
from restante.client.own_engine import open_own_engine
from restante.client.profile import locate_profile, no_profile
from restante.client.running import engine_for
from restante.errors import UserError
from restante.store.seam import open_loop

if TYPE_CHECKING:
    from restante.client.capability_keys.sending import SentByKey
    from restante.client.interface import Engine, Message
    from restante.protocol.grant import GrantSecret

PAGE = 64


class Account:
    """An account to work with. Made by `open_account`. Every method may raise UserError."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        """Everything there is: see restante.client.interface.Engine."""

    async def send(
        self, to: str, text: str, *, reply_to: str | None = None, idempotency_key: str | None = None
    ) -> Message:
        """Send a text, durably queued when this returns.

        `to`: an address, a contact's name, or a conversation's key. `reply_to`: a message's id.
        The same text under the same `idempotency_key` is sent once, however often this is called.
        """
        conversation = await self.find(to)
        return await self.engine.send(
            conversation, text, quote=reply_to, idempotency_key=idempotency_key
        )

    def incoming(self, consumer: str, *, conversation: str | None = None) -> Incoming:
        """Listen under a name: a context manager and iterator of what arrives. See `Incoming`."""
        return Incoming(self, consumer, conversation)

    async def find(self, to: str) -> str:
        """Return the key of a conversation; an address that is not known is looked up."""
        try:
            return await self.engine.resolve(to)
        except UserError:
            if "@" not in to:
                raise
        return (await self.engine.contact_add(to)).key


class Incoming:
    """What arrives, in the order of arrival, from where this consumer was; for ever.

    A thing is acknowledged when the next one is asked for: whoever dies in the body of the loop
    gets it again, so go by `received.message.id` where that matters. One at a time for a name.
    """

    def __init__(self, account: Account, consumer: str, conversation: str | None) -> None:
        self._account = account
        self._consumer = consumer
        self._conversation = conversation
        self._key: str | None = None
        self._events = account.engine.subscribe()
        self._page: deque[Received] = deque()
        self._given: Received | None = None

    async def __aenter__(self) -> Incoming:
        if self._conversation is not None:
            self._key = await self._account.find(self._conversation)
        await self._events.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._events.__aexit__(*exc)

    def __aiter__(self) -> Incoming:
        return self

    async def __anext__(self) -> Received:
        engine = self._account.engine
        if self._given is not None:
            await engine.acknowledge(self._consumer, cursor=self._given.cursor)
            self._given = None
        while not self._page:
            self._page.extend(
                await engine.consume(self._consumer, limit=PAGE, conversation=self._key)
            )
            while not self._page:
                if isinstance(await anext(self._events), ReceivedEvent | Resync):
                    break
        self._given = self._page.popleft()
        return self._given


class Key:
    """A capability key to send by: into its one conversation, and no more. Made by `open_key`."""

    def __init__(self, secret: GrantSecret) -> None:
        self._secret = secret

    @property
    def label(self) -> str:
        """What its owner calls the conversation that it writes into."""
        return self._secret.label

    async def send(
        self, text: str, *, idempotency_key: str | None = None, timeout_s: float = DEADLINE_S
    ) -> SentByKey:
        """Send a text; everybody who reads it has it at their relay when this returns.

        Nothing waits on this machine: after a UserError (no relay, the key revoked or out of time)
        it is the program that sends again, under the same `idempotency_key`, and it is shown once.
        """
        return await send_once(
            self._secret, text, idempotency_key=idempotency_key, timeout_s=timeout_s
        )


def open_key(secret: str | None = None) -> Key:
    """Read a capability key: the line that `restante device grant new` printed.

    `secret`: that line; else RESTANTE_GRANT, or the file that RESTANTE_GRANT_FILE names. UserError:
    there is none, or it is none.
    """
    return Key(read_secret(secret_of(os.environ) if secret is None else secret))


@asynccontextmanager
async def open_account(profile: str | None = None) -> AsyncIterator[Account]:
    """Have a profile's account for the length of the block, in a trio program.

    `profile`: its name; RESTANTE_PROFILE, else `default`. UserError: there is no such profile, or
    it can't be opened.
    """
    found = locate_profile(profile, os.environ)
    if not found.exists:
        raise no_profile(found)
    found.check()
    open_log_of(found, verbosity=0)
    async with open_loop(), engine_for(found, open_own_engine) as seat:
        yield Account(seat.engine)
