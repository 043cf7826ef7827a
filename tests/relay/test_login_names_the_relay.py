"""A login is for one relay: whoever is signed in to can't pass the signature on to another."""

from __future__ import annotations

from pathlib import Path

from restante.errors import WireCode
from restante.protocol import frames as f
from tests.relay.wire import authenticated, registered, relay_at


async def test_a_login_that_names_another_relay_is_refused(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        async with authenticated(relay, bob) as wire:
            assert not wire.asides
        async with authenticated(relay, bob, authority="evil.example") as wire:
            (close,) = wire.asides
            assert isinstance(close, f.Close)
            assert close.code == WireCode.UNAUTHENTICATED
