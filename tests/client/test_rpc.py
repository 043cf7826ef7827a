"""The engine's socket: every method of the interface, checked, bounded, for its owner alone."""

from __future__ import annotations

import inspect
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from restante.client import rpc
from restante.client.attach import Attached, EngineGoneError, attach
from restante.client.interface import (
    Engine,
)
from restante.client.methods import METHODS
from restante.client.remote import connect_remote
from restante.client.rpc import listening
from restante.errors import CryptoError, ExitCode, StoreError, UserError
from tests.client.rpc_clients import in_thread, raw_client, remote_of, served
from tests.client.served_engine import make_profile


def test_every_method_of_the_interface_is_on_the_socket() -> None:
    public = {
        name
        for part in Engine.__mro__
        for name, member in vars(part).items()
        if not name.startswith("_") and inspect.isfunction(member)
    }
    assert set(METHODS) | {"subscribe"} == public
    for name, method in METHODS.items():
        wanted = set(inspect.signature(getattr(Engine, name)).parameters) - {"self"}
        assert set(method.parameters.__struct_fields__) == wanted


async def test_the_socket_is_its_owners_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        async with served(tmp_path) as (_, profile):
            assert stat.S_IMODE(profile.socket_path.stat().st_mode) == 0o600
            assert stat.S_ISSOCK(profile.socket_path.stat().st_mode)
        assert not profile.socket_path.exists()
    finally:
        os.umask(old)


async def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    async with listening(profile):
        kept = profile.socket_path.with_suffix(".kept")  # on the same file system, wherever that is
        os.link(profile.socket_path, kept)
    os.rename(kept, profile.socket_path)
    assert attach(profile) is None
    async with served(tmp_path) as (_, again):
        answer = await in_thread(again, lambda attached: attached.call("status", {}))
        assert answer["address"] == "alice@relay.example"


async def test_without_an_engine_nobody_answers(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    assert attach(profile) is None
    async with connect_remote(profile) as remote:
        assert remote is None


async def test_answers_are_the_interfaces_values(tmp_path: Path) -> None:
    async with served(tmp_path) as (engine, profile), remote_of(profile) as remote:
        key = engine.person("bob@relay.example", "Bob")
        heard = engine.hear(key, "grüße \N{WAVING HAND SIGN}\nsecond line")
        assert await remote.engine.status() == await engine.status()
        assert await remote.engine.conversations() == await engine.conversations()
        assert await remote.engine.messages(key, start=0, count=10) == [heard]
        assert await remote.engine.resolve("Bob") == key
        assert await remote.engine.retry_now() is None
        assert (await remote.engine.safety_number(key)).peer == "Bob"


async def test_errors_keep_their_sentence_and_exit_code(tmp_path: Path) -> None:
    async with served(tmp_path) as (engine, profile), remote_of(profile) as remote:
        engine.refuses = UserError("The relay is full.", exit_code=ExitCode.LIMITED)
        with pytest.raises(UserError, match=r"^The relay is full\.$") as caught:
            await remote.engine.contact_add("eve@relay.example")
        assert caught.value.exit_code is ExitCode.LIMITED
        for broken, exit_code in (
            (StoreError("the file is damaged"), ExitCode.UNAVAILABLE),
            (CryptoError("secret detail"), ExitCode.UNTRUSTED),
            (RuntimeError("secret detail"), ExitCode.BUG),
        ):
            engine.breaks_on_status = broken
            with pytest.raises(UserError) as caught:
                await remote.engine.status()
            assert caught.value.exit_code is exit_code
            assert "secret" not in str(caught.value)
            with pytest.raises(UserError) as caught:
                await in_thread(profile, lambda attached: attached.call("status", {}))
            assert caught.value.exit_code is exit_code
        engine.breaks_on_status = None
        assert await remote.engine.status()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", rpc.PARSE_ERROR),
        (b"\xff\xfe", rpc.PARSE_ERROR),
        (b"[" * 100_000, rpc.INVALID_REQUEST),
        (
            b'{"jsonrpc":"2.0","id":1,"method":"status","params":'
            + b"[" * 99999
            + b"]" * 99999
            + b"}",
            rpc.PARSE_ERROR,
        ),
        (b"[]", rpc.INVALID_REQUEST),
        (b'"status"', rpc.INVALID_REQUEST),
        (b'{"jsonrpc":"1.0","id":1,"method":"status"}', rpc.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1}', rpc.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1,"method":"__class__"}', rpc.METHOD_NOT_FOUND),
        (b'{"jsonrpc":"2.0","id":1,"method":"person"}', rpc.METHOD_NOT_FOUND),
        (b'{"jsonrpc":"2.0","id":1,"method":"resolve"}', rpc.INVALID_PARAMS),
        (b'{"jsonrpc":"2.0","id":1,"method":"resolve","params":["x"]}', rpc.INVALID_PARAMS),
        (b'{"jsonrpc":"2.0","id":1,"method":"resolve","params":{"text":5}}', rpc.INVALID_PARAMS),
        (
            b'{"jsonrpc":"2.0","id":1,"method":"status","params":{"extra":1}}',
            rpc.INVALID_PARAMS,
        ),
        (
            b'{"jsonrpc":"2.0","id":1,"method":"unsubscribe","params":{"subscription":"1"}}',
            rpc.INVALID_PARAMS,
        ),
    ],
)
async def test_what_is_no_request_is_answered_and_harms_nothing(
    tmp_path: Path, line: bytes, code: int
) -> None:
    async with served(tmp_path) as (_, profile):
        client = await raw_client(profile)
        async with client.stream:
            await client.say(line)
            answer = await client.hear()
            assert answer["error"]["code"] == code
            assert "result" not in answer
            assert (await client.ask(method="status"))["result"]["pid"] == 1


async def test_a_notification_gets_no_answer(tmp_path: Path) -> None:
    async with served(tmp_path) as (engine, profile):
        client = await raw_client(profile)
        async with client.stream:
            await client.say(b'{"jsonrpc":"2.0","method":"retry_now"}')
            assert (await client.ask(method="resolve", params={"text": "?"}))["id"] == 1
            assert engine.retries == 1


async def test_a_line_without_end_closes_only_its_own_connection(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, profile), remote_of(profile) as remote:
        client = await raw_client(profile)
        async with client.stream:
            with trio.fail_after(60), pytest.raises(trio.BrokenResourceError):
                await client.stream.send_all(b"x" * 64 * rpc.MAX_REQUEST_BYTES)
        assert await remote.engine.status()


async def test_a_slow_call_holds_up_nobody_and_too_many_wait_their_turn(tmp_path: Path) -> None:
    async with served(tmp_path) as (engine, profile):
        client = await raw_client(profile)
        async with client.stream:
            for number in range(rpc.MAX_REQUESTS - 1):
                request = {"jsonrpc": "2.0", "id": number, "method": "synchronise"}
                await client.say(json.dumps({**request, "params": {"timeout_s": 1.0}}).encode())
            assert (await client.ask(id="quick", method="status"))["id"] == "quick"
            await client.say(
                b'{"jsonrpc":"2.0","id":99,"method":"synchronise","params":{"timeout_s":1}}',
                b'{"jsonrpc":"2.0","id":100,"method":"status"}',
            )
            with trio.fail_after(30):
                while engine.calls.count("synchronise") < rpc.MAX_REQUESTS:
                    await trio.lowlevel.checkpoint()
            await trio.testing.wait_all_tasks_blocked()
            assert engine.calls.count("status") == 1  # the one more is not even read
            engine.hold_synchronise.set()
            ids = {(await client.hear())["id"] for _ in range(rpc.MAX_REQUESTS + 1)}
            assert ids == {*range(rpc.MAX_REQUESTS - 1), 99, 100}


async def test_the_end_of_the_engine_is_told_to_calls_and_streams(tmp_path: Path) -> None:
    async with trio.open_nursery() as nursery:
        profile = make_profile(tmp_path)
        scope = trio.CancelScope()
        up = trio.Event()

        async def run() -> None:
            with scope:
                async with served(tmp_path):
                    up.set()
                    await trio.sleep_forever()

        nursery.start_soon(run)
        await up.wait()
        async with remote_of(profile) as remote, remote.subscribe() as events:
            waits = trio.Event()

            async def call() -> None:
                with pytest.raises(EngineGoneError):
                    await remote.engine.synchronise(timeout_s=60)
                waits.set()

            nursery.start_soon(call)
            await trio.testing.wait_all_tasks_blocked()
            scope.cancel()
            with trio.fail_after(30):
                await waits.wait()
                with pytest.raises(EngineGoneError):
                    await anext(aiter(events))
            with pytest.raises(EngineGoneError):
                await remote.engine.status()


async def test_a_cancelled_call_leaves_the_connection_whole(tmp_path: Path) -> None:
    async with served(tmp_path) as (engine, profile), remote_of(profile) as remote:
        with trio.move_on_after(0.05):
            await remote.engine.synchronise(timeout_s=60)
        engine.hold_synchronise.set()
        assert await remote.engine.status()
        assert await remote.engine.synchronise(timeout_s=60) is True


async def test_a_one_shot_caller_waits_no_longer_than_it_said(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, profile):

        def talk(attached: Attached) -> Any:
            attached.subscribe()
            assert attached.next_event(timeout_s=0.0) is None
            with pytest.raises(TimeoutError):
                attached.call("synchronise", {"timeout_s": 60.0}, timeout_s=0.05)
            return True

        assert await in_thread(profile, talk)
