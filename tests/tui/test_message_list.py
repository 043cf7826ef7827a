"""The list of messages: any length, its place on screen, its cursor."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from restante.client.interface import MessageState
from restante.client.tui.history import MAX_CHUNKS
from restante.client.tui.message_list import MessageList
from tests.tui.long_history import LongHistory
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import Teller, tell


def with_history(count: int) -> tuple[ScriptedEngine, str]:
    engine = ScriptedEngine(address="sam@relay.example")
    key = engine.person("bob@relay.example", "Bob")
    person = engine.people[key]
    person.messages = LongHistory(
        count, conversation=key, them=engine._them(person), me=engine._me()
    )
    return engine, key


def listed(engine: ScriptedEngine, key: str) -> None:
    """Turn a generated history into one that can grow."""
    engine.people[key].messages = list(engine.people[key].messages)


async def opened(t: Teller) -> MessageList:
    await t.until_shown("Bob")
    await t.press("enter")
    await t.until_shown("Message Bob")
    return t.app._main.pane.messages


def body_rows(t: Teller) -> list[str]:
    """What is on screen of the messages, without scrollbar."""
    view = t.app._main.pane.messages
    lines = t.screen_text().splitlines()[view.region.y : view.region.bottom]
    return [line[view.region.x : view.region.right - 1].rstrip() for line in lines]


async def test_a_million_messages_open_at_their_end_after_reading_a_few() -> None:
    engine, _ = with_history(1_000_000)

    async def story(t: Teller) -> None:
        view = await opened(t)
        await t.until_shown("999999 ")
        assert view.count == 1_000_000
        assert sum(count for _, count in engine.reads) < 5 * 65

    await tell(engine, story)


async def test_the_first_of_a_million_is_one_key_away_and_the_last_another() -> None:
    engine, _ = with_history(1_000_000)

    async def story(t: Teller) -> None:
        view = await opened(t)
        await t.until_shown("999999 ")
        await t.press("shift+tab", "g")
        await t.until(lambda: view.selected is not None and view.selected.position == 0)
        await t.until(lambda: any("0 the tide" in row for row in body_rows(t)))
        await t.press("G")
        await t.until(lambda: view.selected is not None and view.selected.position == 999_999)
        await t.until_shown("999999 ")
        assert sum(count for _, count in engine.reads) < 20 * 65

    await tell(engine, story)


async def test_dragging_through_a_million_reads_only_where_it_rests() -> None:
    engine, _ = with_history(1_000_000)

    async def story(t: Teller) -> None:
        view = await opened(t)
        await t.until_shown("999999 ")
        for step in range(1, 200):
            view.scroll_to(y=view.max_scroll_y * step / 200, animate=False, force=True)
            if step % 20 == 0:
                await t.pilot.pause()
        await t.until(
            lambda: all(row.strip() for row in body_rows(t) if row) and view._lacking() is None
        )
        memory = sum(
            view._history.chunk(n) is not None for n in range(view._history.heights.chunk_count)
        )
        assert memory <= MAX_CHUNKS
        assert len(engine.reads) < 100

    await tell(engine, story)


async def test_what_is_read_stays_in_place_when_messages_come_in_below() -> None:
    engine, key = with_history(300)
    listed(engine, key)

    async def story(t: Teller) -> None:
        view = await opened(t)
        await t.until_shown("299 ")
        await t.press("shift+tab", "pageup", "pageup")
        await t.until_shown("Latest below")
        before = body_rows(t)
        for number in range(3):
            engine.hear(key, f"new {number}")
        await t.until_shown("↓ 3 new below")
        assert body_rows(t) == before
        await t.press("G")
        await t.until_shown("new 2")
        await t.until_gone("below")
        assert view._is_at_end

    await tell(engine, story)


async def test_what_is_read_stays_in_place_when_a_message_is_filed_above_it() -> None:
    engine, key = with_history(300)
    listed(engine, key)

    async def story(t: Teller) -> None:
        view = await opened(t)
        await t.until_shown("299 ")
        await t.press("shift+tab", "pageup", "pageup")
        await t.until_shown("Latest below")
        await t.until(lambda: view._lacking() is None)
        before, row = body_rows(t), view.scroll_offset.y
        engine.hear(key, "late to the party " * 9, at=5, ago=timedelta(days=2), is_read=True)
        await t.until(lambda: view.count == 301)
        await t.until(lambda: view._lacking() is None)
        assert body_rows(t) == before
        assert view.scroll_offset.y != row, "there is more above it now"

    await tell(engine, story)


async def test_a_message_filed_between_two_on_screen_appears_between_them() -> None:
    engine, key = with_history(20)
    listed(engine, key)

    async def story(t: Teller) -> None:
        view = await opened(t)
        await t.until_shown("19 ")
        engine.hear(key, "in between", at=19, ago=timedelta(minutes=5), is_read=True)
        await t.until_shown("in between", "19 ")
        await t.until(lambda: view._lacking() is None)
        rows = "\n".join(body_rows(t))
        assert rows.index("18 ") < rows.index("in between") < rows.rindex("19 ")
        assert rows.count("in between") == 1

    await tell(engine, story)


async def test_the_end_stays_in_sight_while_one_is_there() -> None:
    engine, key = with_history(300)
    listed(engine, key)

    async def story(t: Teller) -> None:
        await opened(t)
        await t.until_shown("299 ")
        for number in range(50):
            engine.hear(key, f"new {number}")
        await t.until_shown("new 49")
        assert "below" not in t.screen_text()

    await tell(engine, story)


async def test_the_cursor_stays_on_its_message() -> None:
    engine, key = with_history(300)
    listed(engine, key)

    async def story(t: Teller) -> None:
        view = await opened(t)
        await t.until_shown("299 ")
        await t.press("shift+tab", "k", "k")
        chosen = view.selected
        assert chosen is not None
        engine.hear(key, "filed above", at=10, ago=timedelta(days=2), is_read=True)
        engine.hear(key, "at the end")
        await t.until(lambda: view.count == 302)
        await t.until(lambda: view.selected is not None)
        selected = view.selected
        assert selected is not None
        assert selected.id == chosen.id

    await tell(engine, story)


async def test_a_state_that_changes_far_above_moves_nothing() -> None:
    engine, key = with_history(300)
    listed(engine, key)

    async def story(t: Teller) -> None:
        view = await opened(t)
        await t.until_shown("299 ")
        await t.until(lambda: view._lacking() is None)
        before = body_rows(t)
        mine = next(m for m in view._history.chunk(4).messages if m.sender.is_me)  # type: ignore[union-attr]
        rows = view._history.rows
        failed = replace(mine, state=MessageState.FAILED, error="Their mailbox is full. " * 4)
        view.change(failed)
        await t.until(lambda: view._history.rows > rows)
        await t.pilot.pause()
        assert body_rows(t) == before

    await tell(engine, story)


async def test_another_width_keeps_the_place_and_wraps_anew() -> None:
    engine, key = with_history(300)
    listed(engine, key)

    async def story(t: Teller) -> None:
        view = await opened(t)
        await t.until_shown("299 ")
        await t.press("shift+tab", "pageup", "pageup", "pageup")
        await t.until(lambda: view._lacking() is None)
        first = view._history.at_row(view.scroll_offset.y)
        assert first is not None
        for size in ((120, 40), (60, 30), (80, 24)):
            await t.pilot.resize_terminal(*size)
            await t.until(lambda: view._lacking() is None)
            now = view._history.at_row(view.scroll_offset.y)
            assert now is not None
            assert abs(now.position - first.position) <= 1, size
            assert all(len(row) <= size[0] for row in body_rows(t))

    await tell(engine, story)


async def test_scripts_of_all_kinds_leave_the_frame_straight() -> None:
    engine, key = with_history(1)
    listed(engine, key)
    for body in (
        "日本語の文章は空白がないので、どこでも折り返すことができます。" * 2,
        "שלום עולם, זו הודעה מימין לשמאל " * 4,
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 " * 30,
        "z\u0335\u0321\u0300a\u0336l\u0337g\u0338o " * 20,
        "\u2764\ufe0f " * 40,
        "a\u200db\u200dc " * 30,
    ):
        engine.hear(key, body, is_read=True)

    async def story(t: Teller) -> None:
        view = await opened(t)
        await t.until(lambda: view._lacking() is None and view.count == 7)
        screen = t.app.screen
        for strip in screen._compositor.render_strips():
            assert strip.cell_length == 100

    await tell(engine, story, size=(100, 48))
