"""A move is followed by the root key's word alone, from where the account is, and never back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.client.changes import Changes
from restante.client.lifecycle.following import note_moved
from restante.crypto import signing
from restante.crypto.keys import RootSigningKey
from restante.errors import CryptoError
from restante.protocol.address import Address
from restante.store.client_account import load_account, set_value
from restante.store.client_contacts import contact
from tests.client.world import a_world

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.store.client_rows import Rows

NOW_S = 1_800_000_000


async def is_noted(engine: LocalEngine, key: str, packed: bytes) -> bool:
    """Say whether a move would be looked at, and keep nothing."""

    def work(rows: Rows) -> bool:
        row = contact(rows, bytes.fromhex(key))
        assert row is not None
        changes = Changes()
        note_moved(rows, changes, row, packed)
        set_value(rows, f"moved:{key}", None)
        return changes.is_move_noted

    return await engine._context.write(work)


async def test_only_the_roots_newest_word_from_here_is_followed(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        bobs = (await alice.contact_add(await bob.contact_code())).key
        row = await bob._context.read(load_account)
        assert row is not None
        root = RootSigningKey(row.root_secret or b"")
        here, there = Address.parse(world.address("bob")), Address.parse("bob@relay.example")

        def moved(key: RootSigningKey, *, from_address: Address = here, at_s: int = NOW_S) -> bytes:
            return signing.sign_moved(
                key, from_address=from_address, to_address=there, at_s=at_s
            ).to_bytes()

        assert await is_noted(alice, bobs, moved(root))
        with pytest.raises(CryptoError):  # a relay's, or a thief's of any device
            await is_noted(alice, bobs, moved(RootSigningKey(bytes(32))))
        elsewhere = Address.parse(world.address("bobby"))
        assert not await is_noted(alice, bobs, moved(root, from_address=elsewhere))
        await alice._context.write(
            lambda rows: set_value(rows, f"moved-at:{bobs}", NOW_S.to_bytes(8, "big"))
        )
        assert not await is_noted(alice, bobs, moved(root))
        assert not await is_noted(alice, bobs, moved(root, at_s=NOW_S - 1))
        assert await is_noted(alice, bobs, moved(root, at_s=NOW_S + 1))
