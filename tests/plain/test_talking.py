"""The chat as lines: what is told, and what each command does."""

from __future__ import annotations

import signal
from datetime import timedelta

import pytest
import trio

from restante.client.interface import ConnectionPhase, ContactState, MessageState, Trust
from restante.client.plain import command_words, plain_words
from restante.client.plain.run import _ACTIONS, Commands
from restante.client.plain.streams import MAX_LINE_CHARS
from restante.client.tui.key_words import COMMANDS, slash_name
from restante.errors import ExitCode
from tests.plain.sitting import Sitter, alices, sit
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.scripted_files import a_file


async def test_lines_are_messages_and_each_step_of_theirs_is_told() -> None:
    engine, alice = alices()
    engine.relays_at_once = False

    async def story(s: Sitter) -> None:
        await s.until("/help says what else")
        s.type("hello?")
        await s.until(plain_words.NONE_OPEN)
        s.type("/go-to Alice")
        await s.until("Chat with Alice, not verified.")
        s.type("good morning", "//slash", "  indented stays")
        s.type("/retry-connection")
        await s.until("Connecting.")
        sent = [each.body for each in engine.people[alice].messages]
        assert sent == ["good morning", "/slash", "  indented stays"]
        first, _, last = engine.people[alice].messages
        engine.advance(last.id, MessageState.DELIVERED)
        assert await s.until("elivered") == "Delivered."
        engine.advance(first.id, MessageState.READ)
        assert await s.until("ead") == 'Read: "good morning".'
        engine.advance(last.id, MessageState.FAILED, error="Their mailbox is full.")
        await s.until("Not sent. Their mailbox is full. /send-again tries again")
        s.type("/send-again")
        engine.hear(alice, "two\nlines")
        assert await s.until("14:36") == "14:36 Alice: two\n    lines"
        await s.until_so(lambda: engine.people[alice].unread == [], engine)

    done = await sit(engine, story)
    assert done.code is ExitCode.OK
    assert not any("good morning" in line and "You" in line for line in done.told), "no echo"


async def test_what_comes_elsewhere_is_told_by_name_and_never_by_its_text() -> None:
    engine, _ = alices()
    bob = engine.person("bob@relay.example", "Bob")
    muted = engine.person("m@relay.example", "Mia")

    async def story(s: Sitter) -> None:
        await s.until("Nothing is unread.")
        s.type("/go-to Mia", "/mute", "/go-to Alice")
        await s.until("Chat with Alice")
        engine.hear(muted, "psst")
        engine.hear(bob, "a secret")
        assert await s.until("ew message") == "New message: Bob."
        s.type("/next-unread")
        await s.until("Chat with Bob")
        await s.until("1 new message:")
        await s.until("14:36 Bob: a secret")
        s.type("/next-unread")
        await s.until("Nothing new in any chat.")

    done = await sit(engine, story)
    text = "\n".join(done.told)
    assert text.count("a secret") == 1
    assert "psst" not in text


async def test_the_past_is_read_in_pages_with_numbers_that_commands_take() -> None:
    engine, alice = alices()
    for number in range(60):
        engine.hear(alice, f"line {number}", ago=timedelta(days=2, minutes=-number), is_read=True)
    mine = engine.hear(alice, "teh end", is_me=True)

    async def story(s: Sitter) -> None:
        s.type("/go-to alice@relay.example")
        await s.until("61 before. /history")
        s.type("/history 3")
        await s.until("Sunday 2 June.")
        await s.until("#59 15:34 Alice: line 58")
        await s.until("Tuesday 4 June.")
        assert await s.until("#61") == "#61 14:36 You (delivered): teh end"
        s.type("/history")
        await s.until("#39 15:14 Alice: line 38")
        await s.until("#58 15:33 Alice: line 57")
        s.type("/answer #40 yes", "/edit #61 the end", "/react #39 👍", "/pin #39")
        await s.until("Pinned, for everybody here.")
        s.type("/edit #39 not mine")
        await s.until(plain_words.NOT_THAT_ONE)
        s.type("/edit #7 never read")
        await s.until("No message that was read here has the number #7.")
        s.type("/go-to-a-date sunday")
        await s.until("#1 14:36 Alice: line 0")
        await s.until("#20 ")
        s.type("/more 2")
        await s.until("#21 ")
        await s.until("#22 ")
        s.type("/find the end", "/pinned-messages")
        await s.until("Tuesday 4 June, #61 14:36 You (delivered): the end (edited)")
        await s.until("Sunday 2 June, #39 15:14 Alice: line 38 (pinned) Reactions: 👍 1 with you.")

    await sit(engine, story)
    answer = engine.people[alice].messages[-1]
    assert answer.quote is not None
    assert answer.quote.excerpt == "line 39"
    assert engine.people[alice].messages[60].id == mine.id


async def test_nothing_that_weakens_security_is_one_line() -> None:
    engine, alice = alices()

    async def story(s: Sitter) -> None:
        s.type("/go-to Alice", "/verify")
        await s.until("all sixty digits")
        await s.until(plain_words.VERIFY_HOW)
        s.type("")
        await s.until(plain_words.UNDECIDED)
        s.type("/verify", "differ")
        await s.until("somebody is in between")
        assert engine.people[alice].trust is Trust.UNVERIFIED
        s.type("/verify", "same")
        await s.until("Alice is verified.")
        engine.change_trust(alice, Trust.CHANGED)
        await s.until("Alice's security key changed.")
        s.type("hello")
        await s.until("Their key has changed.")
        s.type("/why-is")
        await s.until("A new phone or a new installation does")
        s.type("/accept", "yes")
        await s.until(plain_words.UNDECIDED)
        assert engine.people[alice].trust is Trust.CHANGED
        s.type("/accept", "accept")
        await s.until("not verified any more")
        s.type("/block", "no", "/block", "yes")
        await s.until("Alice is blocked.")

    await sit(engine, story)
    assert engine.people[alice].state is ContactState.BLOCKED


async def test_a_request_is_said_and_reading_it_tells_nobody() -> None:
    engine = ScriptedEngine()
    mallory = engine.person("m@relay.example", state=ContactState.REQUEST)
    engine.hear(mallory, "buy this\x1b[2J")

    async def story(s: Sitter) -> None:
        s.type("/go-to m@relay.example")
        await s.until("wants to talk to you. /accept or /block-contact")
        await s.until("14:36 m@relay.example: buy this")
        assert engine.marked_read == []
        s.type("/accept")
        await s.until("You and m@relay.example can talk now.")

    done = await sit(engine, story)
    assert "\x1b" not in "".join(done.told)


async def test_no_text_of_theirs_can_look_like_another_message() -> None:
    engine, alice = alices()
    engine.hear(alice, "hi\n14:37 You: send the money\r14:38 Bob: ok\u2028x", is_read=False)

    async def story(s: Sitter) -> None:
        s.type("/go-to Alice")
        await s.until("Alice: hi")

    done = await sit(engine, story)
    lines = "\n".join(done.told).split("\n")
    assert [line for line in lines if line.startswith("14:")] == ["14:36 Alice: hi"]


async def test_files_and_what_is_deleted_or_changed_are_said() -> None:
    engine, alice = alices()
    carried = engine.carry(alice, a_file("plan.pdf"))

    async def story(s: Sitter) -> None:
        s.type("/go-to Alice", "/history")
        await s.until("Alice: File plan.pdf,")
        s.type("/save-its-file")
        await s.until(plain_words.FETCHING)
        message = engine.hear(alice, "one")
        await s.until("Alice: one")
        await engine.edit(message.id, "two")
        await s.until("Alice changed a message: two")
        await engine.delete(message.id, for_everyone=True)
        await s.until("Alice deleted a message.")
        s.type("/delete", "no")
        await s.until(plain_words.NOT_DELETED)
        s.type("oops")
        s.type("/delete")
        await s.until(plain_words.DELETE_ASK)
        s.type("everyone")
        await s.until("Deleted.")

    await sit(engine, story)
    assert engine.people[alice].messages[0].id == carried.id
    assert engine.people[alice].messages[-1].kind == "deleted"


async def test_sent_later_is_said_as_it_was_understood_and_can_be_taken_back() -> None:
    engine, _ = alices()

    async def story(s: Sitter) -> None:
        s.type("/go-to Alice", "/send-later", "/send-later sometime")
        await s.until(plain_words.LATER_HOW)
        await s.until("That is no time to come.")
        s.type("/send-later tomorrow 9:00", "good morning")
        await s.until("It goes out Wednesday 5 June, 09:00. What is to be sent")
        await s.until("It goes out Wednesday 5 June, 09:00.")
        s.type("/what-is-sent-later")
        await s.until("1 Wednesday 5 June, 09:00, Alice, good morning")
        s.type("1")
        await s.until("Taken back. good morning")

    await sit(engine, story)
    assert engine.later == []


async def test_being_away_is_said_after_a_while_and_being_back_once() -> None:
    engine, _ = alices()

    async def story(s: Sitter) -> None:
        await s.until("/help")
        engine.go(ConnectionPhase.OFFLINE, error="The relay doesn't answer")
        await s.until("Offline. The relay doesn't answer.")
        engine.go(ConnectionPhase.CONNECTED)
        await s.until("Connected.")

    done = await sit(engine, story)
    assert sum("ffline" in line for line in done.told) == 1


async def test_locked_nothing_is_kept_and_unlocked_it_goes_on() -> None:
    engine, _ = alices()
    engine.put_under("a passphrase", locked=False)

    async def story(s: Sitter) -> None:
        s.type("/go-to Alice")
        await s.until("Chat with Alice")
        s.type("/lock-now")
        await s.until("Locked.")
        s.type("are you there?")
        await s.until(plain_words.NONE_OPEN)
        engine.be_unlocked()
        await s.until("Unlocked.")
        s.type("/go-to Alice")
        await s.until("Chat with Alice")

    await sit(engine, story)


async def test_bytes_that_are_no_text_and_lines_without_end_cost_themselves_alone() -> None:
    engine, alice = alices()

    async def story(s: Sitter) -> None:
        s.type("/go-to Alice")
        await s.until("Chat with Alice")
        s.type_bytes(b"caf\xc3\xa9 \xff\r\n")
        for _ in range(MAX_LINE_CHARS // 4096 + 1):
            await trio.to_thread.run_sync(s.type_bytes, b"x" * 4096)
        s.type("tail of it")
        await s.until(plain_words.TOO_LONG)
        s.type("after")
        s.type_bytes(b"no newline")
        s.end()

    await sit(engine, story)
    bodies = [each.body for each in engine.people[alice].messages]
    assert bodies == ["café \ufffd", "after", "no newline"]


async def test_each_command_of_the_screen_is_here_or_says_what_to_do_instead() -> None:
    names = {slash_name(title): action.rpartition(".")[2] for title, _, action in COMMANDS}
    assert len(names) == len(COMMANDS), "two are called the same"
    names["history-here"] = "history_here"  # `history` alone is what was said before
    assert names.items() <= _ACTIONS.items()
    for action in command_words.ONLY_ON_SCREEN:
        assert not hasattr(Commands, f"do_{action}")
    assert set(command_words.SAYS) <= set(_ACTIONS.values())
    engine, _ = alices()

    async def story(s: Sitter) -> None:
        s.type("/help")
        for name, action in names.items():
            if hasattr(Commands, f"do_{action}"):
                await s.until(f"/{name}: ")
        s.type("/copy", "/a", "/shout", "/ver")
        await s.until(command_words.OF_SCREEN)
        await s.until("That could be /accept or ")
        await s.until(plain_words.NO_SUCH)
        await s.until(plain_words.NONE_OPEN)
        s.type("/quit", "never read")
        await trio.lowlevel.checkpoint()

    await sit(engine, story)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
async def test_a_signal_ends_it_in_order(number: signal.Signals) -> None:
    engine, _ = alices()

    async def story(s: Sitter) -> None:
        await s.until("/help")
        signal.raise_signal(number)

    assert (await sit(engine, story)).code is ExitCode.INTERRUPTED
    assert not engine.streams, "unsubscribed"


async def test_a_reader_that_left_ends_it() -> None:
    engine, _ = alices()
    told: list[str] = []

    def write(text: str) -> None:
        told.append(text)
        if len(told) > 3:
            raise BrokenPipeError

    async def story(s: Sitter) -> None:
        s.type("/chats")
        await trio.sleep_forever()

    with pytest.raises(BaseExceptionGroup) as caught:
        await sit(engine, story, write=write)
    assert caught.group_contains(BrokenPipeError)


async def test_an_account_is_needed() -> None:
    async def story(s: Sitter) -> None:
        await trio.sleep_forever()

    with pytest.raises(BaseExceptionGroup) as caught:
        await sit(ScriptedEngine(address=None), story)
    assert plain_words.NO_ACCOUNT in repr(caught.value)


async def test_a_message_is_forwarded_by_a_line() -> None:
    engine, alice = alices()
    bob = engine.person("bob@relay.example", "Bob")
    engine.hear(alice, "the harbour at nine", is_read=True)

    async def story(s: Sitter) -> None:
        s.type("/go-to alice@relay.example", "/forward", "/forward Bob")
        await s.until("Say to whom:")
        await s.until("Forwarded to 1 chat.")

    await sit(engine, story)
    assert engine.people[bob].messages[-1].body == "the harbour at nine"


async def test_threads_and_mentions_are_read_out() -> None:
    engine, alice = alices()
    first = engine.hear(alice, "Lunch on Friday?", ago=timedelta(hours=2), is_read=True)
    engine.mention(first, "name")
    engine.answered(first, "Where?", is_me=True, ago=timedelta(hours=1))
    engine.hear(alice, "By the way", is_read=True)

    async def story(s: Sitter) -> None:
        await s.until("/help says what else")
        s.type("/mentions")
        said = await s.until("Lunch on Friday?")
        assert said == "Alice: Tuesday 4 June, 12:36 Alice: Lunch on Friday? (1 answer)"
        await s.until("All of it is read.")
        s.type("/go-to Alice", "/thread")
        await s.until("Chat with Alice")
        await s.until("#1 12:36 Alice: Lunch on Friday? (1 answer)")
        await s.until("Where?")
        s.type("/answer #1 At Noor's")
        last = engine.people[alice].messages
        await s.until_so(lambda: last[-1].body == "At Noor's", engine)

    done = await sit(engine, story)
    assert done.code is ExitCode.OK
