"""Groups, spaces and polls as lines: begun, kept, asked and answered."""

from __future__ import annotations

from restante.client.interface import AsksToJoin
from restante.client.plain import plain_words
from tests.plain.sitting import Sitter, alices, sit


async def test_a_group_is_begun_kept_and_left() -> None:
    engine, _ = alices()

    async def story(s: Sitter) -> None:
        s.type("/new-group walks", "Alice, bob@relay.example")
        await s.until("Who is in walks?")
        await s.until("No conversation is called 'bob@relay.example'.")
        s.type("/new-group walks", "Alice")
        await s.until("Chat with walks, 2 members")
        s.type("/members")
        await s.until("Alice, not verified")
        s.type("/who-may", "/describe Sundays", "/leave", "no")
        await s.until("Say which: reader, member, admin, owner.")
        await s.until("Everybody in walks sees that you left")

    await sit(engine, story)


async def test_a_group_is_kept_by_lines() -> None:
    engine, alice = alices()
    bob = engine.person("bob@relay.example", "Bob")
    engine.meeting("Walkers", {alice: "member"})
    asks = AsksToJoin(key=bob, name="Bob", address="", asked_at="2024-06-04T12:00:00Z")
    engine.asking = (asks,)

    async def story(s: Sitter) -> None:
        s.type("/go-to Walkers", "/role Alice admin")
        await s.until("Alice, ")
        s.type("/role Nobody admin", "/role")
        await s.until("Nobody is not in the group.")
        await s.until(plain_words.ROLE_HOW)
        s.type("/invite-by-link 1d 10 ask")
        await s.until("01010101: 0 of 10 came, until Wednesday 5 June, asks an admin. restante:g")
        s.type("/invites", "/revoke 0101", "/invites")
        await s.until("01010101:")
        await s.until("Revoked.")
        await s.until(plain_words.NO_INVITES)
        s.type("/who-asks", "/refuse Zoe", "/admit bob")
        await s.until("Bob")
        await s.until(plain_words.ASKING_HOW)
        await s.until(plain_words.ASKING_HOW)
        await s.until("Bob is in.")
        s.type("/picture", "/picture /sea.png")
        await s.until("Say which: /picture FILE; or none.")
        s.type("/who-calls-all nobody", "/who-calls-all admin")
        await s.until("Say which: reader, member, admin, owner.")
        s.type("/remove Bob", "yes")
        await s.until("Bob is not in the group any more.")

    await sit(engine, story)
    assert engine.calling == "admin"
    assert engine.looks_like == "/sea.png"


async def test_a_space_is_kept_by_lines() -> None:
    engine, alice = alices()

    async def story(s: Sitter) -> None:
        s.type("/channels", "/go-to Alice", "/new-channel News")
        await s.until(plain_words.NONE_OPEN)
        await s.until(plain_words.NO_GROUP)
        s.type("/new-space Village", "Alice")
        await s.until("Chat with Village")
        s.type("/new-channel News, Town")
        await s.until("Chat with News")
        s.type("/channels", "/place News", "/unlist News", "/channels")
        await s.until("News, Town")
        await s.until("News")
        await s.until("It is off the list")
        await s.until("No channels yet.")

    await sit(engine, story)
    assert alice in engine.people


async def test_a_poll_is_asked_and_answered_in_lines() -> None:
    engine, alice = alices()

    async def story(s: Sitter) -> None:
        s.type(
            "/go-to alice@relay.example", "/poll Which day?", "/poll Which day? | Monday | Friday"
        )
        await s.until("Say how: /poll QUESTION")
        await s.until("May several answers be chosen?")
        s.type("no", "/vote Monday", "/vote 2")
        await s.until("Say which: /vote 2")
        await s.until("Voted.")
        s.type("/newest")
        shown = await s.until("You (sent): Poll: Which day?")
        assert "\n    2. Friday: 1 (you)\n" in shown
        s.type("/vote off", "/close-poll", "yes")
        await s.until("Your vote is taken back.")
        await s.until("The poll is closed.")
        s.type("/vote 1")
        await s.until("There is no message here that this can be done with.")

    await sit(engine, story)
    poll = engine.people[alice].messages[-1].poll
    assert poll is not None
    assert (poll.voters, poll.closed_at is None) == (0, False)
