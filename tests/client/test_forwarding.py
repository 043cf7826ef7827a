"""What somebody said is said again elsewhere, with nothing of where it came from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import trio

from restante.client.interface import FileState
from restante.errors import UserError
from restante.store import client_files as store
from tests.client.party import Party, a_party
from tests.client.world import PATIENCE_S, eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.client.interface import Message

REPORT = os.urandom(300_000)


async def last_of(engine: LocalEngine, body: str) -> Message:
    """Wait until somebody has a message that begins so, in whatever conversation."""

    async def look() -> Message | None:
        for chat in await engine.conversations():
            if chat.last is not None and chat.last.body.startswith(body):
                return chat.last
        return None

    found = await eventually(engine, look)
    assert found is not None
    return found


async def is_here(engine: LocalEngine, message: Message) -> None:
    async def look() -> bool:
        file = (await engine.message(message.id)).file
        return file is not None and file.state is FileState.HERE

    await eventually(engine, look)


def blobs(party: Party) -> int:
    with party.world.relay.file() as connection:
        count: int = connection.execute("SELECT count(*) FROM blobs").fetchone()[0]
    return count


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so that no engine tells of."""
    with trio.fail_after(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110
            await trio.sleep(0.02)


async def forgotten(engine: LocalEngine) -> None:
    """Wait until what was erased is gone here and at the relay."""
    with trio.fail_after(PATIENCE_S):
        while await engine._context.read(lambda rows: store.files_in(rows, store.ERASED)):  # noqa: ASYNC110
            await trio.sleep(0.02)


def content_of(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


async def test_words_places_and_cards_go_on_without_where_they_came_from(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        alice, bob, carol = party.alice, party.bob, party.carol
        to_alice = (await bob.contacts())[0].key
        first = await alice.send(party.to_bob, "where?")
        await last_of(bob, "where?")
        said = await bob.send(to_alice, f"@{party.world.address('alice')} teh hut", quote=first.id)
        await bob.edit(said.id, f"@{party.world.address('alice')} the hut")
        await last_of(alice, f"@{party.world.address('alice')} the hut")
        sent = await alice.forward(party.to_carol, source=said.id)
        seen = await last_of(carol, f"@{party.world.address('alice')} the hut")
        assert (seen.id, seen.sender.address) == (sent.id, party.world.address("alice"))
        assert (seen.quote, seen.mentions, seen.edited) == (None, [], False)
        assert sent.id != said.id
        assert await alice.forward(party.to_carol, source=said.id, message_id=sent.id) == (
            await alice.message(sent.id)
        )

        place = await bob.send_location(to_alice, latitude=1, longitude=2, label="hut", live_s=3600)
        await last_of(alice, "geo:1,2 hut")
        await alice.forward(party.to_carol, source=place.id)
        there = (await last_of(carol, "geo:1,2 hut")).location
        assert there is not None
        assert there.live_until is None
        card = await alice.send_contact(party.to_bob, contact=party.to_carol)
        await alice.forward(party.to_carol, source=card.id)
        carried = (await last_of(carol, "carol")).card
        assert carried is not None
        assert carried.address == party.world.address("carol")


async def test_what_says_nothing_or_disappears_is_not_forwarded(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        alice = party.alice
        gone = await alice.send(party.to_bob, "a secret")
        await last_of(party.bob, "a secret")
        await alice.delete(gone.id, for_everyone=True)
        with pytest.raises(UserError, match="was deleted"):
            await alice.forward(party.to_carol, source=gone.id)
        asked = await alice.send_poll(party.to_bob, question="Which?", options=["a", "b"])
        with pytest.raises(UserError, match="Ask anew"):
            await alice.forward(party.to_carol, source=asked.id)
        await alice.set_timer(party.to_bob, timer_s=86_400)
        setting = (await alice.messages(party.to_bob, start=0, count=9))[-1]
        with pytest.raises(UserError, match="Only a text"):
            await alice.forward(party.to_carol, source=setting.id)
        short = await alice.send(party.to_bob, "for a day")
        with pytest.raises(UserError, match="disappears 1 day after"):
            await alice.forward(party.to_carol, source=short.id)
        stays = await alice.forward(party.to_carol, source=short.id, stays=True)
        assert (stays.body, stays.timer_s) == ("for a day", 0)


async def test_a_file_of_ones_own_is_at_the_relay_once_until_no_message_tells_of_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "report.bin").write_bytes(REPORT)
    async with a_party(tmp_path) as party:
        alice, carol = party.alice, party.carol
        sent = await alice.send_file(
            party.to_bob, path=str(tmp_path / "report.bin"), caption="as promised, @bob"
        )
        await is_here(alice, sent)
        named = await last_of(party.bob, "report.bin\nas promised, @bob")
        assert [(each.start, each.length, each.is_me) for each in named.mentions] == [(13, 4, True)]
        assert named.mentions_me == ["name"]
        again = await alice.forward(party.to_carol, source=sent.id)
        there = await last_of(carol, "report.bin\nas promised, @bob")
        assert (there.id, there.mentions, blobs(party)) == (again.id, [], 1)
        await alice.delete(sent.id, for_everyone=True)

        await until(lambda: len(list((party.world.profile("alice") / "files").iterdir())) == 1)
        await forgotten(alice)
        assert blobs(party) == 1
        await carol.file_fetch(there.id)
        await is_here(carol, there)
        path = await carol.file_save(there.id, directory=str(tmp_path), name="got.bin")
        assert content_of(path) == REPORT
        await alice.delete(again.id, for_everyone=True)
        await until(lambda: blobs(party) == 0)


async def test_a_file_of_somebody_else_is_sealed_anew(tmp_path: Path) -> None:
    (tmp_path / "report.bin").write_bytes(REPORT)
    async with a_party(tmp_path) as party:
        alice, bob, carol = party.alice, party.bob, party.carol
        to_alice = (await bob.contacts())[0].key
        await alice.set_setting("files", "off")
        sent = await bob.send_file(to_alice, path=str(tmp_path / "report.bin"))
        here = await last_of(alice, "report.bin")
        with pytest.raises(UserError, match="Fetch it first"):
            await alice.forward(party.to_carol, source=here.id)
        await alice.file_fetch(here.id)
        await is_here(alice, here)
        await alice.forward(party.to_carol, source=here.id)
        there = await last_of(carol, "report.bin")
        assert blobs(party) == 2
        await bob.delete(sent.id, for_everyone=True)
        await until(lambda: blobs(party) == 1)
        await carol.file_fetch(there.id)
        await is_here(carol, there)
        path = await carol.file_save(there.id, directory=str(tmp_path), name="got.bin")
        assert content_of(path) == REPORT
