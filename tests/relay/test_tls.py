"""TLS: a key of the relay's own, renewed certificates, and who is believed behind a proxy."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
from cryptography.hazmat.primitives import serialization

from restante.client.failures import WrongServiceError
from restante.client.link import open_link
from restante.client.socket import Route
from restante.errors import UserError
from restante.protocol import frames as f
from restante.protocol.address import RelayAddress
from restante.protocol.code import parse_code
from restante.protocol.tls_pin import spki_pin
from restante.relay.certificate import OWN_KEY_FILE, own_certificate
from restante.relay.commands import invite_new
from restante.relay.limits import Limits
from restante.relay.networks import plain_address
from restante.relay.proxies import FORWARDED, X_FORWARDED_FOR, Proxies
from restante.relay.server import ADDRESS_FILE, RunningRelay
from tests.relay.authority import Authority, shown
from tests.relay.raw_socket import HOSTILE_SOURCE, a_raw_socket, opening
from tests.relay.residents import make_resident, register
from tests.relay.wire import anonymous, dialed, relay_at


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@asynccontextmanager
async def _everywhere(path: Path, **rest: Any) -> AsyncIterator[RunningRelay]:
    """Run a relay that listens on all addresses, called by one of loopback."""
    port = _free_port()
    names = [f"127.0.0.1:{port}"]
    async with relay_at(path, listen=f"0.0.0.0:{port}", names=names, **rest) as relay:
        yield relay


# ---- a key of its own ------------------------------------------------------------------------


async def test_without_a_certificate_a_public_relay_makes_a_key_and_pins_it(
    tmp_path: Path,
) -> None:
    async with _everywhere(tmp_path) as relay:
        pin = relay.address.pin
        assert pin is not None
        seen = await shown(relay.address)
        assert spki_pin(seen.public_bytes(serialization.Encoding.DER)) == pin
        assert seen.not_valid_after_utc.year == 9999, "what is pinned never ends"
        async with anonymous(relay) as wire:
            assert isinstance(await wire.ask(f.FetchCode, lookup_id=bytes(16)), f.Refused)
    key = tmp_path / "relay" / OWN_KEY_FILE
    assert key.stat().st_mode & 0o777 == 0o600
    async with _everywhere(tmp_path) as relay:
        assert relay.address.pin == pin, "the key is the same for ever"


async def test_an_invite_carries_the_pin_of_the_relays_own_key(tmp_path: Path) -> None:
    async with _everywhere(tmp_path, open_registration=False) as relay:
        made = partial(invite_new, tmp_path / "relay", uses=1, expires_s=3600)
        code = parse_code(await trio.to_thread.run_sync(made))
        assert code.pin == relay.address.pin is not None
        resident = make_resident("bob", code.relay())
        await register(code.relay(), resident, invite=code.secret)


async def test_an_onion_services_relay_makes_a_key_on_loopback(tmp_path: Path) -> None:
    onion = "v" * 56 + ".onion"
    async with relay_at(tmp_path, names=[onion], own_key=True) as relay:
        assert relay.address.host == onion
        assert relay.address.pin is not None
        seen = await shown(RelayAddress(host="127.0.0.1", port=relay.port))
        assert spki_pin(seen.public_bytes(serialization.Encoding.DER)) == relay.address.pin


async def test_both_families_are_listened_on_with_one_port(tmp_path: Path) -> None:
    async with relay_at(tmp_path, listen="[::]:0", names=["127.0.0.1"]) as relay:
        for host in ("127.0.0.1", "::1") if _has_ipv6() else ("127.0.0.1",):
            stream = await trio.open_tcp_stream(host, relay.port)
            await stream.aclose()


async def test_another_key_than_addresses_pin_is_refused_at_the_start(tmp_path: Path) -> None:
    async with _everywhere(tmp_path) as relay:
        address = relay.address
    key, told = tmp_path / "relay" / OWN_KEY_FILE, tmp_path / "relay" / ADDRESS_FILE
    old = key.rename(tmp_path / "old.pem")
    with pytest.RaisesGroup(
        pytest.RaisesExc(UserError, match=f"carry the pin of another key .{address}."),
        flatten_subgroups=True,
    ):
        async with _everywhere(tmp_path):
            pass
    assert told.read_text().strip() == str(address), "it is still what people were told"
    old.replace(key)
    async with _everywhere(tmp_path) as relay:
        assert relay.address.pin == address.pin


def test_a_damaged_key_of_its_own_is_not_replaced(tmp_path: Path) -> None:
    made = own_certificate(tmp_path)
    path = tmp_path / OWN_KEY_FILE
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(UserError, match="Restore it from a backup"):
        own_certificate(tmp_path)
    assert made.pin is not None
    assert len(path.read_bytes()) == 300


async def test_who_forgot_the_pin_is_told_what_is_missing(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.write()
    async with relay_at(tmp_path, **authority.files) as relay, trio.open_nursery() as nursery:
        unpinned = RelayAddress(host=relay.address.host, port=relay.port)
        with pytest.raises(WrongServiceError, match="use its address with the #pin"):
            await open_link(nursery, unpinned, route=Route(proxy=None, isolation="tests"))
        nursery.cancel_scope.cancel()


# ---- renewal ---------------------------------------------------------------------------------


async def test_a_renewed_certificate_is_shown_to_new_connections_and_open_ones_go_on(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path)
    first = authority.write()
    async with relay_at(tmp_path, **authority.files) as relay, anonymous(relay) as wire:
        assert relay.certificate is not None
        assert (await shown(relay.address)).serial_number == first
        second = authority.write()
        await relay.certificate.look()
        assert (await shown(relay.address)).serial_number == second
        assert isinstance(await wire.ask(f.FetchCode, lookup_id=bytes(16)), f.Refused)


async def test_what_is_no_certificate_or_not_the_pinned_key_leaves_the_old_one(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path)
    first = authority.write()
    async with relay_at(tmp_path, **authority.files) as relay:
        assert relay.certificate is not None
        for spoil in (authority.empty, authority.scribble, authority.remove):
            spoil()
            await relay.certificate.look()
            assert (await shown(relay.address)).serial_number == first
        authority.new_key()
        authority.write()
        await relay.certificate.look()
        assert (await shown(relay.address)).serial_number == first, "addresses pin the old key"


async def test_a_certified_relay_takes_another_key(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.write()
    async with relay_at(tmp_path, certified=True, **authority.files) as relay:
        assert relay.certificate is not None
        authority.new_key()
        second = authority.write()
        await relay.certificate.look()
        assert (await shown(relay.address)).serial_number == second


# ---- behind a proxy --------------------------------------------------------------------------

PROXY = plain_address("10.0.0.1")


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        (["203.0.113.7"], "203.0.113.7"),
        (["1.2.3.4, 203.0.113.7"], "203.0.113.7"),
        (["1.2.3.4", "203.0.113.7"], "203.0.113.7"),
        (["203.0.113.7, 10.9.9.9"], "203.0.113.7"),
        (["2001:db8::7"], "2001:db8::7"),
        (["[2001:db8::7]:4711"], "2001:db8::7"),
        (["203.0.113.7:4711"], "203.0.113.7"),
        (["::ffff:203.0.113.7"], "203.0.113.7"),
        ([], "10.0.0.1"),
        (["unknown"], "10.0.0.1"),
        (["1.2.3.4, nonsense"], "10.0.0.1"),
        (["1.2.3.4, nonsense, 10.9.9.9"], "10.9.9.9"),
        (["," * 5000], "10.0.0.1"),
    ],
)
def test_the_last_address_that_is_no_proxys_counts(headers: list[str], origin: str) -> None:
    proxies = Proxies(["10.0.0.0/8"], header=X_FORWARDED_FOR)
    sent = [(b"x-forwarded-for", value.encode()) for value in headers]
    sent.append((b"forwarded", b"for=9.9.9.9"))
    assert proxies.origin(PROXY, sent) == plain_address(origin)


@pytest.mark.parametrize(
    ("header", "origin"),
    [
        ("for=203.0.113.7", "203.0.113.7"),
        ("for=1.2.3.4, For=203.0.113.7;proto=https", "203.0.113.7"),
        ('proto=https;for="[2001:db8::7]:4711"', "2001:db8::7"),
        ("for=203.0.113.7, for=10.9.9.9", "203.0.113.7"),
        ("for=_hidden", "10.0.0.1"),
        ("by=203.0.113.7", "10.0.0.1"),
    ],
)
def test_so_it_is_with_the_standard_header(header: str, origin: str) -> None:
    proxies = Proxies(["10.0.0.0/8"], header=FORWARDED)
    sent = [(b"Forwarded", header.encode()), (b"X-Forwarded-For", b"9.9.9.9")]
    assert proxies.origin(PROXY, sent) == plain_address(origin)


def _forwarded(origin: str) -> bytes:
    return opening().replace(b"\r\n\r\n", f"\r\nX-Forwarded-For: {origin}\r\n\r\n".encode())


async def test_a_proxy_is_believed_and_nobody_else(tmp_path: Path) -> None:
    limits = Limits(connections_per_network=1)
    proxied = {"trusted_proxies": [HOSTILE_SOURCE], "names": ["relay.example"], "limits": limits}
    async with relay_at(tmp_path, **proxied) as relay:
        assert str(relay.address) == "relay.example"
        place = RelayAddress(host="127.0.0.1", port=relay.port)
        counted = relay.services.by_network
        async with a_raw_socket(place) as socket, a_raw_socket(place) as second:
            await socket.open(_forwarded("203.0.113.7"))
            assert set(counted) == {plain_address("203.0.113.7").packed}
            await second.send(_forwarded("203.0.113.8, 203.0.113.7"))
            refused = await second.read_all()
            assert refused.startswith(b"HTTP/1.1 429 ")
            assert b"(connections_per_network)" in refused
        async with a_raw_socket(place, source="127.0.0.1") as socket:
            await socket.open(_forwarded("203.0.113.7"))
            assert plain_address("127.0.0.1").packed in counted


async def test_in_plain_only_its_proxies_reach_a_public_relay(tmp_path: Path) -> None:
    proxied: dict[str, Any] = {"trusted_proxies": [HOSTILE_SOURCE]}
    async with _everywhere(tmp_path, **proxied) as relay:
        assert relay.address.pin is None
        async with a_raw_socket(relay.address) as socket:
            await socket.open()
        async with a_raw_socket(relay.address, source="127.0.0.1") as socket:
            await socket.send(opening())
            assert await socket.read_to_the_end() == 0


async def test_on_loopback_a_relay_makes_no_key(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, dialed(relay.address) as wire:
        assert isinstance(await wire.frame(), f.Challenge)
    assert not (tmp_path / "relay" / OWN_KEY_FILE).exists()
