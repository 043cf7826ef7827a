"""Making an account: what is asked of the user, and what a refusal says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.client.engine import open_engine
from restante.client.interface import ConnectionPhase
from restante.errors import ExitCode, UserError
from restante.protocol.address import RelayAddress
from restante.protocol.code import CodeType, make_code
from tests.client.world import QUICK, a_world, key_of

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_profile_without_an_account_is_stopped_and_says_what_to_do(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        open_engine(world.profile("new"), key_of("new"), profile="new", tuning=QUICK) as engine,
    ):
        status = await engine.status()
        assert (status.phase, status.address) == (ConnectionPhase.STOPPED, None)
        assert await engine.conversations() == []
        with pytest.raises(UserError, match="restante init"):
            await engine.contact_code()


async def test_a_taken_name_is_refused_and_another_one_works(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice"),
        open_engine(world.profile("x"), key_of("x"), tuning=QUICK) as other,
    ):
        with pytest.raises(UserError, match="taken") as taken:
            await other.register(address=world.address("alice"), invite=None)
        assert taken.value.exit_code is ExitCode.FIXABLE
        assert (await other.status()).phase is ConnectionPhase.STOPPED
        status = await other.register(address=world.address("alice2"), invite=None)
        assert status.address == world.address("alice2")
        assert await other.synchronise(timeout_s=30)


async def test_one_profile_is_one_account(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        with pytest.raises(UserError, match="already"):
            await alice.register(address=world.address("second"), invite=None)


async def test_an_unreachable_relay_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        open_engine(world.profile("x"), key_of("x"), tuning=QUICK) as engine,
    ):
        with pytest.raises(UserError, match="Can't reach"):
            await engine.register(address="x@127.0.0.1:1", invite=None)
        await engine.register(address=world.address("x"), invite=None)
        assert await engine.synchronise(timeout_s=30)


@pytest.mark.parametrize(
    ("address", "invite", "says"),
    [
        ("alice", None, "no address"),
        ("Alice@127.0.0.1:7", None, "no name"),
        ("alice@127.0.0.1:7", "restante:x", "code"),
        ("alice@127.0.0.1:7", "contact", "no invite"),
        ("alice@127.0.0.1:7", "elsewhere", "invite is for"),
    ],
)
async def test_a_wrong_address_or_invite_says_what_is_wrong(
    tmp_path: Path, address: str, invite: str | None, says: str
) -> None:
    made = {
        "contact": str(
            make_code(
                CodeType.CONTACT,
                pin=bytes(16),
                secret=bytes(8),
                name=address.partition("@")[0],  # type: ignore[arg-type]
                relay=RelayAddress(host="127.0.0.1", port=7),
            )
        ),
        "elsewhere": str(
            make_code(
                CodeType.RELAY_INVITE,
                pin=None,
                secret=bytes(8),
                name=None,
                relay=RelayAddress(host="127.0.0.1", port=8),
            )
        ),
    }
    async with (
        a_world(tmp_path) as world,
        open_engine(world.profile("x"), key_of("x"), tuning=QUICK) as engine,
    ):
        with pytest.raises(UserError, match=says):
            await engine.register(address=address, invite=made.get(invite or "", invite))


async def test_a_closed_relay_takes_an_invite_and_refuses_without(tmp_path: Path) -> None:
    async with a_world(tmp_path, open_registration=False) as world:
        invite = await world.relay.invite()
        async with open_engine(world.profile("x"), key_of("x"), tuning=QUICK) as engine:
            with pytest.raises(UserError, match="needs an invite") as refused:
                await engine.register(address=world.address("x"), invite=None)
            assert refused.value.exit_code is ExitCode.FIXABLE
            await engine.register(address=world.address("x"), invite=invite)
        async with open_engine(world.profile("y"), key_of("y"), tuning=QUICK) as engine:
            with pytest.raises(UserError, match="used up"):
                await engine.register(address=world.address("y"), invite=invite)
