"""Attack 49 at ingest: nothing that a peer wrote reaches a view with an escape in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from restante.client.clock import SystemClock
from restante.protocol.address import Address
from restante.protocol.codec import encode
from restante.protocol.content import Content, Kind, Quote, Text
from restante.protocol.order import rank_at
from restante.protocol.text import printable
from tests.client.outsider import RANDOM, an_outsider
from tests.client.world import a_world, eventually, introduce, reaches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe\u2066\x00\r\x08hidden"


def strings(value: Any) -> Iterator[str]:
    """Every string anywhere in a view."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


def assert_safe(views: Any) -> None:
    for text in strings(msgspec.to_builtins(views)):
        assert printable(text, multiline=True) == text, ascii(text)


async def test_texts_and_quotes_are_safe_in_every_view(tmp_path: Path) -> None:
    now_ms = SystemClock().now_ms()
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        bobs = Address.parse(world.address("bob"))
        async with an_outsider(world.address("mallory"), now_s=now_ms // 1000) as mallory:
            session = await mallory.begin(bobs, token=None, now_s=now_ms // 1000)
            for kind, counter in ((Kind.TEXT, 1), (77, 2)):
                content = Content(
                    version=1,
                    kind=int(kind),
                    id=RANDOM.random(16),
                    conversation=b"",
                    counter=counter,
                    rank=rank_at(now_ms + counter),
                    sent_at_ms=2**62,
                    seen=[],
                    disappears_after_s=0,
                    body=encode(
                        Text(
                            text="before " + EVIL + "\nsecond line",
                            quote=Quote(message=bytes(16), excerpt=EVIL + "\nline"),
                            mentions=[],
                        )
                    ),
                )
                sealed = await mallory.seal(session, content.to_bytes(), bobs)
                session = sealed.session
                await mallory.deposit(bobs, sealed.envelope)

        async def both_here() -> bool:
            found = await bob.conversations()
            return bool(found) and found[0].message_count == 2

        await eventually(bob, both_here)
        conversation = (await bob.conversations())[0]
        messages = await bob.messages(conversation.key, start=0, count=10)
        assert_safe([conversation, *messages, *await bob.consume("tail"), *await bob.contacts()])
        assert messages[0].body.startswith("before ")
        assert messages[0].body.endswith("hidden\nsecond line")
        assert messages[0].quote is not None
        assert "\n" not in messages[0].quote.excerpt
        assert (messages[1].kind, "newer" in messages[1].body) == ("unknown", True)


async def test_ones_own_text_and_petnames_are_safe_too(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        await alice.contact_rename(to_bob, "Bob" + EVIL)
        await reaches(alice, await alice.send(to_bob, "see: " + EVIL), "delivered")
        for engine, key in ((alice, to_bob), (bob, to_alice)):
            assert_safe([*await engine.messages(key, start=0, count=5), *await engine.contacts()])
            assert_safe(await engine.conversations())
