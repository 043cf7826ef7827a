"""Events over the engine's socket: to every subscriber, in order, within bounds."""

from __future__ import annotations

from pathlib import Path

import trio
import trio.testing

from restante.client import rpc
from restante.client.attach import Attached
from restante.client.interface import (
    ConnectionPhase,
    MessageAdded,
    MessageState,
    Resync,
    StatusChanged,
)
from restante.client.remote import connect_remote
from tests.client.rpc_clients import in_thread, raw_client, remote_of, served
from tests.client.served_engine import ServedEngine


async def test_events_reach_every_subscriber_in_order(tmp_path: Path) -> None:
    async with served(tmp_path) as (engine, profile), remote_of(profile) as remote:
        key = engine.person("bob@relay.example")
        async with remote.subscribe() as first, remote.subscribe() as second:
            sent = [engine.hear(key, f"number {n}") for n in range(50)]
            for stream in (first, second):
                seen = []
                with trio.fail_after(30):
                    async for event in stream:
                        if isinstance(event, MessageAdded):
                            seen.append(event.message)
                        if len(seen) == len(sent):
                            break
                assert seen == sent
        assert engine.streams == [] or await _becomes_empty(engine)


async def _becomes_empty(engine: ServedEngine) -> bool:
    with trio.fail_after(30):
        while engine.streams:
            await trio.lowlevel.checkpoint()
    return True


async def test_a_subscriber_that_does_not_read_costs_bounded_memory_and_learns_of_it(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as (engine, profile):
        key = engine.person("bob@relay.example")
        client = await raw_client(profile)
        async with client.stream:
            number = (await client.ask(method="subscribe"))["result"]["subscription"]
            for _ in range(2000):
                engine.hear(key, "x" * 2000)
                await trio.lowlevel.checkpoint()
            engine.go(ConnectionPhase.OFFLINE)
            types = []
            while "resync" not in types:
                notified = await client.hear()
                assert notified["method"] == "event"
                assert notified["params"]["subscription"] == number
                types.append(notified["params"]["event"]["type"])
            assert len(types) < 2000


async def test_subscriptions_end_when_asked_and_with_their_connection(tmp_path: Path) -> None:
    async with served(tmp_path) as (engine, profile):
        client = await raw_client(profile)
        async with client.stream:
            for _ in range(rpc.MAX_SUBSCRIPTIONS):
                answer = await client.ask(method="subscribe")
            assert (await client.ask(method="subscribe"))["error"]["code"] == rpc.INVALID_REQUEST
            number = answer["result"]["subscription"]
            params = {"subscription": number}
            assert (await client.ask(method="unsubscribe", params=params))["result"] is True
            assert (await client.ask(method="subscribe"))["result"]["subscription"] > number
            assert (await client.ask(method="unsubscribe", params=params))["result"] is False
            assert len(engine.streams) == rpc.MAX_SUBSCRIPTIONS
        assert await _becomes_empty(engine)


async def test_a_one_shot_caller_sees_events_between_answers(tmp_path: Path) -> None:
    async with served(tmp_path) as (engine, profile):
        key = engine.person("bob@relay.example")
        engine.relays_at_once = False

        def talk(attached: Attached) -> list[str]:
            attached.subscribe()
            sent = attached.call(
                "send", {"conversation": key, "text": "hi", "message_id": "00" * 16}
            )
            trio.from_thread.run_sync(engine.advance, sent["id"], MessageState.RELAYED)
            states = []
            while "relayed" not in states:
                event = attached.next_event(timeout_s=30)
                assert event is not None
                if event["type"] in {"message_added", "message_changed"}:
                    states.append(event["message"]["state"])
            return states

        assert await in_thread(profile, talk) == ["queued", "relayed"]


async def test_a_remote_stream_that_falls_behind_says_so(tmp_path: Path) -> None:
    async with (
        served(tmp_path) as (engine, profile),
        connect_remote(profile, max_held_events=4) as remote,
    ):
        assert remote is not None
        async with remote.subscribe() as events:
            for _ in range(20):
                engine.go(ConnectionPhase.OFFLINE)
                await trio.testing.wait_all_tasks_blocked()
            assert await anext(aiter(events)) == Resync()
            engine.go(ConnectionPhase.CONNECTED)
            with trio.fail_after(30):
                async for event in events:
                    is_status = isinstance(event, StatusChanged)
                    if is_status and event.status.phase is ConnectionPhase.CONNECTED:
                        break
