"""Who is named in a conversation finds it again; who isn't in it, or may not name all, names
nobody."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from restante.client.engine import LocalEngine
from restante.client.grammar import naming
from restante.client.grammar.shown import details
from restante.client.grammar.upgrading import read_anew
from restante.client.interface import Message
from restante.errors import RemoteProtocolError
from restante.protocol.content import EVERYBODY, MAX_MENTIONS, File, Mention, Quote, Text
from restante.store.client_account import set_value
from restante.store.client_calls import MAX_COUNTED, calling, count_calling
from restante.store.client_contacts import upsert_contact
from restante.store.client_messages import (
    ANSWERS_US,
    NAMES_US,
    delete_message,
    message,
    set_calls,
    update_state,
)
from restante.store.client_rows import Rows
from tests.client.party import Party, a_party, hears, is_in
from tests.client.said import ALICE, BOB, LAPTOP, arrive, content, edit, text
from tests.client.world import eventually
from tests.store.made_rows import made_contact, made_message
from tests.store.profiles import Profile, profile


async def mine(engine: LocalEngine) -> list[tuple[str, list[str]]]:
    """What mentions somebody and is unread: what it says, and how."""
    found = await engine.mentions(unread=True)
    return [(each.body, list(each.mentions_me)) for each in found]


async def come(engine: LocalEngine, sent: Message) -> Message:
    async def look() -> Message | None:
        found = await engine.messages(sent.conversation, start=0, count=512)
        return next((each for each in found if each.id == sent.id), None)

    found = await eventually(engine, look)
    assert found is not None
    return found


def bodies(named: list[Message]) -> list[str]:
    return [each.body for each in named]


async def unread_mentions(engine: LocalEngine, key: str) -> int:
    found = await engine.conversations()
    return next(each.unread_mentions for each in found if each.key == key)


async def test_what_names_one_or_answers_one_is_in_one_place_until_it_is_read(
    tmp_path: Path,
) -> None:
    async with a_party(tmp_path) as party:
        key = await party.group()
        first = await party.bob.send(key, "Who has the map?")
        await come(party.alice, first)
        said = [
            await party.alice.send(key, "nobody in particular"),
            await party.alice.send(key, "ask @bob, and @nobody"),
            await party.alice.send(key, "I have", quote=first.id),
            await party.alice.send(key, "@all: we leave at 8"),
        ]
        last = await come(party.bob, said[-1])
        assert await mine(party.bob) == [
            ("@all: we leave at 8", ["all"]),
            ("I have", ["answer"]),
            ("ask @bob, and @nobody", ["name"]),
        ]
        assert await unread_mentions(party.bob, key) == 3
        (all_of_us,) = last.mentions
        assert (all_of_us.start, all_of_us.length, all_of_us.name) == (0, 4, "all")
        await come(party.carol, said[-1])
        assert await mine(party.carol) == [("@all: we leave at 8", ["all"])]
        assert await party.alice.mentions(unread=True) == []

        await party.bob.mark_read(key, up_to=said[2].id)
        assert bodies(await party.bob.mentions(unread=True)) == ["@all: we leave at 8"]
        read = await party.bob.mentions(unread=False, limit=1)
        assert bodies(read) == ["I have"]
        more = await party.bob.mentions(unread=False, past=read[0].id)
        assert bodies(more) == ["ask @bob, and @nobody"]
        assert await unread_mentions(party.bob, key) == 1

        await party.alice.delete(said[3].id, for_everyone=True)

        async def is_gone() -> bool:
            return not await mine(party.bob)

        await eventually(party.bob, is_gone)


async def test_an_edit_names_whom_it_named_and_whom_it_names_now(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        key = await party.group()
        await party.alice.contact_rename(party.to_bob, "Captain")
        sent = await party.alice.send(key, "thanks, @captain")
        await come(party.bob, sent)
        assert await mine(party.bob) == [("thanks, @captain", ["name"])]
        await party.alice.contact_rename(party.to_bob, "Robert")
        await party.alice.edit(sent.id, "thanks, @captain and @carol")

        async def is_edited() -> bool:
            return await mine(party.carol) == [("thanks, @captain and @carol", ["name"])]

        await eventually(party.carol, is_edited)
        await eventually(party.bob, lambda: _says(party, "thanks, @captain and @carol"))
        assert await mine(party.bob) == [("thanks, @captain and @carol", ["name"])]


async def _says(party: Party, words: str) -> bool:
    return words in bodies(await party.bob.mentions(unread=True))


async def test_only_members_are_named_and_all_by_whom_the_group_lets(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        group = await party.alice.group_new("Two", [party.to_bob])
        key = group.conversation.key
        await is_in(party.bob, key)
        assert (await party.alice.send(key, "where is @carol?")).mentions == []
        await party.alice.group_set(key, may_mention_all="admin")

        async def has_heard() -> bool:
            return (await party.bob.group(key)).may_mention_all == "admin"

        await eventually(party.bob, has_heard)
        sent = await party.bob.send(key, "@all wake up")
        assert sent.mentions == []
        assert (await come(party.alice, sent)).mentions == []
        assert await mine(party.alice) == []
        allowed = await party.alice.send(key, "@all wake up")
        assert (await come(party.bob, allowed)).mentions_me == ["all"]
        assert (await party.alice.send(party.to_bob, "@all of it")).mentions == []
        await hears(party.bob, key, ["where is @carol?", "@all wake up", "@all wake up"])


# ---- what others make by hand --------------------------------------------------------------------

ONE = b"one".ljust(16, b"-")
TWO = b"two".ljust(16, b"-")


async def told(folder: Path, *mentions: Mention, words: str = "@you there") -> tuple[int, int]:
    """File a text of Bob's that names somebody, and a file whose caption does; return why each
    calls Alice, which is the same, and how many of the two do."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240  # a moment, in a test
    async with profile(folder) as db:
        await at_home(db)
        said = Text(text=words, quote=None, mentions=list(mentions))
        await db.write(arrive, content(said, id=b"one"))
        await db.write(arrive, content(a_file(words, *mentions), id=b"two", counter=2))
        rows = [await db.read(message, each) for each in (ONE, TWO)]
        (calls,) = {-1 if row is None else row.calls for row in rows}
        return calls, await db.read(count_calling, BOB)


def a_file(caption: str, *mentions: Mention) -> File:
    """What lies nowhere; only its caption counts."""
    return File(
        name="@a.bin",
        media_type="application/octet-stream",
        role=0,
        size_bytes=0,
        digest=bytes(32),
        capability=bytes(32),
        key=bytes(32),
        sealed_bytes=0,
        relay="relay.example",
        expires_at_s=0,
        caption=caption,
        quote=None,
        preview=b"",
        width=0,
        height=0,
        duration_ms=0,
        waveform=b"",
        mentions=list(mentions),
    )


async def at_home(db: Profile) -> None:
    await db.write(set_value, "self", ALICE + LAPTOP)
    await db.write(upsert_contact, made_contact(BOB))


async def test_a_mention_out_of_the_text_or_of_somebody_else_calls_nobody(tmp_path: Path) -> None:
    named = Mention(start=0, length=4, account=ALICE)
    assert await told(tmp_path / "a", named) == (NAMES_US, 2)
    for number, other in enumerate(
        (
            Mention(start=8, length=4, account=ALICE),
            Mention(start=2**32 - 1, length=2**32 - 1, account=ALICE),
            Mention(start=0, length=0, account=ALICE),
            Mention(start=0, length=4, account=b"carol-----------"),
            Mention(start=0, length=4, account=EVERYBODY),  # there is no all of two
        )
    ):
        assert await told(tmp_path / str(number), other) == (0, 0), other


async def test_a_mention_of_somebody_who_is_not_there_is_not_shown(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        await at_home(db)
        others = [BOB, b"carol-----------", EVERYBODY, ALICE]
        mentions = [Mention(start=at, length=1, account=each) for at, each in enumerate(others)]
        await db.write(arrive, content(Text(text="@@@@", quote=None, mentions=mentions), id=b"one"))

        def shown(rows: Rows) -> list[int]:
            row = message(rows, ONE)
            assert row is not None
            seen = details(row, [], lambda _: ("somebody", False), partial(naming.is_in, rows))
            return [each.start for each in seen["mentions"]]

        assert await db.read(shown) == [0, 3]


async def test_ten_thousand_mentions_are_no_text(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        await at_home(db)
        many = [Mention(start=0, length=4, account=ALICE)] * 10_000
        said = content(Text(text="@you", quote=None, mentions=many[:1]), id=b"one")
        full = content(Text(text="@you", quote=None, mentions=many[:MAX_MENTIONS]), id=b"two")
        over = content(Text(text="@you", quote=None, mentions=many[: MAX_MENTIONS + 1]), id=b"xx")
        await db.write(arrive, said)
        await db.write(arrive, full)
        with pytest.raises(RemoteProtocolError):
            await db.write(arrive, over)
        assert await db.read(count_calling, BOB) == 2


async def test_an_answer_calls_in_whichever_order_it_and_the_message_come(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        await at_home(db)
        quote = Quote(message=ONE, excerpt="mine")
        await db.write(arrive, content(text("answer", quote=quote), id=b"early"))
        assert await db.read(count_calling, BOB) == 0
        await db.write(lambda rows: arrive(rows, content(text("mine"), id=b"one"), author=ALICE))
        assert await db.read(count_calling, BOB) == 1
        await db.write(arrive, content(text("another", quote=quote), id=b"late"))
        assert await db.read(count_calling, BOB) == 2
        # An edit of it changes who is named, and not what it answers.
        new = edit(b"late", text("another @answer"))
        await db.write(arrive, content(new, id=b"edit", rank=(1 << 40) + 1))
        late = await db.read(message, b"late".ljust(16, b"-"))
        assert late is not None
        assert (late.text, late.calls) == ("another @answer", ANSWERS_US)


async def test_what_strangers_say_is_no_mention_until_they_are_accepted(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        await at_home(db)
        await db.write(upsert_contact, made_contact(BOB, state="request"))
        said = Text(text="@you", quote=None, mentions=[Mention(start=0, length=4, account=ALICE)])
        await db.write(arrive, content(said, id=b"one"))

        async def found() -> int:
            return len(await db.read(lambda rows: calling(rows, unread=True, past=None, limit=9)))

        assert await found() == 0
        await db.write(upsert_contact, made_contact(BOB, state="accepted"))
        assert await found() == 1
        await db.write(update_state, ONE, "read", None)
        assert await found() == 0
        assert await db.read(count_calling, BOB) == 0


async def test_counting_ends_where_nobody_counts_any_more(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        await at_home(db)
        from random import Random

        from restante.store.client_messages import insert_messages

        chance = Random(1)
        many = [made_message(chance, rank=n + 1, calls=NAMES_US) for n in range(MAX_COUNTED + 5)]
        await db.write(insert_messages, BOB, many)
        assert await db.read(count_calling, BOB) == MAX_COUNTED
        await db.write(delete_message, many[0].id)
        assert await db.read(count_calling, BOB) == MAX_COUNTED


async def test_what_named_one_before_the_update_is_found_after_it(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        await at_home(db)
        said = Text(text="@you", quote=None, mentions=[Mention(start=0, length=4, account=ALICE)])
        await db.write(arrive, content(said, id=b"one"))
        await db.write(set_calls, ONE, 0)  # as a version left it that knew nothing of it
        from restante.client.changes import Changes

        await db.write(lambda rows: read_anew(rows, Changes(), now_ms=0))
        assert await db.read(count_calling, BOB) == 1
