"""What the doctor finds: every fault has its finding, with what to do about it."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from restante.errors import UserError
from restante.protocol.address import RelayAddress
from restante.relay.limits import Limits
from restante.relay.ops import doctor, reach
from restante.relay.ops.doctor import examine
from restante.relay.ops.finding import Finding, State
from restante.relay.ops.server_look import judged, look_at_server
from restante.relay.settings import DATABASE_NAME
from restante.store.migrations import RELAY
from restante.store.relay_postgres_health import ServerHealth
from tests.postgres import the_server
from tests.relay.authority import Authority
from tests.relay.wire import relay_at, settings_for


def _sound(_address: str, _invite: str) -> float:
    return 0.5


def _lost(_address: str, _invite: str) -> float:
    raise UserError("it is relayed and not delivered after 45 s.")


async def found(
    path: Path, *, limits: Limits | None = None, database_url: str = "", **how: Any
) -> dict[str, Finding]:
    """Have the doctor look at the relay of a test."""
    settings = settings_for(path, limits=limits, database_url=database_url)
    asked = {"canary": _sound, "is_thorough": True, "settings": settings} | how

    def look() -> list[Finding]:
        return list(examine(path / "relay", **asked))

    findings = await trio.to_thread.run_sync(look)
    assert all((each.fix is not None) == (each.state in _WORTH_MENDING) for each in findings)
    return {each.check: each for each in findings}


_WORTH_MENDING = {State.BAD, State.WARNING}


async def test_a_sound_relay_has_nothing_bad(tmp_path: Path) -> None:
    async with relay_at(tmp_path):
        seen = await found(tmp_path, limits=Limits(connections=10))
    del seen["clock"]  # as the machine has it
    assert {each.check: each.state for each in seen.values()} == {
        "permissions": State.OK,
        "relay": State.OK,
        "database": State.OK,
        "disk": State.OK,
        "open files": State.OK,
        "dns": State.OK,
        "port": State.OK,
        "certificate": State.SKIPPED,
        "message": State.OK,
    }


async def test_a_message_that_does_not_arrive_is_bad(tmp_path: Path) -> None:
    async with relay_at(tmp_path):
        seen = await found(tmp_path, canary=_lost)
    assert seen["message"].state is State.BAD
    assert "not delivered" in seen["message"].found


async def test_what_others_may_read_is_bad(tmp_path: Path) -> None:
    async with relay_at(tmp_path):
        (tmp_path / "relay" / DATABASE_NAME).chmod(0o644)
        seen = await found(tmp_path)
    assert seen["permissions"].state is State.BAD
    assert DATABASE_NAME in str(seen["permissions"].fix)


async def test_little_room_and_few_files_are_found(tmp_path: Path) -> None:
    async with relay_at(tmp_path):
        seen = await found(tmp_path, limits=Limits(blobs_leave_bytes=2**53, connections=2**40))
    assert seen["disk"].state is State.BAD
    assert seen["open files"].state is State.WARNING
    assert f"LimitNOFILE={2**40 + doctor.SPARE_FILES}" in str(seen["open files"].fix)


async def test_a_stopped_relay_is_bad_and_its_damaged_database_too(tmp_path: Path) -> None:
    async with relay_at(tmp_path):
        pass
    seen = await found(tmp_path)
    assert (seen["relay"].state, seen["port"].state) == (State.BAD, State.BAD)
    assert seen["database"].state is State.OK
    assert "message" not in seen
    database = tmp_path / "relay" / DATABASE_NAME
    whole = bytearray(database.read_bytes())
    whole[20_000:60_000] = os.urandom(40_000)
    database.write_bytes(whole)
    seen = await found(tmp_path)
    assert seen["database"].state is State.BAD
    assert f"restante relay restore BACKUP --data {tmp_path}/relay" in str(seen["database"].fix)


async def test_a_directory_without_a_relay_is_one_finding(tmp_path: Path) -> None:
    seen = await found(tmp_path)
    assert [each.state for each in seen.values()] == [State.BAD]


def test_a_name_that_leads_nowhere_is_bad() -> None:
    finding = reach.look_up(RelayAddress(host="nothing.invalid"))
    assert finding.state is State.BAD
    assert "records for nothing.invalid" in str(finding.fix)


async def test_a_record_of_a_family_that_is_not_listened_on_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with relay_at(tmp_path) as relay:
        port = relay.port
        places = [
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)),
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.77", port)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: places)
        finding = reach.connect(RelayAddress(host="relay.example", port=port))
    assert finding.state is State.WARNING
    assert "127.0.0.1 accepts connections, 127.0.0.77 doesn't" in finding.found
    assert f'listen = "[::]:{port}"' in str(finding.fix)


async def test_of_an_onion_service_no_records_are_asked_for(tmp_path: Path) -> None:
    async with relay_at(tmp_path, names=["v" * 56 + ".onion"], own_key=True):
        seen = await found(tmp_path)
    assert seen["dns"].state is State.SKIPPED
    assert "through Tor" in seen["dns"].found
    assert not {"port", "certificate", "message"} & seen.keys()


# ---- certificates ----------------------------------------------------------------------------


async def test_a_key_that_addresses_do_not_pin_is_bad(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.write()
    async with relay_at(tmp_path, **authority.files) as relay:
        address = relay.address
        good = await trio.to_thread.run_sync(reach.look_at_certificate, address)
        other = replace(address, pin=os.urandom(16))
        bad = await trio.to_thread.run_sync(reach.look_at_certificate, other)
    assert (good.state, bad.state) == (State.OK, State.BAD)
    assert "every client refuses it" in bad.found


def _write(place: Path, *, host: str, ends_in_days: float) -> dict[str, str]:
    """Write a certificate for a host, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=ends_in_days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    files = {"tls_cert": str(place / "c.pem"), "tls_key": str(place / "k.pem")}
    Path(files["tls_cert"]).write_bytes(certificate.public_bytes(pem))
    Path(files["tls_key"]).write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def _trusting(files: dict[str, str]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=files["tls_cert"])


def _as_everybody(_files: dict[str, str]) -> ssl.SSLContext:
    return ssl.create_default_context()


@pytest.mark.parametrize(
    ("host", "ends_in_days", "trusting", "state", "said"),
    [
        ("localhost", 60.5, _trusting, State.OK, "60 days"),
        ("localhost", 5.5, _trusting, State.WARNING, "5 days"),
        ("localhost", -1, _trusting, State.BAD, "expired"),
        ("elsewhere.example", 60, _trusting, State.BAD, "not valid for 'localhost'"),
        ("localhost", 60, _as_everybody, State.BAD, "self-signed"),
    ],
)
async def test_a_certificate_is_judged_as_clients_do(
    tmp_path: Path,
    host: str,
    ends_in_days: float,
    trusting: Callable[[dict[str, str]], ssl.SSLContext],
    state: State,
    said: str,
) -> None:
    files = _write(tmp_path, host=host, ends_in_days=ends_in_days)
    async with relay_at(tmp_path, **files) as relay:
        address = RelayAddress(host="localhost", port=relay.port)
        finding = await trio.to_thread.run_sync(reach.judge_certificate, address, trusting(files))
    assert (finding.state, said in finding.found) == (state, True), finding


@pytest.fixture
def database_url() -> Iterator[str]:
    """A database on a server, for one test."""
    server = the_server()
    name = server.new_database()
    try:
        yield server.url(name)
    finally:
        server.drop(name)


@pytest.mark.needs("postgres")
async def test_a_database_server_is_asked_how_it_is(tmp_path: Path, database_url: str) -> None:
    async with relay_at(tmp_path, database_url=database_url):
        seen = await found(tmp_path, database_url=database_url)
        assert seen["database"].state is State.OK
        assert "PostgreSQL" in seen["database"].found
        assert seen["message"].state is State.OK
    gone = await trio.to_thread.run_sync(look_at_server, f"{database_url}-elsewhere")
    assert gone.state is State.BAD
    assert gone.fix is not None


@pytest.mark.parametrize(
    ("ailing", "state", "word"),
    [
        ({"is_standby": True}, State.BAD, "standby"),
        ({"schema": RELAY.head - 1}, State.WARNING, "schema"),
        ({"unfrozen": 1_500_000_000}, State.BAD, "two billion"),
        ({"connections": 95}, State.WARNING, "95 of its 97"),
        ({"oldest_transaction_s": 7200.0}, State.WARNING, "2 h"),
        ({}, State.OK, "97 connections"),
    ],
)
def test_what_ails_a_server_is_named_with_what_to_do(
    ailing: dict[str, Any], state: State, word: str
) -> None:
    sound = ServerHealth(
        version="15.8",
        schema=RELAY.head,
        connections=20,
        most_connections=97,
        oldest_transaction_s=0.5,
        unfrozen=1000,
        is_standby=False,
    )
    finding = judged(replace(sound, **ailing))
    assert (finding.check, finding.state) == ("database", state)
    assert word in finding.found
    assert (finding.fix is None) is (state is State.OK)
