"""What comes from files: WhatsApp's export read, texts filed; and pages that people read."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, cast

import pytest

from restante.client.archives import whatsapp
from restante.client.archives.pages import Html, Markdown, marked_down
from restante.client.archives.whatsapp import read_chat
from restante.client.commands.exporting import PAGE, Pages
from restante.client.interface import ImportedText, ImportResult, MessageState
from restante.errors import UserError
from tests.client.two_people import two_people
from tests.client.world import bodies

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.oneshot import Caller

ANDROID = """\
31/12/2020, 21:40 - Messages and calls are end-to-end encrypted. No one outside can read them.
31/12/2020, 21:41 - Ann: happy new year
and many more:

- love
31/12/2020, 21:41 - Bob: <Media omitted>
31/12/2020, 21:42 - Bob: you too, at 21:42 - really: yes
1/1/2021, 00:03 - Ann: This message was deleted
1/1/2021, 00:04 - Ann: see you <This message was edited>
2/1/2021, 10:00 - Bob: IMG-20210102-WA0001.jpg (file attached)
2/1/2021, 10:01 - Bob: IMG-20210102-WA0002.jpg (file attached)
the last one
2/1/2021, 10:02 - Ann changed the subject from "one: two" to "three"
"""

IOS = """\
\ufeff[12/31/20, 9:41:05\u202fPM] Ann: \u200ehappy new year
[12/31/20, 9:41:09\u202fPM] Bob: \u200eimage omitted
\u200e[1/1/21, 12:03:00\u202fAM] Bob: after midnight
[1/1/21, 12:03:01\u202fPM] Bob: at noon
[1/1/21, 12:03:02\u202fPM] Bob: \u200eMessages and calls are end-to-end encrypted.
[1/1/21, 12:03:03\u202fPM] Bob: Messages and calls are end-to-end encrypted.
[1/1/21, 12:03:04\u202fPM] Ann: look \u200e<attached: 00000012-PHOTO.jpg>
"""


def said(text: str, order: Any = None) -> list[tuple[str, str, str]]:
    chat = read_chat(text.splitlines(keepends=True), order=order)
    return [(f"{line.at:%Y-%m-%d %H:%M:%S}", line.name, line.text) for line in chat.lines]


def test_an_export_of_android_is_read_with_lines_that_go_on() -> None:
    assert said(ANDROID) == [
        ("2020-12-31 21:41:00", "Ann", "happy new year\nand many more:\n\n- love"),
        ("2020-12-31 21:42:00", "Bob", "you too, at 21:42 - really: yes"),
        ("2021-01-01 00:04:00", "Ann", "see you"),
        ("2021-01-02 10:01:00", "Bob", "the last one"),
    ]
    chat = read_chat(ANDROID.splitlines())
    assert chat.skipped == {whatsapp.SYSTEM: 2, whatsapp.MEDIA: 3, whatsapp.DELETED: 1}
    assert [(each.line, each.reason) for each in chat.left_out] == [
        (1, whatsapp.SYSTEM),
        (6, whatsapp.MEDIA),
        (8, whatsapp.DELETED),
        (10, whatsapp.MEDIA),
        (11, whatsapp.MEDIA),
        (13, whatsapp.SYSTEM),
    ]
    assert [line.number for line in chat.lines] == [2, 7, 9, 11]


def test_an_export_of_ios_is_read_month_first_with_half_days() -> None:
    assert said(IOS) == [
        ("2020-12-31 21:41:05", "Ann", "happy new year"),
        ("2021-01-01 00:03:00", "Bob", "after midnight"),
        ("2021-01-01 12:03:01", "Bob", "at noon"),
        ("2021-01-01 12:03:03", "Bob", "Messages and calls are end-to-end encrypted."),
        ("2021-01-01 12:03:04", "Ann", "look"),
    ]
    chat = read_chat(IOS.splitlines())
    assert [(each.line, each.reason) for each in chat.left_out] == [
        (2, whatsapp.MEDIA),
        (5, whatsapp.SYSTEM),
        (7, whatsapp.MEDIA),
    ]


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("13.01.21, 21:41 - A: x", "2021-01-13 21:41:00"),  # German
        ("13-01-2021 21:41 - A: x", "2021-01-13 21:41:00"),  # Dutch
        ("13/1/21 9:41 p.\u00a0m. - A: x", "2021-01-13 21:41:00"),  # Spanish
        ("13/1/21, 9:41 a. m. - A: x", "2021-01-13 09:41:00"),
        ("13.1.2021 klo 21.41 - A: x", "2021-01-13 21:41:00"),  # Finnish
        ("13/01/2021 à 21:41 - A: x", "2021-01-13 21:41:00"),  # French
        ("2021. 01. 13. 21:41 - A: x", "2021-01-13 21:41:00"),  # Hungarian
        ("[2021/1/13 下午9:41:05] A: x", "2021-01-13 21:41:05"),  # Chinese
        ("[2021/1/13 上午 12:41:05] A: x", "2021-01-13 00:41:05"),
        ("[13.01.21, 21:41:05] A: x", "2021-01-13 21:41:05"),
        ("13/1/21, 9:41 μ.μ. - A: x", "2021-01-13 21:41:00"),  # Greek
        ("[١٣/١/٢٠٢١، ٩:٤١:٠٥ م] A: x", "2021-01-13 21:41:05"),  # noqa: RUF001  # Arabic
        ("1/13/21, 12:41 pm \u2013 A: x", "2021-01-13 12:41:00"),
        ("[1/13/21, 12:41:05\u202fAM] \u200eA: x", "2021-01-13 00:41:05"),
        ("[1/13/21, 12:41:05\u202fPM] \u200e\u2068A\u2069\u00a0: x", "2021-01-13 12:41:05"),
    ],
)
def test_a_moment_is_read_as_phones_of_many_countries_write_it(line: str, at: str) -> None:
    assert said(f"{line}\n") == [(at, "A", "x")]


@pytest.mark.parametrize(
    "body",
    [
        "<Medien ausgeschlossen>",
        "<Multimedia omitido>",
        "<Médias omis>",
        "<Media omessi>",
        "<Mídia oculta>",
        "<Media weggelaten>",
        "\u200eBild weggelassen",
        "\u200eimagen omitida",
        "\u200e<Anhang: 00000001-PHOTO.jpg>",
        "\u200e<pièce jointe : 00000001-PHOTO.jpg>",
        "IMG-1.jpg (Datei angehängt)",
        "IMG-1.jpg (file allegato)",
        "IMG-1.jpg (arquivo anexado)",
    ],
)
def test_media_are_known_in_many_languages_and_what_is_said_about_them_stays(body: str) -> None:
    chat = read_chat([f"13/1/21, 10:00 - A: {body}\n", f"13/1/21, 10:00 - B: it says {body} so\n"])
    assert chat.skipped == {whatsapp.MEDIA: 1}
    assert [line.name for line in chat.lines] == ["B"]
    chat = read_chat([f"13/1/21, 10:00 - A: {body}\n", "about it\n"])
    assert chat.skipped == {whatsapp.MEDIA: 1}
    assert [line.text for line in chat.lines] == ["about it"]


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        ("13.1.21, 10:00 - A: x\n", ["2021-01-13"]),
        ("1/13/21, 10:00 - A: x\n", ["2021-01-13"]),
        ("2021-01-13, 10:00 - A: x\n", ["2021-01-13"]),
        ("11/2/21, 10:00 - A: x\n12/2/21, 10:00 - A: y\n1/3/21, 10:00 - A: z\n",
         ["2021-02-11", "2021-02-12", "2021-03-01"]),
        ("20/12/31, 10:00 - A: x\n21/1/1, 10:00 - A: y\n", ["2020-12-31", "2021-01-01"]),
        ("13/1/21, 10:00 - A: x\n20/1/21, 10:00 - A: y\n", ["2021-01-13", "2021-01-20"]),
        ("1/2/21, 1:00 - A: x\n13/2/21, 1:00 - A: y\n1/14/21, 1:00 - A: z\n14/2/21, 1:00 - A: x\n",
         ["2021-02-01", "2021-02-13", "2021-02-14"]),
        ("2/11/21, 10:00 - A: x\n2/12/21, 10:00 - A: y\n3/1/21, 10:00 - A: z\n",
         ["2021-02-11", "2021-02-12", "2021-03-01"]),
    ],
)  # fmt: skip
def test_the_order_of_the_date_is_told_from_the_whole_file(lines: str, days: list[str]) -> None:
    assert [at[:10] for at, _, _ in said(lines)] == days


def test_where_nothing_tells_the_order_it_is_asked_for() -> None:
    lines = "1/2/21, 10:00 - A: x\n2/2/21, 10:00 - A: y\n"
    with pytest.raises(UserError, match="--date-order dmy"):
        said("2/2/21, 10:00 - A: y\n")
    assert [at[:10] for at, _, _ in said(lines, "mdy")] == ["2021-01-02", "2021-02-02"]
    assert [at[:10] for at, _, _ in said(lines, "dmy")] == ["2021-02-01", "2021-02-02"]
    chat = read_chat(["31/2/21, 10:00 - A: y\n", "1/2/21, 25:00 - A: y\n"])
    assert chat.skipped == {whatsapp.BROKEN: 2}
    with pytest.raises(UserError, match="no text export"):
        said("hello\n")


# ---- filed ------------------------------------------------------------------------------------


def text(source: str, body: str, *, at: str = "2020-12-31T21:41:00Z", **more: Any) -> ImportedText:
    return ImportedText(
        source=source, is_me=more.pop("is_me", False), sent_at=at, body=body, **more
    )


async def test_what_is_imported_stands_in_the_past_marked_and_once(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        now = await two.alice.send(two.to_bob, "now")
        texts = [
            text("a", "first"),
            text("b", "second", place=1),
            text("c", "mine", at="2021-01-01T00:00:00Z", is_me=True),
            text(now.id, "it is here by itself"),
            text("d", "  "),
            text("e", "x" * 50_001),
            text("f", "long ago", at="1970-01-01T00:00:00Z"),
            text("g", "some day", at="2999-01-01T00:00:00Z"),
            text("h", "when", at="noon"),
            text("i", "esc \x1b[2J\u202e", at="2021-01-02T00:00:00+01:00"),
        ]
        tried = await two.alice.import_texts(two.to_bob, texts, dry_run=True)
        assert tried == ImportResult(
            added=4, known=1, refused=5, known_at=[3], refused_at=[4, 5, 6, 7, 8]
        )
        assert await bodies(two.alice, two.to_bob) == ["now"]
        assert await two.alice.import_texts(two.to_bob, texts) == tried
        again = await two.alice.import_texts(two.to_bob, texts)
        assert (again.added, again.known_at) == (0, [0, 1, 2, 3, 9])
        twice = [text("z", "in the file twice", at="2020-12-30T00:00:00Z")] * 2
        counted = await two.alice.import_texts(two.to_bob, twice, dry_run=True)
        assert (counted.added, counted.known_at) == (1, [1])
        shown = await two.alice.messages(two.to_bob, start=0, count=9)
        assert [each.body for each in shown] == ["first", "second", "mine", "esc [2J", "now"]
        assert [each.imported for each in shown] == [True] * 4 + [False]
        assert [each.sender.is_me for each in shown] == [False, False, True, False, True]
        assert {each.state for each in shown[:4]} == {MessageState.READ}
        (line,) = await two.alice.conversations()
        assert line.unread_count == 0
        assert await two.alice.consume("anybody") == []
        # Nobody else has them: they can be deleted here, and stay away.
        for change in (
            two.alice.edit(shown[2].id, "other"),
            two.alice.react(shown[0].id, "👍"),
            two.alice.delete(shown[2].id, for_everyone=True),
        ):
            with pytest.raises(UserError, match="was imported"):
                await change
        await two.alice.delete(shown[0].id, for_everyone=False)
        assert (await two.alice.import_texts(two.to_bob, texts)).added == 0
        # And what is said next goes to him as ever.
        await two.alice.send(two.to_bob, "then")
        with pytest.raises(UserError, match="no such conversation"):
            await two.alice.import_texts("zz", texts)


# ---- pages ------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</p></article></body><iframe src=//evil>",
    "&lt;b&gt; &#60;",
    "# no heading\n- no list\n> no quote\n    no code\n```\n| a | b |",
    "[a link](javascript:alert(1)) ![](http://evil/x.png) <http://evil> *b* _i_ `c` ~~d~~ a_b",
    "http://evil.example and www.evil.example",
]


def a_message(body: str, **more: Any) -> dict[str, Any]:
    return {
        "sender": {"is_me": False, "name": body.split("\n", maxsplit=1)[0]},
        "sent_at": "2024-06-04T14:36:00.000Z",
        "kind": "text",
        "body": body,
        "error": None,
        "edited": True,
        "imported": True,
        "reactions": [{"emoji": body[:9], "count": 2}],
        "quote": {"message": "ab", "excerpt": body},
        **more,
    }


class Reader(HTMLParser):
    """Collects every tag, attribute and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.texts: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_page_of_html_holds_texts_and_nothing_that_does_anything() -> None:
    page, reader = Html(), Reader()
    pieces = [*page.begin(HOSTILE[0], "2024-06-04T14:36:00Z"), *page.conversation(*HOSTILE[:2])]
    for body in HOSTILE:
        pieces += page.message(a_message(body))
        pieces += page.message(a_message(body, kind="gap", error=body))
    reader.feed("".join([*pieces, *page.end(HOSTILE[1])]))
    reader.close()
    assert reader.open == []
    assert reader.tags == {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p"),
        *("article", "header", "blockquote", "footer"),
    }
    assert reader.attributes == {
        *(("meta", name) for name in ("charset", "http-equiv", "content", "name")),
        *((tag, "dir") for tag in ("h2", "p", "blockquote")),
        *(("html", "lang"), ("article", "class")),
    }
    assert set(HOSTILE) <= set(reader.texts)
    assert "default-src 'none'" in pieces[0].replace("&#x27;", "'")


def test_a_page_of_markdown_escapes_all_that_means_something() -> None:
    page = Markdown()
    text = "".join(each for body in HOSTILE for each in page.message(a_message(body)))
    for line in text.split("\n"):
        bare = line.removeprefix("> ").replace("\\\\", "")
        assert not bare.startswith(("# ", "- ", "```", "    ", "|", "> "))
        assert "](" not in bare.replace("\\]", "").replace("\\(", "")
        assert "<" not in bare.replace("\\<", "")
    assert marked_down("a_b*c <i> [x](y) 1. #") == r"a\_b\*c \<i\> \[x\]\(y\) 1\. \#"
    assert "http\\:" in text


def test_markdown_reads_back_as_it_was_written() -> None:
    """Unescaped, as a reader of CommonMark does: each line is what was said."""
    page = Markdown()
    list(page.message(a_message("x")))
    for body in HOSTILE:
        pieces = list(page.message(a_message(body, quote=None)))
        shown = pieces[-1].removesuffix("\n\n").replace("\\\n", "\n").replace("&nbsp;", " ")
        assert re.sub(r"\\(.)", r"\1", shown).split("\n") == body.split("\n")


# ---- a conversation read page by page -----------------------------------------------------------


class Changing:
    """A conversation that others write to, and erase from, while it is exported."""

    def __init__(self, ids: list[str]) -> None:
        self.ids = ids
        self.asked = 0

    def call(self, method: str, **params: Any) -> Any:
        if method == "message":
            if params["message_id"] not in self.ids:
                raise UserError("There is no message with this id.")
            return {**a_row(params["message_id"]), "position": self.ids.index(params["message_id"])}
        self.asked += 1
        if self.asked == 2:
            self.ids.insert(3, "late")
        if self.asked == 4:
            del self.ids[:2]
        start = params["start"]
        return [a_row(each) for each in self.ids[start : start + params["count"]]]


def a_row(name: str) -> dict[str, Any]:
    timer_s = 60 if name.startswith("gone") else 0
    quote = {"message": name[3:], "excerpt": "what it said"} if name.startswith("re:") else None
    return {"id": name, "timer_s": timer_s, "gone_at": None, "quote": quote}


def test_each_message_is_exported_once_though_the_conversation_changes_meanwhile() -> None:
    ids = [f"{number:04}" for number in range(3 * PAGE + 7)]
    pages = Pages(cast("Caller", Changing(list(ids))), "key")
    assert [each["id"] for each in pages] == ids


def test_what_disappears_is_not_exported_nor_what_repeats_it() -> None:
    pages = Pages(cast("Caller", Changing(["a", "gone", "re:a", "re:gone", "re:lost"])), "key")
    shown = {each["id"]: each["quote"] for each in pages}
    assert pages.left_out == 1
    assert list(shown) == ["a", "re:a", "re:gone", "re:lost"]
    assert [each and each["excerpt"] for each in shown.values()] == [None, "what it said", "", ""]
