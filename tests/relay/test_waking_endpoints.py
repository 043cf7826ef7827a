"""Which endpoints may be asked, and what is said of the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.limits import MAX_WAKE_ENDPOINT_CHARS
from restante.relay.waking.endpoints import BadEndpointError, is_public, parse_endpoint
from tests.relay.test_waking import set_wake
from tests.relay.wire import (
    authenticated,
    registered,
    relay_at,
)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example/x",
        "https://127.0.0.1/x",
        "https://10.1.2.3:8443/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[64:ff9b::7f00:1]/x",
        "https://[2002:7f00:1::]/x",
        "https://[fe80::1%25eth0]/x",
        "https://0/x",
        "https://0x7f.1/x",
        "https://2130706433/x",
        "https://127.1/x",
        "https://push.example:25/x",
        "https://push.example:99999/x",
        "https://anna:secret@push.example/x",
        "https://push.example@127.0.0.1/x",
        "https://push.example/x#y",
        "https://push.example/a b",
        "https://push.example/\r\nX: y",
        "https://pußh.example/x",
        "ftp://push.example/x",
        "push.example/x",
        "https://",
        "https://push.example/" + "x" * (MAX_WAKE_ENDPOINT_CHARS - 20),
    ],
)
def test_an_endpoint_that_may_not_be_asked_is_refused(endpoint: str) -> None:
    with pytest.raises(BadEndpointError):
        parse_endpoint(endpoint, allows_private=False)


async def test_the_relay_says_so_of_such_an_endpoint(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        anna = await registered(relay, "anna")
        refused = await set_wake(relay, anna, "https://192.168.1.1/x")
        assert isinstance(refused, f.Refused)
        assert refused.code == WireCode.FORBIDDEN
        assert relay.services.waker.devices == set()
        async with authenticated(relay, anna) as wire:
            await wire.send(f.SetWake(request=wire.number(), endpoint="https://push.example/"))
            assert isinstance(await wire.frame(), f.Done)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("0.0.0.0", False),  # noqa: S104  # asked about, not bound to
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("172.16.0.1", False),
        ("192.0.0.8", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("fd00::1", False),
        ("fe80::1%eth0", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public
