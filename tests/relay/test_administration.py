"""What an operator does with a running relay, over its socket: block, delete, send away."""

from __future__ import annotations

import json
import os
import socket
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from restante.errors import UserError, WireCode
from restante.protocol import frames as f
from restante.relay.commands import by_files
from restante.relay.ops.asking import ask, connected
from restante.relay.ops.draining import send_away
from restante.relay.ops.place import SOCKET_FILE
from restante.relay.server import RunningRelay
from restante.store.relay_administration import DAY_S
from tests.relay.administrator import asked
from tests.relay.generations import anew, next_generation
from tests.relay.wire import (
    anonymous,
    authenticated,
    deposit,
    item,
    person,
    registered,
    relay_at,
    subscribed,
)


async def outcome_for(relay: RunningRelay, who: Any, **how: Any) -> int:
    async with anonymous(relay) as wire:
        (result,) = await deposit(wire, item(who, **how))
        return int(result.outcome)


async def test_a_blocked_account_is_cut_off_and_receives_nothing_until_it_is_unblocked(
    tmp_path: Path,
) -> None:
    async with relay_at(tmp_path) as relay:
        bob, eve = await registered(relay, "bob"), await registered(relay, "eve")
        assert await outcome_for(relay, bob) == f.Outcome.STORED
        async with subscribed(relay, bob) as device, subscribed(relay, eve) as other:
            await asked(tmp_path, "block", name="bob")
            assert (await device.closed()).code == WireCode.BLOCKED
            assert await outcome_for(relay, eve) == f.Outcome.STORED
            assert len(await other.delivered(1)) == 1
        async with authenticated(relay, bob) as device:
            assert device.asides[0].code == WireCode.BLOCKED
        assert await outcome_for(relay, bob) == f.Outcome.REFUSED
        assert await outcome_for(relay, bob, token=None) == f.Outcome.REFUSED
        assert (await asked(tmp_path, "account", name="bob"))["is_blocked"]
        await asked(tmp_path, "unblock", name="bob")
        assert await outcome_for(relay, bob) == f.Outcome.STORED
        async with subscribed(relay, bob) as device:
            assert len(await device.delivered(2)) == 2, "what waited before the block is there"


async def test_a_blocked_account_does_not_come_back_by_recovery(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob, other = await registered(relay, "bob"), person("bob")
        await asked(tmp_path, "block", name="bob")
        again = anew(bob)
        async with authenticated(relay, again) as device:
            recovered = next_generation(again, relay.address).to_bytes()
            refused = await _register(device, again, recovered)
            assert refused.code == WireCode.BLOCKED, "its own root key, and a new device"
        async with authenticated(relay, other) as device:
            stranger = other.manifest(relay.address).to_bytes()
            refused = await _register(device, other, stranger)
            assert refused.code == WireCode.NAME_TAKEN, "strangers don't learn of the block"


async def _register(wire: Any, who: Any, manifest: bytes) -> Any:
    return await wire.ask(
        f.Register, name=who.name, invite=None, manifest=manifest, tokens=who.hashes
    )


async def test_a_deleted_account_is_gone_with_all_that_waits_and_its_name(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        await outcome_for(relay, bob)
        async with subscribed(relay, bob) as device:
            await asked(tmp_path, "delete", name="bob")
            assert (await device.closed()).code == WireCode.UNAUTHENTICATED
        assert await outcome_for(relay, bob) == f.Outcome.REFUSED
        found = await asked(tmp_path, "stats")
        assert (found["accounts"], found["devices"], found["envelopes"]) == (0, 0, 0)
        again = person("bob")
        async with authenticated(relay, again) as device:
            refused = await _register(device, again, again.manifest(relay.address).to_bytes())
            assert refused.code == WireCode.NAME_TAKEN
        with pytest.raises(UserError, match="no account 'bob'"):
            await asked(tmp_path, "delete", name="bob")


@pytest.mark.usefixtures("engine")
async def test_what_is_listed_names_accounts_and_counts_and_nothing_else(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        await outcome_for(relay, bob)
        (line,) = await asked(tmp_path, "accounts")
        shown = await asked(tmp_path, "account", name="bob")
        (device,) = shown.pop("listed")
        stats = await asked(tmp_path, "stats")
        assert [stats[name] for name in ("blocked", "awaited", "blob_bytes")] == [0, 0, 0]
    assert line == shown
    assert line == {
        "name": "bob",
        "devices": 1,
        "envelopes": 1,
        "blobs": 0,
        "blob_bytes": 0,
        "quota_bytes": None,
        "is_blocked": False,
        "is_awaited": False,
        "seen_day": None,
    }
    assert device == {
        "device": bob.device.device_id.hex()[:8],
        "envelopes": 1,
        "size_bytes": 4096,
        "prekeys": 0,
    }


async def test_accounts_are_listed_page_by_page(tmp_path: Path) -> None:
    names = ["ann", "bob", "carol"]
    async with relay_at(tmp_path) as relay:
        for name in names:
            await registered(relay, name)
        assert [line["name"] for line in await asked(tmp_path, "accounts")] == names
        rest = await asked(tmp_path, "accounts", after="bob")
        assert [line["name"] for line in rest] == ["carol"]


async def test_an_invite_is_listed_without_its_code_and_can_be_revoked(tmp_path: Path) -> None:
    async with relay_at(tmp_path, open_registration=False) as relay:
        made = [
            await asked(tmp_path, "invite", uses=2, expires_s=days * DAY_S, quota_bytes=5)
            for days in (1, 2)
        ]
        listed = await asked(tmp_path, "invites")
        assert [(one["uses_left"], one["quota_bytes"]) for one in listed] == [(2, 5), (2, 5)]
        assert not any(made[0]["code"][-20:] in json.dumps(one) for one in listed)
        which = {"invite": listed[0]["invite"], "uses_left": 2}
        code = made[0]["code"]
        assert await asked(tmp_path, "revoke", invite=code, is_dry_run=True) == which
        assert await asked(tmp_path, "invites") == listed, "only looked for"
        assert await asked(tmp_path, "revoke", invite=code) == which
        assert await asked(tmp_path, "invites") == listed[1:]
        with pytest.raises(UserError, match="no invite"):
            await asked(tmp_path, "revoke", invite="00000000")
        await asked(tmp_path, "revoke", invite=listed[1]["invite"])
        assert await asked(tmp_path, "invites") == []
        assert relay.services.settings.open_registration is False


@pytest.mark.parametrize(
    "wanted",
    [
        {"uses": 0},
        {"uses": 10**30},
        {"expires_s": 0},
        {"expires_s": 2**63},
        {"quota_bytes": -1},
        {"quota_bytes": 2**63},
    ],
)
async def test_an_invite_that_cannot_be_is_refused(tmp_path: Path, wanted: dict[str, int]) -> None:
    async with relay_at(tmp_path):
        with pytest.raises(UserError, match=r"\.$"):
            await asked(tmp_path, "invite", **({"uses": 1, "expires_s": 60} | wanted))
        assert await asked(tmp_path, "invites") == []


async def test_a_drained_relay_takes_nobody_and_tells_each_to_come_back(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob, eve = await registered(relay, "bob"), await registered(relay, "eve")
        async with subscribed(relay, bob) as one, subscribed(relay, eve) as two:
            found = await asked(tmp_path, "drain", over_s=0)
            assert found == {"connections": 2}
            await relay.services.drain.asked.wait()
            async with trio.open_nursery() as nursery:
                closed: list[int] = []

                async def until_closed(wire: Any) -> None:
                    closed.append((await wire.closed()).code)

                nursery.start_soon(until_closed, one)
                nursery.start_soon(until_closed, two)
                await _sent_away(relay)
            assert closed == [WireCode.GOING_AWAY] * 2


async def _sent_away(relay: RunningRelay) -> None:

    await send_away(relay.services)


async def test_a_signal_ends_a_long_draining(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        async with subscribed(relay, bob) as device:
            relay.services.drain.ask(over_s=3600)
            with trio.fail_after(20):
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(send_away, relay.services)
                    await trio.testing.wait_all_tasks_blocked()
                    relay.services.drain.hurry()
            assert isinstance(await device.ask(f.FetchPrekeyState), f.PrekeyState), "still here"


# ---- the socket ------------------------------------------------------------------------------


async def test_the_socket_is_its_owners_alone_and_goes_with_the_relay(tmp_path: Path) -> None:
    place = tmp_path / "relay" / SOCKET_FILE
    async with relay_at(tmp_path):
        mode = os.lstat(place).st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
    assert SOCKET_FILE not in os.listdir(tmp_path / "relay")


async def test_a_directory_with_a_long_name_has_a_socket_too(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    os.mkdir(deep)
    async with relay_at(deep):
        assert (await asked(deep, "stats"))["running"] is True


BAD_LINES = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"method": 1}',
    b'{"method": "stats", "params": [1]}',
    b'{"method": "stats", "params": {"more": 1}}',
    b'{"method": "nothing"}',
    b'{"method": "account", "params": {"name": 7}}',
    b'{"method": "account", "params": {"name": "\' OR 1=1 --"}}',
    b'{"method": "invite", "params": {"uses": 0, "expires_s": 5}}',
    b'{"method": "invite", "params": {"uses": 1e400, "expires_s": 5}}',
    b'{"method": "revoke", "params": {"invite": ""}}',
]


async def test_whatever_comes_is_answered_with_a_sentence(tmp_path: Path) -> None:
    async with relay_at(tmp_path):

        def talk(line: bytes) -> dict[str, Any]:
            with closing(socket.socket(socket.AF_UNIX)) as connection:
                connection.connect(os.fspath(tmp_path / "relay" / SOCKET_FILE))
                connection.sendall(line + b"\n")
                with connection.makefile("rb") as file:
                    answer: dict[str, Any] = json.loads(file.readline())
                return answer

        for line in BAD_LINES:
            answer = await trio.to_thread.run_sync(talk, line)
            assert answer["error"]["message"], line[:80]
        assert (await asked(tmp_path, "stats"))["running"] is True


async def test_a_line_without_end_is_hung_up_on(tmp_path: Path) -> None:
    async with relay_at(tmp_path):

        def talk() -> bytes:
            with closing(socket.socket(socket.AF_UNIX)) as connection:
                connection.connect(os.fspath(tmp_path / "relay" / SOCKET_FILE))
                try:
                    for _ in range(40):
                        connection.sendall(b"x" * 65_536)
                    return connection.recv(10)
                except OSError:
                    return b""

        assert await trio.to_thread.run_sync(talk) == b""
        assert (await asked(tmp_path, "stats"))["running"] is True


def test_a_stopped_relay_is_asked_by_its_files(tmp_path: Path) -> None:
    async def once() -> None:
        async with relay_at(tmp_path) as relay:
            await registered(relay, "bob")

    trio.run(once)
    data = tmp_path / "relay"

    def files(method: str, params: bytes) -> Any:
        return by_files(data, method, params)

    assert ask(data, "stats", files)["running"] is False
    ask(data, "block", files, name="bob")
    assert ask(data, "accounts", files)[0]["is_blocked"] is True
    ask(data, "delete", files, name="bob")
    assert ask(data, "accounts", files) == []
    with pytest.raises(UserError, match="nothing to drain"):
        ask(data, "drain", files)
    with connected(data) as nobody:
        assert nobody is None
    with pytest.raises(UserError, match="no relay's data"):
        ask(tmp_path / "nowhere", "stats", files)
