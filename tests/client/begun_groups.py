"""Groups that somebody whom a device knows begins by hand: their logs, and what is said in them.

Without a socket: on a device as in `profiles_in_touch`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from msgspec import Struct

from restante.client.groups import ledger as ledgers
from restante.crypto.signing import sign_group_entry
from restante.crypto.tokens import generate_token
from restante.protocol import group as g
from restante.protocol.codec import encode
from restante.protocol.content import Content, Kind, Text
from restante.protocol.group import EntryBody, GroupContent, GroupLog, Role, SignedEntry
from restante.protocol.ids import ID_BYTES
from restante.protocol.limits import BUCKET_TOKENS
from restante.protocol.order import rank_at
from restante.store import client_groups as store
from restante.store.client_account import TokenRow, save_tokens
from restante.store.client_outbox import outbox_entries
from tests.client.stranger import Stranger, said
from tests.property.profiles_in_touch import NOW_MS, RANDOM, Device, Network


@contextmanager
def a_device(folder: Path) -> Iterator[Device]:
    """Open a device that can be in groups."""
    made = Network(folder, ours=[0, 0], theirs=[0])
    live = [
        TokenRow(bucket=bucket, token=generate_token(RANDOM), is_live=True)
        for bucket in range(BUCKET_TOKENS)
    ]
    made.ours[0].run(lambda rows, _: save_tokens(rows, live))
    yield made.ours[0]
    made.close()


def entry(
    author: Stranger, group: bytes, parents: list[bytes], sequence: int, *acts: Struct
) -> SignedEntry:
    """Sign an entry of a log."""
    body = EntryBody(
        version=1,
        group=group,
        parents=parents,
        author=author.key,
        device=author.device_id,
        manifest=author.manifest.head,
        sequence=sequence,
        at_ms=NOW_MS,
        acts=[g.act(each) for each in acts],
    )
    return sign_group_entry(author.device.signing, body)


def log_of(*entries: SignedEntry, by: Stranger) -> GroupLog:
    """Pack entries with the manifest that they were signed under."""
    manifests = [by.manifest.signed.to_bytes()]
    return GroupLog(entries=list(entries), manifests=manifests, tokens=[])


def puts_in(
    founder: Stranger, alice: Device, *others: Stranger, link: bytes | None = None
) -> tuple[bytes, SignedEntry]:
    """Begin a group, and put Alice and others into it; return its id and its last entry."""
    nonce = RANDOM.random(ID_BYTES)
    first = entry(founder, b"", [], 1, g.Found(name="Prize", is_space=False, nonce=nonce))
    entries = [first]
    if link is not None:
        made = g.Link(id=link, expires_at_s=0, uses=0, needs_approval=False)
        entries.append(entry(founder, first.hash, [first.hash], 2, made))
    people = (alice.own.account_id, *(each.key for each in others))
    acts = [g.Add(account=each, role=int(Role.MEMBER), link=link) for each in people]
    last = entries[-1].hash
    entries.append(entry(founder, first.hash, [last], 1 + len(entries), *acts))
    log = log_of(*entries, by=founder)
    founder.says(said(Kind.GROUP_LOG, log, conversation=first.hash))
    return first.hash, entries[-1]


def joins(alice: Device, group: bytes) -> None:
    """Let Alice accept a group."""
    row = alice.run(lambda rows, _: store.group_row(rows, group))
    assert row is not None
    alice.run(lambda rows, _: store.put_group(rows, replace(row, state=ledgers.JOINED)))


def a_message(group: bytes, heads: list[bytes], *, counter: int, text: str = "hello") -> bytes:
    """What is said in a group, as it is sealed."""
    content = Content(
        version=1,
        kind=int(Kind.TEXT),
        id=RANDOM.random(ID_BYTES),
        conversation=group,
        counter=counter,
        rank=rank_at(NOW_MS),
        sent_at_ms=NOW_MS,
        seen=[],
        disappears_after_s=0,
        body=encode(Text(text=text, quote=None, mentions=[])),
    ).to_bytes()
    body = GroupContent(heads=heads, content=content)
    return said(Kind.GROUP_CONTENT, body, conversation=group)


def answers(alice: Device, to: Stranger) -> list[int]:
    """The kinds of all that waits to go out to somebody."""
    found = alice.run(lambda rows, _: outbox_entries(rows))
    return [Content.from_bytes(e.content).kind for e in found if e.account_id == to.key]
