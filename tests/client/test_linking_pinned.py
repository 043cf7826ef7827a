"""Linking at a relay that has a key of its own, with an address typed without its pin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.client.engine import open_engine
from restante.client.interface import LinkState
from restante.errors import ExitCode, UserError
from restante.protocol.address import pin_text
from restante.store.seam import open_loop
from tests.client.linked import comes_to, digits_of
from tests.client.relays import open_relay
from tests.client.test_socket import a_certificate
from tests.client.world import QUICK, connected, key_of

if TYPE_CHECKING:
    from pathlib import Path


async def test_the_pin_is_learnt_and_insisted_on(tmp_path: Path) -> None:
    for name in ("first", "second", "bob", "laptop"):
        (tmp_path / name).mkdir()
    _, pin, first = a_certificate(tmp_path / "first")
    _, _, second = a_certificate(tmp_path / "second")
    async with (
        open_loop(),
        open_relay(tmp_path / "relay", tls=first) as relay,
        open_engine(tmp_path / "bob", key_of("bob"), tuning=QUICK) as bob,
        open_engine(tmp_path / "laptop", key_of("laptop"), tuning=QUICK) as laptop,
    ):
        typed = f"bob@127.0.0.1:{relay.port}"
        await bob.register(address=f"{typed}#{pin_text(pin)}", invite=None)
        await connected(bob)
        await relay.stop()
        said = tmp_path / "relay" / "address"
        said.unlink()  # an honest relay refuses to start with another key than it has told
        relay.tls = second  # somebody in between, who passes on what the relay knows
        await relay.start()
        with pytest.raises(UserError, match="another key than the account") as refused:
            await laptop.link_begin(address=typed)
        assert refused.value.exit_code is ExitCode.UNTRUSTED
        await relay.stop()
        said.unlink()
        relay.tls = first
        await relay.start()

        shown = await laptop.link_begin(address=typed)
        assert shown.code is not None
        assert shown.code.endswith(f"{typed}#")
        await bob.link_open(shown.code)
        await bob.link_confirm(await digits_of(laptop))
        await comes_to(laptop, LinkState.LINKED)
        await connected(laptop)
        own = laptop._own
        assert own is not None
        assert own.address.relay.pin == pin
