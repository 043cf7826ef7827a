"""How an endpoint is asked: at its own address, by its own name, and by whom."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from restante.errors import UserError
from restante.relay.limits import Limits
from restante.relay.settings import read_settings
from restante.relay.waking.vapid import KEY_NAME, wake_key
from tests.relay.push_server import CREATED, Resolver, push_server
from tests.relay.wakers import PATIENCE_S, a_waker
from tests.socks_proxy import a_socks_proxy


async def test_a_redirect_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with push_server(tmp_path, monkeypatch) as server, a_waker(tmp_path) as wakers:
        await wakers.adds(server.url)
        there = f"https://localhost:{server.port}/secret"
        server.answers = lambda _: (
            f"HTTP/1.1 307 There\r\nLocation: {there}\r\nContent-Length: 0\r\n\r\n".encode()
        )
        wakers.waker.arrived(1)
        await wakers.counted("refused")
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["::ffff:127.0.0.1"], ["10.0.0.1"]],
    ids=["loopback", "public and loopback", "mapped", "private"],
)
async def test_a_name_that_leads_to_a_private_address_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    async with (
        push_server(tmp_path, monkeypatch) as server,
        a_waker(tmp_path, wake_private_allowed=False) as wakers,
    ):
        trio.socket.set_custom_hostname_resolver(Resolver(*addresses))
        await wakers.adds(server.url.replace("localhost", "push.example"))
        wakers.waker.arrived(1)
        await wakers.counted("forbidden")
        assert server.requests == []


async def test_a_name_is_resolved_once_and_connected_to_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with push_server(tmp_path, monkeypatch) as server, a_waker(tmp_path) as wakers:
        resolver = Resolver("127.0.0.1")
        trio.socket.set_custom_hostname_resolver(resolver)
        await wakers.adds(server.url)
        wakers.waker.arrived(1)
        await wakers.counted("woken")
        assert resolver.asked == 1


async def test_another_names_certificate_is_told_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        push_server(tmp_path, monkeypatch, name="elsewhere.example") as server,
        a_waker(tmp_path, tries_after_s=()) as wakers,
    ):
        await wakers.adds(server.url)
        wakers.waker.arrived(1)
        await wakers.counted("failed")
        assert server.requests == []


@pytest.mark.parametrize(
    "answer",
    [None, b"HTTP/1.1 200 OK\r\nX: " + bytes(200_000), b"\xff" * 100, b""],
    ids=["silence", "an endless header", "no http", "nothing"],
)
async def test_an_endpoint_that_misbehaves_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes | None
) -> None:
    def answers(request: bytes) -> bytes | None:
        return answer if b"/bad" in request else CREATED

    async with (
        push_server(tmp_path, monkeypatch) as server,
        a_waker(tmp_path, tries_after_s=(), deadline_s=1) as wakers,
    ):
        server.answers = answers
        bad = f"https://localhost:{server.port}/bad"
        await wakers.adds(bad, server.url)
        wakers.waker.arrived(1)
        wakers.waker.arrived(2)
        await wakers.counted("woken")
        await wakers.counted("failed")
        assert wakers.figures.faults == 0


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _signed_claims(request: bytes, public: str) -> dict[str, Any]:
    """Return what a request's signer claims; the signature has to hold. Source: RFC 8292."""
    (line,) = [one for one in request.split(b"\r\n") if one.startswith(b"Authorization: vapid t=")]
    token, _, named = line.decode().removeprefix("Authorization: vapid t=").partition(", k=")
    assert named == public
    head, claims, signature = token.split(".")
    assert json.loads(_decoded(head)) == {"typ": "JWT", "alg": "ES256"}
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _decoded(public))
    halves = _decoded(signature)
    assert len(halves) == 64
    r, s = int.from_bytes(halves[:32], "big"), int.from_bytes(halves[32:], "big")
    der = encode_dss_signature(r, s)
    point.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    found: dict[str, Any] = json.loads(_decoded(claims))
    return found


async def test_who_asks_is_signed_for_that_push_service_and_some_hours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        push_server(tmp_path, monkeypatch) as server,
        a_waker(tmp_path, wake_contact="mailto:ops@relay.example") as wakers,
    ):
        await wakers.adds(server.url)
        wakers.waker.arrived(1)
        (request,) = await server.asked(1)
    public = wake_key(tmp_path / "relay").public
    claims = _signed_claims(request, public)
    assert claims["aud"] == f"https://localhost:{server.port}"
    assert claims["sub"] == "mailto:ops@relay.example"
    assert 0 < claims["exp"] - time.time() <= 24 * 3600
    assert set(claims) == {"aud", "exp", "sub"}


def test_the_wake_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first = wake_key(tmp_path)
    assert wake_key(tmp_path).public == first.public
    assert [path.name for path in tmp_path.iterdir()] == [KEY_NAME]
    assert (tmp_path / KEY_NAME).stat().st_mode & 0o777 == 0o600
    assert len(_decoded(first.public)) == 65


def test_a_damaged_wake_key_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / KEY_NAME).write_bytes(b"nonsense")
    with pytest.raises(UserError, match="Restore it from a backup"):
        wake_key(tmp_path)


async def test_a_damaged_wake_key_stops_no_waking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with push_server(tmp_path, monkeypatch) as server, a_waker(tmp_path) as wakers:
        (tmp_path / "relay" / KEY_NAME).write_bytes(b"nonsense")
        await wakers.adds(server.url)
        wakers.waker.arrived(1)
        await wakers.counted("woken")
        assert b"vapid" not in server.requests[0]


async def test_many_names_of_one_address_are_one_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(wake_after_s=0, wakes_per_host=1)
    async with (
        push_server(tmp_path, monkeypatch) as server,
        a_waker(tmp_path, limits=limits, tries_after_s=()) as wakers,
    ):
        trio.socket.set_custom_hostname_resolver(Resolver("127.0.0.1"))
        await wakers.adds(
            *[f"https://n{number}.push.example:{server.port}/" for number in range(13)]
        )
        for device in range(1, 14):
            wakers.waker.arrived(device)
        await wakers.counted("failed", 10)  # no certificate has their names; they were asked
        with trio.fail_after(PATIENCE_S):
            while wakers.waker.waiting != 3:
                await trio.testing.wait_all_tasks_blocked(0.01)
        assert wakers.figures.wakes["failed"] == 10


async def test_through_a_proxy_nothing_is_resolved_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str, str, int]] = []
    async with (
        push_server(tmp_path, monkeypatch, name="push.example") as server,
        a_socks_proxy(seen) as port,
        a_waker(tmp_path, wake_proxy=f"socks5://127.0.0.1:{port}") as wakers,
    ):
        resolver = Resolver("127.0.0.1")
        trio.socket.set_custom_hostname_resolver(resolver)
        await wakers.adds(f"https://push.example:{server.port}/x")
        wakers.waker.arrived(1)
        await wakers.counted("woken")
    assert seen == [("push.example", "restante", "push.example", server.port)]
    assert "push.example" not in resolver.names


async def test_through_a_proxy_many_names_below_one_domain_are_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str, str, int]] = []
    limits = Limits(wake_after_s=0, wakes_per_host=1)
    async with (
        push_server(tmp_path, monkeypatch) as server,
        a_socks_proxy(seen) as port,
        a_waker(
            tmp_path, limits=limits, tries_after_s=(), wake_proxy=f"socks5://127.0.0.1:{port}"
        ) as wakers,
    ):
        await wakers.adds(
            *[f"https://n{number}.push.example:{server.port}/" for number in range(13)]
        )
        for device in range(1, 14):
            wakers.waker.arrived(device)
        await wakers.counted("failed", 10)  # no certificate has their names; they were asked
        with trio.fail_after(PATIENCE_S):
            while wakers.waker.waiting != 3:
                await trio.testing.wait_all_tasks_blocked(0.01)
    assert len(seen) == 10


async def test_a_proxy_that_is_down_is_not_gone_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_socks_proxy([]) as port:
        pass
    async with (
        push_server(tmp_path, monkeypatch) as server,
        a_waker(tmp_path, wake_proxy=f"socks5://127.0.0.1:{port}", tries_after_s=()) as wakers,
    ):
        await wakers.adds(server.url)
        wakers.waker.arrived(1)
        await wakers.counted("failed")
        assert server.requests == []


@pytest.mark.parametrize(
    "given",
    [
        {"wake_proxy": "http://127.0.0.1:9050"},
        {"wake_proxy": "socks5://nowhere"},
        {"wake_contact": "ops@relay.example"},
    ],
)
def test_a_setting_that_cannot_be_is_refused(tmp_path: Path, given: dict[str, str]) -> None:
    (name,) = given
    with pytest.raises(UserError, match=name):
        read_settings(None, environment={}, data=str(tmp_path), **given)
