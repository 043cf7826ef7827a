"""Running a relay: settings, TLS, commands, an orderly stop, and what it refuses to start with."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from restante.errors import ExitCode, UserError, WireCode
from restante.protocol import frames as f
from restante.protocol.address import RelayAddress
from restante.protocol.code import CodeType, parse_code
from restante.protocol.tls_pin import spki_pin
from restante.relay.commands import invite_new, serve
from restante.relay.server import running_relay
from restante.relay.settings import DATABASE_NAME, Settings, read_settings
from restante.store.seam import open_loop
from tests.relay.authority import Authority, shown
from tests.relay.wire import (
    anonymous,
    deposit,
    dialed,
    item,
    registered,
    relay_at,
    settings_for,
    subscribed,
)

START_S = 60


def _certificate(path: Path) -> tuple[str, str]:
    """Make a self-signed certificate and its key."""
    authority = Authority(path)
    authority.write()
    return authority.files["tls_cert"], authority.files["tls_key"]


@asynccontextmanager
async def _served(data: Path, **more: str) -> AsyncIterator[tuple[trio.Process, Any]]:
    """Run `relay serve` in a process of its own until the block ends."""
    program = (
        "import json, sys\n"
        "from restante.relay.commands import serve\n"
        "from restante.relay.settings import read_settings\n"
        "settings = read_settings(listen='127.0.0.1:0', **json.loads(sys.argv[1]))\n"
        "sys.exit(serve(settings, json_lines=True))\n"
    )
    process = await trio.lowlevel.open_process(
        [sys.executable, "-c", program, json.dumps({"data": str(data), **more})],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        with trio.fail_after(START_S):
            line = await process.stdout.receive_some(10_000)
        yield process, json.loads(line) if line else None
    finally:
        with trio.CancelScope(shield=True):
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def test_over_tls_the_address_carries_the_pin_of_the_key(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    tls: dict[str, Any] = {"tls_cert": certificate, "tls_key": key}
    async with relay_at(tmp_path, **tls) as relay:
        assert relay.address.pin is not None
        assert not relay.address.is_plain
        bob = await registered(relay, "bob")
        async with anonymous(relay) as wire, subscribed(relay, bob) as device:
            stream = wire.socket._stream
            shown = stream.getpeercert(binary_form=True)
            assert spki_pin(shown) == relay.address.pin
            assert stream.version() == "TLSv1.3"
            await deposit(wire, item(bob))
            assert len(await device.delivered(1)) == 1
    async with relay_at(tmp_path, certified=True, **tls) as relay:
        assert relay.address.pin is None, "a public authority's certificate needs no pin"


async def test_older_tls_and_plain_text_are_refused_on_a_tls_port(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    async with relay_at(tmp_path, tls_cert=certificate, tls_key=key) as relay:
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        stream = await trio.open_tcp_stream("127.0.0.1", relay.address.port)
        with pytest.raises(trio.BrokenResourceError):
            await trio.SSLStream(stream, old).do_handshake()
        await trio.aclose_forcefully(stream)
        plain = await trio.open_tcp_stream("127.0.0.1", relay.address.port)
        async with plain:
            await plain.send_all(b"GET / HTTP/1.1\r\n\r\n")
            answer = b""
            while data := await plain.receive_some(100):
                answer += data
            assert b"HTTP" not in answer
        async with dialed(relay.address) as wire:
            assert isinstance(await wire.frame(), f.Challenge)


async def test_a_relay_told_to_stop_tells_everybody_and_ends_well(tmp_path: Path) -> None:
    async with _served(tmp_path / "relay") as (process, said):
        address = RelayAddress.parse(said["address"])
        assert said["type"] == "listening"
        assert said["tls"] is False
        async with dialed(address) as wire:
            await wire.frame()
            process.send_signal(signal.SIGTERM)
            close = await wire.closed()
            assert close.code == WireCode.GOING_AWAY
            assert close.retry_after_s >= 1
        with trio.fail_after(30):
            assert await process.wait() == 0


async def test_a_hangup_makes_a_relay_look_at_its_certificate_and_go_on(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.write()
    async with _served(tmp_path / "relay", **authority.files) as (process, said):
        address = RelayAddress.parse(said["address"])
        second = authority.write()
        process.send_signal(signal.SIGHUP)
        with trio.fail_after(30):
            while (await shown(address)).serial_number != second:  # noqa: ASYNC110  # untold
                await trio.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        with trio.fail_after(30):
            assert await process.wait() == 0


async def test_deposits_under_way_are_answered_before_the_relay_goes(tmp_path: Path) -> None:
    async with open_loop():
        async with running_relay(settings_for(tmp_path)) as relay:
            bob = await registered(relay, "bob")
            async with anonymous(relay) as wire:
                frames = [
                    f.Deposit(request=n, is_retry=False, items=[item(bob)]) for n in range(1, 20)
                ]
                for frame in frames:
                    await wire.send(frame)
                first = await wire.frame()
                assert isinstance(first, f.Deposited)
                answers = 1
                async with trio.open_nursery() as nursery:
                    relay.services.is_stopping = True
                    nursery.start_soon(relay.services.writer.barrier)
                while answers < relay.services.mailrooms.at_hand[bob.mailbox].envelopes[0]:
                    answers += isinstance(await wire.frame(), f.Deposited)
        async with running_relay(settings_for(tmp_path)) as relay:
            (kept,) = await relay.services.db.read_raw(
                lambda raw: raw.execute("SELECT count(*) FROM waiting").fetchone()
            )
            assert kept == answers


async def test_cancelling_a_relay_ends_it_at_once_and_keeps_what_was_answered(
    tmp_path: Path,
) -> None:
    with trio.CancelScope() as scope:
        async with relay_at(tmp_path) as relay:
            bob = await registered(relay, "bob")
            async with anonymous(relay) as wire:
                await deposit(wire, item(bob))
                started = trio.current_time()
                scope.cancel()
                await trio.sleep_forever()
    assert trio.current_time() - started < relay.services.limits.going_away_s
    async with relay_at(tmp_path) as relay:
        (kept,) = await relay.services.db.read_raw(
            lambda raw: raw.execute("SELECT count(*) FROM waiting").fetchone()
        )
        assert kept == 1


async def test_an_invite_made_beside_a_running_relay_opens_it(tmp_path: Path) -> None:
    data = tmp_path / "relay"
    async with relay_at(tmp_path, open_registration=False) as relay:
        code = parse_code(
            await trio.to_thread.run_sync(lambda: invite_new(data, uses=1, expires_s=3600))
        )
        assert code.type is CodeType.RELAY_INVITE
        assert code.relay() == relay.address
        await registered(relay, "bob", invite=code.secret)


def test_an_invite_needs_a_relay_that_was_started_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Start the relay once"):
        invite_new(tmp_path, uses=1, expires_s=60)


def test_a_damaged_database_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"SQLite format 3\x00" + os.urandom(40_000))
    with pytest.raises(UserError, match="damaged") as caught:
        serve(Settings(data=str(tmp_path), listen="127.0.0.1:0"))
    assert caught.value.exit_code == ExitCode.UNAVAILABLE
    assert DATABASE_NAME in str(caught.value)


def test_a_database_damaged_in_the_middle_is_refused(tmp_path: Path) -> None:
    async def make() -> None:
        async with relay_at(tmp_path) as relay:
            bob = await registered(relay, "bob")
            async with anonymous(relay) as wire:
                await deposit(wire, *(item(bob) for _ in range(100)))

    trio.run(make)
    path = tmp_path / "relay" / DATABASE_NAME
    data = bytearray(path.read_bytes())
    data[16_384 * 3 : 16_384 * 9] = os.urandom(16_384 * 6)
    path.write_bytes(data)
    with pytest.raises(UserError, match="damaged"):
        serve(settings_for(tmp_path))


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UserError, match=place):
            serve(Settings(data=str(tmp_path), listen=place))


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="data directory"):
        serve(Settings(data=str(tmp_path / "file" / "data"), listen="127.0.0.1:0"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "--data"),
        ({"data": "d", "listen": "nowhere"}, "HOST:PORT"),
        ({"data": "d", "listen": "127.0.0.1:99999"}, "HOST:PORT"),
        ({"data": "d", "listen": "0.0.0.0:443"}, "name"),
        ({"data": "d", "trusted_proxies": ["127.0.0.1"]}, "name"),
        ({"data": "d", "trusted_proxies": ["caddy"], "names": ["relay.example"]}, "networks"),
        ({"data": "d", "trusted_proxies": ["10.0.0.1/8"], "names": ["a.example"]}, "networks"),
        ({"data": "d", "proxy_header": "X-Real-IP"}, "proxy_header"),
        ({"data": "d", "tls_cert": "c.pem"}, "belong together"),
        ({"data": "d", "names": ["UPPER"]}, "host"),
        ({"data": "d", "limits": {"mailbox_bytes": -1}}, "mailbox_bytes"),
        ({"data": "d", "limits": {"no_such_limit": 1}}, "no_such_limit"),
        ({"data": "d", "limits": {"database_bytes": -5}}, "database_bytes"),
        ({"data": "d", "log_level": "loud"}, "log_level"),
    ],
)
def test_settings_that_are_no_good_are_refused_by_name(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        read_settings(environment={}, **options)


def test_settings_come_from_the_file_then_the_environment_then_the_command_line(
    tmp_path: Path,
) -> None:
    path = tmp_path / "relay.toml"
    path.write_text(
        'data = "from-file"\nlisten = "127.0.0.1:1"\n[limits]\nidle_s = 7\nwrite_s = 8\n'
    )
    environment = {
        "RESTANTE_RELAY_LISTEN": "127.0.0.1:2",
        "RESTANTE_RELAY_LIMITS_IDLE_S": "9",
        "RESTANTE_RELAY_NAMES": "a.example, b.example",
        "RESTANTE_RELAY_OPEN_REGISTRATION": "true",
    }
    settings = read_settings(path, environment=environment, listen="127.0.0.1:3")
    assert settings.listen == "127.0.0.1:3"
    assert settings.data == "from-file"
    assert (settings.limits.idle_s, settings.limits.write_s) == (9, 8)
    assert settings.names == ["a.example", "b.example"]
    assert settings.open_registration
    for bad in ({"RESTANTE_RELAY_NO_SUCH": "1"}, {"RESTANTE_RELAY_LIMITS_IDLE_S": "soon"}):
        with pytest.raises(UserError, match="RESTANTE_RELAY_"):
            read_settings(path, environment=bad)
    path.write_text("data = ")
    with pytest.raises(UserError, match=r"relay\.toml"):
        read_settings(path, environment={})
    with pytest.raises(UserError, match="can't be read"):
        read_settings(tmp_path / "missing.toml", environment={})


@pytest.mark.parametrize("content", ["", "no certificate at all"])
def test_a_certificate_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    certificate, key = _certificate(tmp_path)
    Path(certificate).write_text(content)
    with pytest.raises(UserError, match=r"c\.pem"):
        serve(Settings(data=str(tmp_path), listen="127.0.0.1:0", tls_cert=certificate, tls_key=key))
