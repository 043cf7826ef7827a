"""Attack 17: the relay drops a message, and nobody is to notice.

Held by: the numbers of a chain show to the session that something is missing, and the counters of a
device show it in the conversation: an entry before the message that told, until the lost one comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.clock import SystemClock
from restante.protocol.address import Address
from tests.client.outsider import a_text, an_outsider
from tests.client.world import a_world, shows, the_conversation
from tests.crypto.people import a_person, meet, open_message, seal

if TYPE_CHECKING:
    from pathlib import Path


def test_a_session_counts_what_is_missing() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    for _ in range(3):
        dropped = seal(alices, b"dropped")
        alices = dropped.session
    arriving = seal(alices, b"arrives, in a chain that is new")
    opened = open_message(bobs, arriving.envelope)
    assert opened.newly_missing == 3
    late = open_message(opened.session, dropped.envelope)
    assert (late.content, late.newly_missing) == (b"dropped", 0)
    dropped = seal(seal(arriving.session, b"dropped").session, b"dropped")
    arriving = seal(dropped.session, b"arrives, in a chain that is known")
    assert open_message(late.session, arriving.envelope).newly_missing == 2


async def test_a_dropped_message_leaves_an_entry_until_it_comes(tmp_path: Path) -> None:
    now_ms = SystemClock().now_ms()
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        an_outsider(world.address("alice"), now_s=now_ms // 1000) as alice,
    ):
        bobs = Address.parse(world.address("bob"))
        session = await alice.begin(bobs, token=None, now_s=now_ms // 1000)
        envelopes = []
        for counter, text in enumerate(("one", "two", "three", "four"), start=1):
            content = a_text(text, now_ms=now_ms + counter, counter=counter)
            sealed = await alice.seal(session, content, bobs)
            session = sealed.session
            envelopes.append(sealed.envelope)
        one, two, three, four = envelopes
        for arriving in (one, four):
            await alice.deposit(bobs, arriving)
        key = await the_conversation(bob)
        await shows(bob, key, ["one", "[gap]", "four"])
        await alice.deposit(bobs, two)
        await shows(bob, key, ["one", "two", "[gap]", "four"])
        await alice.deposit(bobs, three)
        await shows(bob, key, ["one", "two", "three", "four"])
