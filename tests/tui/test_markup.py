"""Bold, code and links are read from what people write; a link's real host is always in sight."""

from __future__ import annotations

import time

import pytest

from restante.client.tui.links import can_open, read_link
from restante.client.tui.markup import read_markup
from restante.client.tui.roles import Role
from tests.tui.scenes import minutes
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import Teller, tell


def runs(text: str) -> list[tuple[str, Role]]:
    marked = read_markup(text)
    return [(marked.text[start:end], role) for start, end, role in marked.spans]


@pytest.mark.parametrize(
    ("text", "shown", "found"),
    [
        ("plain", "plain", []),
        ("**bold** word", "bold word", [("bold", Role.STRONG)]),
        ("*so* and _so_", "so and so", [("so", Role.EMPHASIS), ("so", Role.EMPHASIS)]),
        ("~~gone~~", "gone", [("gone", Role.STRUCK)]),
        ("run `ls -l` now", "run ls -l now", [("ls -l", Role.CODE)]),
        ("2 * 3 * 4", "2 * 3 * 4", []),
        ("snake_case_name __init__", "snake_case_name __init__", []),
        ("a ** b", "a ** b", []),
        ("**never closed", "**never closed", []),
        ("`**as it is**`", "**as it is**", [("**as it is**", Role.CODE)]),
        (
            "see https://example.org/a_b_c.",
            "see https://example.org/a_b_c.",
            [("https://example.org/a_b_c", Role.LINK)],
        ),
        (
            "(https://example.org/a_(b))",
            "(https://example.org/a_(b))",
            [("https://example.org/a_(b)", Role.LINK)],
        ),
        (
            "[the bank](https://evil.example/)",
            "the bank https://evil.example/",
            [("https://evil.example/", Role.LINK)],
        ),
        ("```\nnever closed", "```\nnever closed", []),
    ],
)
def test_marks_are_read_and_all_else_stays(
    text: str, shown: str, found: list[tuple[str, Role]]
) -> None:
    assert read_markup(text).text == shown
    assert runs(text) == found


def test_a_block_of_code_is_coloured_by_its_language() -> None:
    text = 'look:\n```python\nreturn "a # b"  # why\n**x**\n```\nso'
    assert read_markup(text).text == 'look:\n  return "a # b"  # why\n  **x**\nso'
    assert [run for run in runs(text) if run[0].strip()] == [
        ("return", Role.KEYWORD),
        ('"a # b"', Role.LITERAL),
        ("# why", Role.COMMENT),
        ("**x**", Role.CODE),
    ]
    assert runs("```\nif x\n```") == [("if x", Role.CODE)]


@pytest.mark.parametrize(
    ("url", "host", "is_disguised"),
    [
        ("https://example.org/path?q=1", "example.org", False),
        ("https://example.org:8443", "example.org", False),
        ("https://bank.example@evil.example/", "evil.example", True),
        ("https://b\u0430nk.example/", "xn--bnk-6cd.example", True),
        ("https://bank.example\\@evil.example", "evil.example", True),
        ("https://[::1]/", "::1", False),
        ("https://[", "", True),
        ("https://", "", True),
        ("https://" + "\u0430" * 300, "", True),
    ],
)
def test_a_link_s_real_host_is_named(url: str, host: str, is_disguised: bool) -> None:
    link = read_link(url)
    assert (link.host, link.is_disguised) == (host, is_disguised)
    assert link.host in link.says


def test_a_browser_is_asked_only_where_it_has_a_window() -> None:
    assert can_open({"DISPLAY": ":0"}, "linux")
    assert not can_open({}, "linux")
    assert can_open({}, "darwin")
    assert not can_open({"SSH_CONNECTION": "x"}, "darwin")


@pytest.mark.parametrize(
    "unit",
    [
        "*",
        "**",
        "_a",
        "`",
        "[",
        "[a](",
        "https://",
        "~~a",
        "```\n",
        "```x\n",
        '"',
        "**a ",
        "(",
        "\\",
    ],
)
def test_what_an_enemy_writes_is_read_in_no_time(unit: str) -> None:
    text = unit * (60_000 // len(unit))
    began = time.process_time()
    read_markup(text)
    read_markup("```python\n" + text.replace("\n", " ") + "\n```")
    assert time.process_time() - began < 5  # usually a tenth; what is quadratic takes hours


async def test_a_link_is_shown_with_its_host_before_it_is_opened() -> None:
    engine = ScriptedEngine(address="sam@relay.example")
    bob = engine.person("bob@relay.example", "Bob")
    said = "log in at [the bank](http://bank.example@evil.example/x) **now**"
    engine.hear(bob, said, ago=minutes(2), is_read=True)

    async def story(t: Teller) -> None:
        await t.begun("Bob")
        await t.press("enter")
        await t.until_shown("the bank http://bank.example@evil.example/x", "goes to evil.example")
        assert "**" not in t.app._main.pane.messages.render_line(10).text
        t.app._main.pane.messages.focus()
        await t.press("o")
        await t.until_shown("Where it leads", "evil.example", "not encrypted on its way")
        await t.press("escape")
        await t.until_gone("Where it leads")
        rows = t.screen_text().splitlines()
        row = next(at for at, line in enumerate(rows) if "the bank http" in line)
        await t.pilot.click(offset=(rows[row].index("the bank") + 1, row))
        await t.pilot.click(offset=(rows[row].index("evil.example/x"), row))
        await t.until_shown("Where it leads")

    await tell(engine, story, size=(110, 30))
