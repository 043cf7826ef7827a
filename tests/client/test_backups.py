"""Backups: made, proven to restore, taken in by another machine; and what is in none."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trio

from restante.client.backing_up.checking import SANDBOX
from restante.client.backing_up.reading import read_items
from restante.client.interface import BackupProgress
from restante.client.profile import KEY_BYTES
from restante.crypto import backups as container
from restante.errors import ExitCode, UserError
from restante.protocol.history_part import HistoryMark, HistoryMessage, HistoryRecord, pack_item
from restante.protocol.sync import RecordKind
from restante.store.client_database import open_client_database
from restante.store.client_records import RecordRow, put_record
from restante.store.client_rows import Rows
from restante.store.seam import open_loop
from restante.store.sqlcipher import DatabaseKey
from tests.client.backup_folder import names_in
from tests.client.kits import an_empty_profile, confirm_kit
from tests.client.made_backups import KEY, RANDOM, all_messages, check, filled, written
from tests.client.made_history import OWN, fill
from tests.client.world import (
    PATIENCE_S,
    TurnedClock,
    a_world,
    connected,
    eventually,
    introduce,
    reaches,
    shows,
)
from tests.rounds import rounds

if TYPE_CHECKING:
    from restante.client.interface import Message


async def test_a_backup_restores_row_by_row_whatever_is_in_it(tmp_path: Path) -> None:
    key = DatabaseKey(b"k" * KEY_BYTES)
    async with open_loop(), open_client_database(tmp_path / "profile.db", key) as database:
        count = rounds(400, 20_000)
        await filled(database, partial(fill, messages=count, conversations=7))
        path = await written(database, tmp_path / "a.backup")
        await check(path)
        items = [item for _, item in read_items(path, KEY)]
    assert sum(isinstance(each, HistoryMessage) for each in items) > count * 0.9
    assert sum(isinstance(each, HistoryMark) for each in items) > count * 0.05
    assert sum(isinstance(each, HistoryRecord) for each in items) == 7
    assert not [name for name in names_in(tmp_path) if name.startswith(SANDBOX)]
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_backup_of_nothing_restores(tmp_path: Path) -> None:
    key = DatabaseKey(b"k" * KEY_BYTES)
    async with open_loop(), open_client_database(tmp_path / "profile.db", key) as database:
        path = await written(database, tmp_path / "a.backup", chunks=container.LEAST_CHUNKS)
        await check(path)
    assert path.stat().st_size == container.HEADER_BYTES + 16 * container.SEALED_CHUNK_BYTES


async def test_a_row_that_would_not_restore_as_it_is_fails_the_check(tmp_path: Path) -> None:
    """The proof is no empty word: a control character that no restored history can hold."""
    key = DatabaseKey(b"k" * KEY_BYTES)
    async with open_loop(), open_client_database(tmp_path / "profile.db", key) as database:
        await filled(database, partial(fill, messages=50, conversations=2))
        await database.write_raw(
            lambda raw: (
                raw.execute("UPDATE messages SET text = 'esc \x1b[2J' WHERE number = 7").rowcount
            )
        )
        path = await written(database, tmp_path / "a.backup")
        with pytest.raises(UserError, match="a message of it does not restore"):
            await check(path)
    assert not [name for name in names_in(tmp_path) if name.startswith(SANDBOX)]


async def test_another_key_does_not_open_it_and_says_whose_words_it_needs(tmp_path: Path) -> None:
    key = DatabaseKey(b"k" * KEY_BYTES)
    async with open_loop(), open_client_database(tmp_path / "profile.db", key) as database:
        path = await written(database, tmp_path / "a.backup")
        with pytest.raises(UserError, match="not the recovery kit's"):
            await check(path, key=container.generate_key(RANDOM))
        (tmp_path / "text").write_text("no backup\n" * 100)
        with pytest.raises(UserError, match="is no backup"):
            await check(tmp_path / "text")
        with pytest.raises(UserError, match="can't be read"):
            await check(tmp_path / "nowhere")
        with pytest.raises(UserError, match="exists already"):
            await written(database, path)
        with pytest.raises(UserError, match="can't be written"):
            await written(database, tmp_path / "no" / "such" / "place")


async def test_drafts_tokens_and_devices_names_are_in_no_backup(tmp_path: Path) -> None:
    key = DatabaseKey(b"k" * KEY_BYTES)
    async with open_loop(), open_client_database(tmp_path / "profile.db", key) as database:
        for kind in RecordKind:
            row = RecordRow(kind=int(kind), key=b"k" * 16, rank=1, device_id=OWN, value=b"secret")
            await filled(database, partial(put_record, row=row))
        path = await written(database, tmp_path / "a.backup")
        kinds = {item.kind for _, item in read_items(path, KEY) if isinstance(item, HistoryRecord)}
    left_out = {
        RecordKind.DRAFT,
        RecordKind.THREAD_DRAFT,
        RecordKind.TOKEN,
        RecordKind.CODE,
        RecordKind.DEVICE_NAME,
        RecordKind.HISTORY,
    }
    assert kinds == set(map(int, RecordKind)) - set(map(int, left_out))


# ---- engines ------------------------------------------------------------------------------------


def said(messages: list[Message]) -> list[tuple[object, ...]]:
    return [(each.id, each.body, each.reactions, each.poll) for each in messages]


async def test_history_and_people_come_back_on_an_empty_machine_as_a_new_device(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        file = str(tmp_path / "alice.backup")
        async with world.online("alice") as alice:
            to_alice, to_bob = await introduce(bob, alice)
            question = await bob.send(to_alice, "did you read it?")
            await shows(alice, to_bob, ["did you read it?"])
            answer = await alice.send(to_bob, "yse", quote=question.id)
            await alice.edit(answer.id, "yes")
            await shows(bob, to_alice, ["did you read it?", "yes"])
            await alice.contact_rename(to_bob, "Bobby")
            asked = await bob.send_poll(to_alice, question="Which?", options=["a", "b"])
            await bob.react(answer.id, "👍")

            async def is_liked() -> bool:
                has_asked = len(await all_messages(alice, to_bob)) == 3
                return has_asked and bool((await alice.message(answer.id)).reactions)

            await eventually(alice, is_liked)
            await alice.vote(asked.id, [2])
            kit = await confirm_kit(alice)
            async with alice.subscribe() as events:
                made = await alice.backup_create(file)
                with trio.fail_after(PATIENCE_S):  # the way to the relay may be told of before it
                    while not isinstance(await anext(events), BackupProgress):
                        pass
            assert (made.number, made.messages, made.left_out) == (1, 3, 0)
            assert made.words is not None
            assert (await alice.backup_create(f"{file}.2")).words is None  # shown once
            before = said(await all_messages(alice, to_bob))
        world.profile("alice").rename(tmp_path / "the-lost-machine")
        async with an_empty_profile(world.profile("alice")) as alice:
            words = " ".join(made.words)
            with pytest.raises(UserError, match="no key for backups"):
                await alice.backup_restore(file)
            with pytest.raises(UserError, match="recovery kit's 24 words, too"):
                await alice.backup_restore(file, words=words)
            with pytest.raises(UserError, match="another account's") as refused:
                await alice.backup_restore(file, words=words, kit=words)
            assert refused.value.exit_code is ExitCode.UNTRUSTED
            assert (await alice.status()).address is None
            restored = await alice.backup_restore(file, words=words, kit=" ".join(kit))
            assert (restored.number, restored.messages) == (1, 3)
            assert restored.address == world.address("alice")
            await connected(alice)
            to_bob = await alice.resolve("Bobby")
            after = await all_messages(alice, to_bob)
            assert said(after) == before
            # A new device: what is said now reaches him, and he reaches it, as a contact.
            await alice.send(to_bob, "it's me")
            await shows(bob, to_alice, ["did you read it?", "yes", "[poll]", "it's me"])
            await bob.send(to_alice, "welcome back")
            await shows(
                alice, to_bob, ["did you read it?", "yes", "[poll]", "it's me", "welcome back"]
            )
            # Again: nothing doubles. And it goes on with the backups' key and number.
            again = await alice.backup_restore(file)
            assert again.address is None
            assert len(await all_messages(alice, to_bob)) == 5
            third = await alice.backup_create(f"{file}.3")
            assert (third.number, third.words) == (2, None)
            checked = await alice.backup_verify(f"{file}.3")
            assert (checked.messages, checked.newest) == (5, 2)


async def test_a_backup_of_another_account_and_an_older_one_are_refused(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        first, second = str(tmp_path / "first"), str(tmp_path / "second")
        made = await alice.backup_create(first)
        await alice.backup_create(second)
        with pytest.raises(UserError, match="newer one, number 2"):
            await alice.backup_restore(first)
        assert (await alice.backup_restore(first, older=True)).number == 1
        assert (await alice.backup_restore(second)).number == 2
        async with world.online("bob") as bob:
            with pytest.raises(UserError, match="another account than this"):
                await bob.backup_restore(first, words=" ".join(made.words or []))
            with pytest.raises(UserError, match=r"Word 1, 'x', is no recovery word"):
                await bob.backup_restore(first, words="x " * 24)
            with pytest.raises(UserError, match="from / on"):
                await bob.backup_create("here")


async def test_an_own_text_that_waits_is_kept_and_says_that_it_was_not_sent(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with world.online("alice") as alice:
            _, to_bob = await introduce(bob, alice)
            await reaches(alice, await alice.send(to_bob, "sent"), "delivered")
            await world.relay.stop()
            waiting = await alice.send(to_bob, "written in the train")
            file = tmp_path / "a.backup"
            made = await alice.backup_create(str(file))
            assert made.messages == 2
            key = await alice._doors.backups.key(None)
            items = [i for _, i in read_items(file, key) if isinstance(i, HistoryMessage)]
            states = {item.text: (item.state, item.error) for item in items}
        assert states["sent"][0] in {"delivered", "read"}
        state, error = states["written in the train"]
        assert state == "failed"
        assert error is not None
        assert "waited to be sent" in error
        assert waiting.state == "queued"


# ---- what disappears ----------------------------------------------------------------------------


async def test_what_disappears_is_in_no_backup_nor_what_repeats_or_changes_it(
    tmp_path: Path,
) -> None:
    clock = TurnedClock()
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with world.online("alice", clock=clock) as alice:
            _, to_bob = await introduce(bob, alice)
            lasting = await alice.send(to_bob, "this stays")
            await alice.set_timer(to_bob, timer_s=3600)
            secret = await alice.send(to_bob, "meet me at the kiosk")
            await reaches(alice, secret, "delivered")
            await alice.edit(secret.id, "meet me at the fountain")
            await alice.react(secret.id, "🦊")
            await alice.set_timer(to_bob, timer_s=0)
            answer = await alice.send(to_bob, "see you there", quote=secret.id)
            await alice.set_draft(to_bob, "bring the kiosk key")
            # Another client may repeat it in an edit's quote, or in an answer that stays.
            await alice._context.write(partial(repeat, id=bytes.fromhex(answer.id)))
            file = tmp_path / "a.backup"
            made = await alice.backup_create(str(file))
            assert (made.messages, made.disappearing) == (4, 1)
            key = await alice._doors.backups.key(None)
            packed = b"".join(pack_item(item) for _, item in read_items(file, key))
            checked = await alice.backup_verify(str(file))
            assert checked.messages == 4
        for text in ("kiosk", "fountain", "🦊"):
            assert text.encode() not in packed
        assert bytes.fromhex(secret.id) not in {
            item.id for _, item in read_items(file, key) if isinstance(item, HistoryMessage)
        }
        for text in ("this stays", "see you there"):
            assert text.encode() in packed
        assert bytes.fromhex(lasting.id) in packed


def repeat(rows: Rows, id: bytes) -> None:
    """Let a message that stays repeat, in its quote, one that disappears."""
    rows._connection.execute(
        "UPDATE messages SET quote_excerpt = 'meet me at the kiosk' WHERE id = ?", (id,)
    )
