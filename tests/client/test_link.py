"""A link that breaks: what the relay said last is what is told, whoever notices first."""

from __future__ import annotations

from typing import cast

import pytest
import trio

from restante.client.failures import RefusedError, UnreachableError
from restante.client.link import Link
from restante.client.socket import MessageSocket
from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.address import RelayAddress
from restante.protocol.connection import Connection, Role

RELAY = RelayAddress(host="relay.example")


class Breaking:
    """A socket that breaks at the first frame sent; what came before that is still to be read."""

    def __init__(self, *unread: bytes) -> None:
        self._unread = list(unread)
        self._broken = trio.Event()

    async def send(self, _message: bytes) -> None:
        self._broken.set()
        raise UnreachableError("broken")

    async def receive(self) -> bytes:
        await self._broken.wait()
        if not self._unread:
            raise UnreachableError("broken")
        return self._unread.pop(0)

    async def ping(self) -> None:
        await trio.sleep_forever()

    async def abort(self) -> None:
        await trio.lowlevel.checkpoint()


def greeted() -> tuple[Connection, Connection, f.Welcome]:
    """Return both ends of a connection that has been greeted."""
    ours, relays = Connection(Role.CLIENT), Connection(Role.RELAY)
    ours.receive(relays.send(f.Challenge(versions=[f.VERSION], nonce=bytes(32))))
    relays.receive(ours.send(f.Anonymous(version=f.VERSION)))
    welcome = f.Welcome(
        version=f.VERSION,
        registered=False,
        epoch=0,
        now_s=1,
        max_ttl_s=3600,
        max_deposit_items=100,
        ticket=None,
    )
    ours.receive(relays.send(welcome))
    return ours, relays, welcome


async def ask(link: Link) -> None:
    """Ask for anything."""
    await link.ask(f.Done, lambda n: f.FetchManifest(request=n, name="bob", since_sequence=0))


async def test_a_relays_last_words_are_heard_though_sending_failed_first() -> None:
    ours, relays, welcome = greeted()
    last_words = relays.send(f.Close(code=WireCode.FENCED, reason="", retry_after_s=0))
    socket = cast("MessageSocket", Breaking(last_words))
    link = Link(socket, ours, RELAY, welcome)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(link.run)
            with pytest.raises(RefusedError) as refused:
                await ask(link)
    assert refused.value.code is WireCode.FENCED


async def test_a_link_that_breaks_without_a_word_is_lost() -> None:
    ours, _, welcome = greeted()
    link = Link(cast("MessageSocket", Breaking()), ours, RELAY, welcome)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(link.run)
            with pytest.raises(UnreachableError, match="broken"):
                await ask(link)
