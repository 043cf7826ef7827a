"""An engine behind a real socket, and who calls it: as the commands do, or with whatever bytes."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio
import trio.testing

from restante.client import rpc
from restante.client.attach import attach
from restante.client.profile import Profile
from restante.client.remote import RemoteEngine, connect_remote
from restante.client.rpc import listening, serve
from tests.client.served_engine import ServedEngine, make_profile


@asynccontextmanager
async def served(place: Path) -> AsyncIterator[tuple[ServedEngine, Profile]]:
    profile = make_profile(place)
    engine = ServedEngine()
    async with listening(profile) as listener, trio.open_nursery() as nursery:
        nursery.start_soon(serve, engine, listener)
        yield engine, profile
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def remote_of(profile: Profile) -> AsyncIterator[RemoteEngine]:
    async with connect_remote(profile) as remote:
        assert remote is not None
        yield remote


class Raw:
    """A client that writes whatever it likes."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self._lines = rpc.Lines(stream)

    async def say(self, *lines: bytes) -> None:
        await self.stream.send_all(b"".join(line + b"\n" for line in lines))

    async def hear(self) -> Any:
        with trio.fail_after(30):
            return json.loads(await anext(self._lines))

    async def ask(self, **request: Any) -> Any:
        await self.say(json.dumps({"jsonrpc": "2.0", "id": 1, **request}).encode())
        return await self.hear()


async def raw_client(profile: Profile) -> Raw:
    return Raw(await trio.open_unix_socket(os.fspath(profile.socket_path)))


async def in_thread(profile: Profile, work: Any) -> Any:
    """Run `work(attached)` as a one-shot command does: in plain synchronous code."""

    def run() -> Any:
        attached = attach(profile)
        assert attached is not None
        with attached:
            return work(attached)

    with trio.fail_after(60):
        return await trio.to_thread.run_sync(run)
