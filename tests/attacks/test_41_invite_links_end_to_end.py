"""Attack 41: somebody gets into a group by an invite link that isn't theirs, or is none any more.

Held by: only who may let people in answers a link, to whoever has its secret (G22); what the link
allows is a rule of the log, for all alike (G21); a secret of no link leaves no trace (G23).
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from restante.client.changes import Changes
from restante.client.groups import admitting, telling
from restante.client.groups import ledger as ledgers
from restante.errors import UserError
from restante.protocol import group as g
from restante.protocol.content import Kind
from restante.protocol.group import GroupJoin, GroupLog, Role
from restante.protocol.group_invite import parse_group_invite
from restante.store.client_contacts import contact
from restante.store.client_group_invites import JoinRow, put_join
from tests.client.liars import forged, tells
from tests.client.party import a_party, hears, is_in
from tests.client.world import PATIENCE_S, a_world, eventually, introduce, shows

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.store.client_rows import Rows


async def knows(engine: LocalEngine, other: LocalEngine) -> bool:
    """Whether somebody is kept by another's engine, as whatever."""
    theirs = other._services.running().own.account_id
    return await engine._context.read(lambda rows: contact(rows, theirs)) is not None


async def begun_with_link(engine: LocalEngine, link_id: bytes, account: bytes) -> str:
    """Begin a group whose log has a link of that id, and put somebody into it."""
    key = (await engine.group_new("Walkers", [])).conversation.key
    made = g.Link(id=link_id, expires_at_s=0, uses=0, needs_approval=False)
    adds = g.Add(account=account, role=int(Role.MEMBER), link=link_id)
    context, own, changes = engine._context, engine._services.running().own, Changes()

    def work(rows: Rows) -> None:
        ledger = context.shelf.open(rows, bytes.fromhex(key))
        for act in (made, adds):
            telling.write_entry(rows, changes, context, own, ledger=ledger, acts=[act])

    await context.write(work)
    await engine._services.tell(changes)
    return key


async def test_a_used_link_and_a_removed_members_are_worth_nothing(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party, AsyncExitStack() as stack:
        key = await party.group()
        await party.alice.group_role(key, party.to_bob, "admin")

        async def bob_may() -> bool:
            found = await party.bob.group(key)
            return any(each.is_me and each.role == "admin" for each in found.members)

        await eventually(party.bob, bob_may)
        once = await party.alice.group_invite(key, uses=1)
        bobs = await party.bob.group_invite(key)

        async def alice_knows_both() -> bool:
            return len(await party.alice.group_invites(key)) == 2

        await eventually(party.alice, alice_knows_both)
        dave, erin = [
            await stack.enter_async_context(party.world.online(name)) for name in ("dave", "erin")
        ]
        assert once.link is not None
        assert bobs.link is not None
        assert (await dave.group_join(once.link, timeout_s=PATIENCE_S)).group == key
        await party.alice.group_remove(key, [party.to_bob])
        for link in (once.link, bobs.link):
            with pytest.raises(UserError, match="lets you in no more"):
                await erin.group_join(link, timeout_s=PATIENCE_S)
        # Whom an admin threw out comes back by no link of theirs: an admin is asked.
        open_link = (await party.alice.group_invite(key)).link
        assert open_link is not None
        members = (await party.alice.group(key)).members
        to_dave = next(each.key for each in members if each.address == party.world.address("dave"))
        before = (await dave.group(key)).entries
        heads = await dave._context.read(
            lambda rows: ledgers.load(rows, bytes.fromhex(key)).log.heads
        )
        await party.alice.group_remove(key, [to_dave])

        async def is_out() -> bool:
            line = (await dave.group(key)).conversation.group
            return line is not None and line.role is None

        await eventually(dave, is_out)
        # Nor by saying that they had left, as of before.
        own = dave._services.running().own
        leaves = g.Remove(account=own.account_id)
        entry = await dave._context.read(
            lambda rows: forged(dave, rows, key, leaves, parents=list(heads))
        )
        log = GroupLog(entries=[entry], manifests=[own.manifest.signed.to_bytes()], tokens=[])
        to_alice = next(
            each.key
            for each in (await dave.group(key)).members
            if each.address == party.world.address("alice")
        )
        await tells(dave, key, to_alice, Kind.GROUP_LOG, log)

        async def both_here() -> bool:
            return (await party.alice.group(key)).entries == before + 2

        await eventually(party.alice, both_here)
        assert (await dave.group_join(open_link)).group is None

        async def asks() -> bool:
            return [each.key for each in (await party.alice.group(key)).asking] == [to_dave]

        await eventually(party.alice, asks)
        assert len((await party.alice.group(key)).members) == 2


async def test_a_guessed_secret_leaves_no_trace_and_a_copied_hash_opens_nothing(
    tmp_path: Path,
) -> None:
    async with a_party(tmp_path) as party, party.world.online("mallory") as mallory:
        key = await party.group()
        made = await party.alice.group_invite(key)
        assert made.link is not None
        invite = parse_group_invite(made.link)
        guess = made.link.replace(str(invite)[10:32], "A" * 22)
        assert (await mallory.group_join(guess)).group is None
        # Bob is a member, and knows the link's hash: what he adds by it counts for nobody.
        own = mallory._services.running().own
        adds = g.Add(account=own.account_id, role=int(Role.MEMBER), link=invite.id)
        entry = await party.bob._context.read(lambda rows: forged(party.bob, rows, key, adds))
        log = GroupLog(entries=[entry], manifests=[own.manifest.signed.to_bytes()], tokens=[])
        to_alice = (await party.bob.contacts())[0].key
        await tells(party.bob, key, to_alice, Kind.GROUP_LOG, log)
        assert await mallory.synchronise(timeout_s=PATIENCE_S)
        sent = await party.bob.send(key, "Did that work?")
        await hears(party.alice, key, ["Did that work?"])
        assert sent.body == "Did that work?"
        assert not await knows(party.alice, mallory)
        assert len((await party.alice.group(key)).members) == 3
        # Nor does he lead those astray who follow the link: a group of his own has its id, too.
        asked = await party.alice.group_invite(key, approve=True)
        assert asked.link is not None
        assert (await mallory.group_join(asked.link)).group is None
        link_id = parse_group_invite(asked.link).id
        await party.bob.contact_add(await mallory.contact_code())
        like_it = await begun_with_link(party.bob, link_id, own.account_id)
        await is_in(mallory, like_it)
        await mallory.group_accept(like_it)
        assert (await mallory.group_join(asked.link)).group is None


async def test_a_flood_by_a_link_is_bounded_and_the_rest_is_forgotten(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, AsyncExitStack() as stack:
        alice, bob, dave = [
            await stack.enter_async_context(world.online(name)) for name in ("alice", "bob", "dave")
        ]
        key = (await alice.group_new("Walkers", [])).conversation.key
        made = await alice.group_invite(key, approve=True)
        assert made.link is not None
        group_id, link_id = bytes.fromhex(key), parse_group_invite(made.link).id

        def fill(rows: object) -> None:
            for number in range(admitting.MAX_WAITING):
                row = JoinRow(
                    group_id=group_id,
                    account_id=number.to_bytes(16, "big"),
                    link_id=link_id,
                    asked_ms=1,
                    due_ms=None,
                )
                put_join(rows, row)  # type: ignore[arg-type]

        await alice._context.write(fill)
        assert (await dave.group_join(made.link)).group is None
        assert await dave.synchronise(timeout_s=PATIENCE_S)
        to_alice, to_bob = await introduce(bob, alice)
        await bob.send(to_alice, "Later than that")
        await shows(alice, to_bob, ["Later than that"])
        assert not await knows(alice, dave)
        assert len((await alice.group(key)).asking) == admitting.MAX_WAITING
        # Who is a contact already is turned away, too, and stays one.
        secret = parse_group_invite(made.link).secret
        await tells(bob, "", to_alice, Kind.GROUP_JOIN, GroupJoin(secret=secret, place=0))
        await bob.send(to_alice, "And now?")
        await shows(alice, to_bob, ["Later than that", "And now?"])
        assert len((await alice.group(key)).asking) == admitting.MAX_WAITING
        await is_in(alice, key, members=1)
