"""How many connections, and how soon one after the other; who is turned away learns why."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
import trio.testing

from restante.client.failures import RefusedError
from restante.client.link import open_link
from restante.client.socket import Route
from restante.errors import ExitCode, WireCode
from restante.protocol.address import RelayAddress
from restante.relay.limits import Limits
from tests.relay.authority import Authority
from tests.relay.wire import (
    anonymous,
    relay_at,
)

pytestmark = pytest.mark.usefixtures("engine")


async def test_connections_of_one_network_are_bounded(tmp_path: Path) -> None:
    async with relay_at(tmp_path, limits=Limits(connections_per_network=2)) as relay:
        async with anonymous(relay), anonymous(relay):
            stream = await trio.open_tcp_stream(relay.address.host, relay.address.port)
            async with stream:
                told = b""
                while data := await stream.receive_some(1000):
                    told += data
            assert told.startswith(b"HTTP/1.1 429 ")
            assert told.endswith(b"(connections_per_network)\n")
        while relay.services.by_network.total():
            await trio.testing.wait_all_tasks_blocked(0.01)
        async with anonymous(relay):
            pass


async def _refused(relay: RelayAddress) -> RefusedError:
    """Connect as a client does, and be turned away."""
    async with trio.open_nursery() as nursery:
        try:
            await open_link(nursery, relay, route=Route(proxy=None, isolation="tests"))
        except RefusedError as error:
            return error
        finally:
            nursery.cancel_scope.cancel()
    pytest.fail("it connected")


@pytest.mark.parametrize("speaks_tls", [False, True])
async def test_who_is_turned_away_learns_why_and_when_to_come_back(
    tmp_path: Path, *, speaks_tls: bool
) -> None:
    authority = Authority(tmp_path)
    authority.write()
    files = authority.files if speaks_tls else {}
    limits = Limits(connections_per_network=1)
    async with relay_at(tmp_path, limits=limits, **files) as relay, anonymous(relay):
        refused = await _refused(relay.address)
        assert refused.code is WireCode.SLOW_DOWN
        assert refused.limit == "connections_per_network"
        assert refused.retry_after_s >= 1
        assert refused.exit_code is ExitCode.LIMITED


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # no database in it
async def test_a_flood_of_connections_is_told_by_silence(tmp_path: Path) -> None:
    limits = Limits(connections_per_network=1)
    async with relay_at(tmp_path, limits=limits) as relay, anonymous(relay):
        told = []
        for _ in range(12):
            async with await trio.open_tcp_stream(relay.address.host, relay.address.port) as stream:
                told.append(await stream.receive_some(100))
        assert told[0].startswith(b"HTTP/1.1 429 ")
        assert told.count(b"") >= 4


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # no database in it
async def test_connections_of_one_network_have_a_rate(tmp_path: Path) -> None:
    async with relay_at(tmp_path, limits=Limits(connects_per_network=1)) as relay:
        refused = 0
        for _ in range(25):
            async with await trio.open_tcp_stream(relay.address.host, relay.address.port) as stream:
                with trio.move_on_after(0.05):
                    refused += await stream.receive_some(1) in {b"", b"H"}
        assert 0 < refused <= 5
