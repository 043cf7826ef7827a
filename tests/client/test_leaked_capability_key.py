"""Whoever steals a script's capability key can do what its grant allows, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from restante.client.acquaintance import RefusedHelloError, introduced, new_contact
from restante.client.capability_keys.reading import GrantedReader
from restante.client.directory import with_manifest
from restante.client.interface import ContactState, Trust
from restante.crypto import own_keys
from restante.crypto.introduction import Introduction
from restante.crypto.signatures import verify_manifest
from restante.protocol.codec import encode
from restante.protocol.content import (
    Content,
    Deletion,
    Edit,
    Kind,
    Quote,
    Receipt,
    Text,
    TokenGrant,
)
from restante.protocol.frames import Lane
from restante.protocol.grant import Grant, Granted
from restante.protocol.group import Role
from restante.protocol.ids import ID_BYTES, MailboxId, Token, grant_hash
from restante.protocol.order import rank_at
from restante.store.client_contacts import ContactRow, contact, upsert_contact
from restante.store.client_groups import (
    GroupRow,
    MemberRow,
    drop_member,
    is_group,
    put_group,
    put_member,
)
from restante.store.client_inbox import take_receipts
from restante.store.client_messages import message, window
from restante.store.client_queries.groups import group_members, group_states
from restante.store.client_rows import Rows
from tests.property.profiles_in_touch import NOW_MS, RANDOM, Device, Network

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.changes import Changes

NOW_S = NOW_MS // 1000
DAY_MS = 86_400_000


class Script:
    """Alice's account, whose script writes to `reader`; the key is in a thief's hands."""

    def __init__(
        self,
        reader: Device,
        *,
        messages: int = 3,
        is_own: bool = False,
        where: bytes | None = None,
        state: ContactState = ContactState.ACCEPTED,
    ) -> None:
        self.reader = reader
        self.said = 0
        account = own_keys.generate_account(RANDOM, now_s=NOW_S)
        self.key = own_keys.generate_device(RANDOM)
        ours = reader.run(lambda rows, _: contact(rows, reader.own.account_id))
        bob = reader.run(lambda rows, _: _anybody(rows))
        assert ours is not None
        self.where = where or (bob.account_id if is_own else reader.own.account_id)
        self.grant = Grant(
            version=1,
            conversation=self.where,
            messages=messages,
            until_s=NOW_S + 86_400,
            salt=RANDOM.random(16),
        )
        devices = [
            own_keys.device_entry(
                own_keys.generate_device(RANDOM),
                mailbox=MailboxId(RANDOM.random(ID_BYTES)),
                now_s=NOW_S,
            ),
            own_keys.capability_entry(self.key, grant=grant_hash(encode(self.grant)), now_s=NOW_S),
        ]
        self.manifest = verify_manifest(
            own_keys.make_manifest(
                account, address=reader.own.address, devices=devices, now_s=NOW_S
            )
        )
        row = new_contact(
            self.manifest,
            state=ContactState.SELF if is_own else state,
            trust=Trust.UNVERIFIED,
            token=Token(bytes(16)),
            petname=None,
            is_stale=False,
            now_s=NOW_S,
        )
        reader.run(lambda rows, _: upsert_contact(rows, row))
        self.row = row

    def says(
        self,
        text: str = "The build is red.",
        *,
        grant: Grant | None = None,
        message_id: bytes | None = None,
    ) -> Content:
        """Return what the key may say, unless the grant is another than it was given."""
        body = encode(Text(text=text, quote=None, mentions=[]))
        return self.wrapped(Kind.TEXT, body, grant=grant, message_id=message_id)

    def wrapped(
        self,
        kind: int,
        body: bytes,
        *,
        grant: Grant | None = None,
        message_id: bytes | None = None,
    ) -> Content:
        granted = Granted(grant=encode(grant or self.grant), kind=int(kind), body=body)
        return self.bare(Kind.GRANTED, encode(granted), message_id=message_id)

    def bare(self, kind: int, body: bytes, *, message_id: bytes | None = None) -> Content:
        self.said += 1
        return Content(
            version=1,
            kind=int(kind),
            id=message_id or RANDOM.random(ID_BYTES),
            conversation=b"",
            counter=0,
            rank=rank_at(NOW_MS) + self.said,
            sent_at_ms=NOW_MS,
            seen=[],
            disappears_after_s=0,
            body=body,
        )

    def send(self, content: Content, *, at_ms: int = NOW_MS) -> list[str]:
        """Let the reader take a content; return what the conversation shows of texts."""
        reader = GrantedReader(own=self.reader.own, now_ms=at_ms)

        def work(rows: Rows, changes: Changes) -> None:
            row = contact(rows, self.row.account_id)
            assert row is not None
            reader.read(rows, changes, row, self.key.device_id, content.to_bytes())

        self.reader.run(work)
        return self.shown()

    def shown(self, kind: str = "text") -> list[str]:
        is_named = self.row.state == "self" or is_group(self.where)
        where = self.where if is_named else self.row.account_id
        found = self.reader.run(lambda rows, _: window(rows, where, 0, 100))
        return [row.text or row.error or "" for row in found if row.kind == kind]


def _anybody(rows: Rows) -> ContactRow:
    from restante.store.client_contacts import contacts

    return next(row for row in contacts(rows) if row.state == "accepted")


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Device]:
    network = Network(tmp_path, ours=[0], theirs=[0])
    yield network.ours[0]
    network.close()


def test_no_more_messages_than_granted_are_shown(reader: Device) -> None:
    script = Script(reader, messages=2)
    first = script.says("one")
    assert script.send(first) == ["one"]
    assert script.send(first) == ["one"], "one that comes again is neither shown nor counted"
    assert script.send(script.says("two")) == ["one", "two"]
    for text in ("three", "four"):
        assert script.send(script.says(text)) == ["one", "two"]
    assert len(script.shown("notice")) == 1, "its reader is told so, once"


def test_deleting_what_a_key_sent_gives_it_no_more(reader: Device) -> None:
    script = Script(reader, messages=1)
    only = script.says("one")
    script.send(only)
    reader.run(lambda rows, _: rows._connection.execute("DELETE FROM messages"))
    assert script.send(script.says("two")) == []


def test_nothing_is_shown_past_the_date(reader: Device) -> None:
    script = Script(reader)
    assert script.send(script.says("late"), at_ms=NOW_MS + DAY_MS) == []
    assert len(script.shown("notice")) == 1
    assert script.send(script.says("in time"), at_ms=NOW_MS + DAY_MS - 1) == ["in time"]


def test_another_conversation_or_a_grant_of_its_own_making_is_refused(reader: Device) -> None:
    script = Script(reader)
    for changes in (
        {"conversation": RANDOM.random(16)},
        {"messages": 1_000_000},
        {"until_s": NOW_S + 10**9},
        {"salt": RANDOM.random(16)},
    ):
        forged = msgspec.structs.replace(script.grant, **changes)
        assert script.send(script.says(grant=forged)) == []
    for_somebody_else = Script(reader)
    for_somebody_else.grant = msgspec.structs.replace(
        for_somebody_else.grant, conversation=RANDOM.random(16)
    )
    entry = own_keys.capability_entry(
        for_somebody_else.key, grant=grant_hash(encode(for_somebody_else.grant)), now_s=NOW_S
    )
    account = own_keys.generate_account(RANDOM, now_s=NOW_S)
    manifest = verify_manifest(
        own_keys.make_manifest(account, address=reader.own.address, devices=[entry], now_s=NOW_S)
    )
    row = replace(with_manifest(for_somebody_else.row, manifest), account_id=manifest.account_id)
    reader.run(lambda rows, _: upsert_contact(rows, row))
    for_somebody_else.row = row
    assert for_somebody_else.send(for_somebody_else.says()) == []


def test_a_key_edits_deletes_and_acknowledges_nothing(reader: Device) -> None:
    script = Script(reader)
    said = script.says("as it was")
    script.send(said)
    text = encode(Text(text="changed", quote=None, mentions=[]))
    reader.run(lambda rows, _: take_receipts(rows))
    bodies = {
        Kind.EDIT: encode(Edit(message=said.id, kind=int(Kind.TEXT), body=text)),
        Kind.DELETION: encode(Deletion(message=said.id)),
        Kind.RECEIPT: encode(Receipt(state=2, messages=[said.id])),
        Kind.TOKEN: encode(TokenGrant(token=b"\x07" * 16)),
        Kind.LEFT: b"",
        Kind.TEXT: text,
    }
    for kind, body in bodies.items():
        assert script.send(script.bare(kind, body)) == ["as it was"], kind
        if kind != Kind.TEXT:
            assert script.send(script.wrapped(kind, body)) == ["as it was"], kind
    script.send(script.wrapped(98, text))
    assert script.shown("unknown") == [], "what only a later version knows isn't granted either"
    quoting = Text(text="said", quote=Quote(message=said.id, excerpt="never said"), mentions=[])
    assert script.send(script.wrapped(Kind.TEXT, encode(quoting))) == ["as it was"]
    assert script.send(msgspec.structs.replace(script.says(), conversation=b"g" * 16)) == [
        "as it was"
    ]
    row = reader.run(lambda rows, _: contact(rows, script.row.account_id))
    assert row is not None
    assert (row.token, row.state) == (bytes(16), "accepted")
    assert not reader.run(lambda rows, _: take_receipts(rows)), "what was refused is not answered"


def test_a_key_takes_the_place_of_no_message_of_anybody(reader: Device) -> None:
    own = Script(reader, is_own=True)
    theirs = Script(reader)
    said = theirs.says("theirs")
    theirs.send(said)
    reader.run(lambda rows, _: take_receipts(rows))
    own.send(own.says("mine", message_id=said.id))
    kept = reader.run(lambda rows, _: message(rows, said.id))
    assert kept is not None
    assert (kept.text, kept.author) == ("theirs", theirs.row.account_id)


def test_a_key_of_ones_own_writes_where_it_was_granted_and_says_nothing_to_own_devices(
    reader: Device,
) -> None:
    script = Script(reader, is_own=True, messages=1)
    assert script.send(script.says("from the build server")) == ["from the build server"]
    assert script.send(script.says("again")) == ["from the build server"]
    sync = script.bare(Kind.SYNC, b"\x91\x90")
    assert script.send(sync) == ["from the build server"]


def test_a_key_introduces_nobody_and_redirects_no_answers(reader: Device) -> None:
    script = Script(reader)

    def hello(rows: Rows, state: str | None) -> ContactRow:
        if state is None:
            rows._connection.execute("DELETE FROM contacts WHERE state = 'accepted'")
        else:
            upsert_contact(rows, replace(script.row, state=state))
        introduction = Introduction(
            manifest=script.manifest,
            key=script.key.key,
            reply_token=Token(b"\x09" * 16),
            relay_pin=None,
        )
        return introduced(rows, introduction, lane=Lane.CONTACT, now_s=NOW_S)

    row = reader.run(lambda rows, _: hello(rows, "accepted"))
    assert row.token == bytes(16), "answers go where the account's devices said"
    for state in ("request", "blocked", None):
        with pytest.raises(RefusedHelloError):
            reader.run(lambda rows, _, it=state: hello(rows, it))


# ---- in a group ---------------------------------------------------------------------------------

OPS = b"ops" + bytes(29)


def a_group(reader: Device, *, may_post: Role = Role.MEMBER, state: str = "joined") -> None:
    row = GroupRow(
        group_id=OPS,
        state=state,
        adder=None,
        name="ops",
        description="",
        is_space=False,
        parent=None,
        timer_s=0,
        may_post=int(may_post),
        may_mention_all=int(Role.ADMIN),
        own_role=int(Role.MEMBER),
        heads=b"",
        begun_at_ms=NOW_MS,
    )

    def work(rows: Rows, _: Changes) -> None:
        for table in (group_states, group_members):  # the network's profiles know of none
            made = CreateTable(table, if_not_exists=True).compile(dialect=sqlite.dialect())
            rows._connection.execute(str(made))
        put_group(rows, row)

    reader.run(work)


def put_in(reader: Device, account: bytes, role: Role = Role.MEMBER) -> None:
    row = MemberRow(group_id=OPS, account_id=account, role=int(role), since_counter=0)
    reader.run(lambda rows, _: put_member(rows, row))


def test_a_key_of_a_group_is_heard_there_and_nowhere_else(reader: Device) -> None:
    a_group(reader)
    script = Script(reader, where=OPS, state=ContactState.MEMBER)
    put_in(reader, script.row.account_id)
    assert script.send(script.says()) == ["The build is red."]
    elsewhere = msgspec.structs.replace(script.grant, conversation=b"dev" + bytes(29))
    assert script.send(script.says("there", grant=elsewhere)) == ["The build is red."]
    chat = reader.run(lambda rows, _: window(rows, script.row.account_id, 0, 10))
    assert chat == [], "nothing is said in a chat with somebody who is no contact"


def test_a_key_of_who_is_not_in_the_group_or_may_only_read_is_silent(reader: Device) -> None:
    a_group(reader)
    outsider = Script(reader, where=OPS)
    assert outsider.send(outsider.says()) == []
    put_in(reader, outsider.row.account_id, Role.READER)
    assert outsider.send(outsider.says()) == []
    put_in(reader, outsider.row.account_id)
    a_group(reader, may_post=Role.ADMIN)
    assert outsider.send(outsider.says()) == []
    a_group(reader, state="left")
    assert outsider.send(outsider.says()) == []
    a_group(reader)
    assert outsider.send(outsider.says()) == ["The build is red."]
    reader.run(lambda rows, _: drop_member(rows, OPS, outsider.row.account_id))
    assert outsider.send(outsider.says("removed")) == ["The build is red."]


def test_a_member_who_is_no_contact_has_no_key_for_the_reader_alone(reader: Device) -> None:
    script = Script(reader, state=ContactState.MEMBER)
    assert script.send(script.says()) == []
    assert script.shown("notice") == []
