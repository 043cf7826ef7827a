"""Handshakes in TLS, each step in its network's turn: to sign one takes as long as many messages.

Whoever opens many connections and then speaks on all of them at once would have the loop sign for
all of them before it served anybody else. Rule: what a step was given is worked on in a round in
which the network has time left. Knows no deadline. Spec: docs/relay.md, section 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from restante.relay.turns import Turns


async def shake_hands(
    stream: trio.SSLStream[trio.abc.Stream], *, network: bytes, turns: Turns
) -> None:
    """Do a handshake. Raises what a broken stream does."""
    plain = stream.transport_stream
    stream.transport_stream = _InTurn(plain, network=network, turns=turns)
    try:
        await stream.do_handshake()
    finally:
        stream.transport_stream = plain


class _InTurn(trio.abc.Stream):
    """A stream that hands on what it receives when it is its network's turn."""

    def __init__(self, plain: trio.abc.Stream, *, network: bytes, turns: Turns) -> None:
        self._plain = plain
        self._network = network
        self._turns = turns

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        data = await self._plain.receive_some(max_bytes)
        await self._turns.greet(self._network)
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._plain.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._plain.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._plain.aclose()
