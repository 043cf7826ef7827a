"""The documents say what the code does: shapes, states, limits, offsets, codes, numbers."""

from __future__ import annotations

import re
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest

from restante.errors import WireCode
from restante.protocol import content, envelope, frames, manifest
from restante.protocol.limits import BUCKETS
from tests.protocol import snapshot
from tests.protocol.strategies import FRAMES

DOCS = snapshot.DOCS
REGENERATE = "run `python -m tests.protocol.snapshot`"


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    """Return the cells of a table's rows, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def tables(text: str) -> dict[str, list[list[str]]]:
    """Return the tables whose second column is `Type`, by the head of their first column."""
    found = {}
    for match in re.finditer(
        r"^\| (\w+)(?: \(\d+\))? \| Type \|.*\n(?:\|.*\n?)+", text, re.MULTILINE
    ):
        found[match[1]] = rows(match[0])
    return found


def test_the_committed_schema_is_that_of_the_code() -> None:
    committed = snapshot.SCHEMA.read_text(encoding="utf-8")
    assert committed == snapshot.schema_text(), (
        "The wire has changed. If that was meant, it is a change of the protocol: enter it, with "
        f"its digest, in docs/protocol/CHANGELOG.md and {REGENERATE}."
    )


def test_the_changelog_names_the_schema() -> None:
    entries = re.findall(r"sha256:[0-9a-f]{16}", read("CHANGELOG.md"))
    assert entries, "an entry names its digest"
    assert entries[0] == snapshot.digest(), "the newest entry is the one of this schema"


@pytest.mark.parametrize(("name", "mark"), snapshot.GENERATED)
def test_what_is_drawn_from_the_code_is_up_to_date(name: str, mark: str) -> None:
    drawn = snapshot.GENERATED[name, mark]()
    assert snapshot.marked(read(name), mark)[0] == drawn + "\n", REGENERATE


@pytest.mark.parametrize("kind", FRAMES, ids=lambda kind: kind.__name__)
def test_every_frame_is_described_field_by_field(kind: type[frames.Frame]) -> None:
    heading = f"#### {kind.__struct_config__.tag} {kind.__name__}\n"
    _, found, rest = read("relay.md").partition(heading)
    assert found, f"relay.md has {heading!r}"
    section = re.split(r"^#{2,4} |^\| (?!Field)\w+ \| Type", rest, flags=re.MULTILINE)[0]
    assert [row[:2] for row in rows(section)] == snapshot.fields(kind)


@pytest.mark.parametrize("kind", snapshot.STRUCTS, ids=lambda kind: kind.__name__)
def test_every_array_is_described_field_by_field(kind: type[Any]) -> None:
    described = {}
    pages = ("relay.md", "identity.md", "content.md", "history.md")
    for name in (*pages, "backup.md", "bundle.md", "groups.md"):
        described.update(tables(read(name)))
    assert [row[:2] for row in described[kind.__name__]] == snapshot.fields(kind)


def numbered(kind: type[IntEnum], pattern: str, text: str) -> None:
    """Compare an enum's numbers and names with those that a pattern finds."""
    found = {int(number): name for number, name in re.findall(pattern, text, re.MULTILINE)}
    assert found == {int(member): member.name for member in kind}


def test_codes_outcomes_and_kinds_are_listed() -> None:
    relay = read("relay.md")
    outcomes, codes = relay.split("## 6. Deposit")[1].split("## 8. Codes")
    numbered(WireCode, r"^\| (\d+) \| ([A-Z_]+) \|", codes)
    numbered(frames.Outcome, r"^\| (\d+) \| ([A-Z_]+)[: ]", outcomes)
    kinds = read("content.md").split("## 2. Kinds")[1].split("Reserved numbers")[0]
    numbered(content.Kind, r"^\| (\d+) \| ([A-Z_]+)\b", kinds)


def test_reserved_kinds_are_not_used() -> None:
    reserved: set[int] = set()
    for low, high in re.findall(r"^\| (\d+)(?:\.\.(\d+))? \| \*", read("content.md"), re.MULTILINE):
        reserved |= set(range(int(low), int(high or low) + 1))
    assert {19, 105, 140} <= reserved
    assert not reserved & {int(kind) for kind in content.Kind}


# ---- envelopes --------------------------------------------------------------------------------


def layout(section: str) -> list[tuple[int, int | None]]:
    """Read a table of offsets: offset and length of each part, None to the end."""
    table = re.search(r"^\| Offset \|.*\n(?:\|.*\n?)+", section, re.MULTILINE)
    assert table is not None
    return [
        (int(offset), None if length == "to the end" else int(length))
        for offset, length, _ in rows(table[0])
    ]


def assert_dense(parts: list[tuple[int, int | None]]) -> int:
    """Check that no part leaves a hole; return where the last one ends, or begins if it is open."""
    at = 0
    for offset, length in parts:
        assert offset == at
        at += length or 0
    return at


def test_the_layouts_of_envelopes_are_those_of_the_code() -> None:
    text = read("envelope.md")
    message, header = (
        text.split("## 1. Message")[1].split("## 2. Hello")[0].split("The header within")
    )
    assert assert_dense(layout(message)) == 16 + envelope.SEALED_HEADER_BYTES + 24
    assert (2432, envelope.NONCE_BYTES) in layout(message)
    assert assert_dense(layout(header)) == envelope.HEADER_BYTES
    assert f"Fixed are {envelope.MESSAGE_OVERHEAD_BYTES} bytes: " in message
    fixed = re.search(r"bytes: ([\d+ ]+)\.", message)
    assert fixed is not None
    assert sum(map(int, fixed[1].split("+"))) == envelope.MESSAGE_OVERHEAD_BYTES
    hello = layout(text.split("## 2. Hello")[1])
    assert assert_dense(hello) == envelope.HELLO_PREFIX_BYTES == hello[-1][0]


def test_the_room_for_content_is_that_of_the_code() -> None:
    table = rows(read("envelope.md").split("## 3. Room")[1])
    assert [int(row[0]) for row in table] == list(BUCKETS)
    for bucket, message, hello in table:
        assert int(message) == int(bucket) - envelope.MESSAGE_OVERHEAD_BYTES
        room = int(bucket) - envelope.HELLO_OVERHEAD_BYTES
        assert hello == ("-" if room < 0 else str(room))


def test_the_abnf_and_the_code_have_the_same_bounds() -> None:
    text = read("identity.md")
    assert "place at most 36 characters, 101 in type d" in text
    assert "at most 100 characters" in text
    assert set(re.findall(r"type     = (.*)", text)) == {'"r" / "c" / "d"'}
    for kind in manifest.PrekeyKind:
        assert re.search(rf"\b{int(kind)} (signed|one-time|last-resort) (X25519|ML-KEM-768)", text)


# ---- numbered rules ---------------------------------------------------------------------------

RULE = re.compile(r"^- \*\*([WRIECBNG])(\d+)\*\* ", re.MULTILINE)
PAGES = {
    "W": "wire.md",
    "R": "relay.md",
    "I": "identity.md",
    "E": "envelope.md",
    "C": "content.md",
    "B": "backup.md",
    "N": "bundle.md",
    "G": "groups.md",
}


@pytest.mark.parametrize(("letter", "page"), PAGES.items())
def test_rules_are_numbered_without_holes_each_in_its_page(letter: str, page: str) -> None:
    found = RULE.findall(read(page))
    assert {each for each, _ in found} == {letter}
    assert sorted(int(number) for _, number in found) == list(range(1, len(found) + 1))


def test_every_rule_that_is_referred_to_exists() -> None:
    rules = {
        letter + number for page in PAGES.values() for letter, number in RULE.findall(read(page))
    }
    for path in [
        *DOCS.glob("*.md"),
        DOCS.parent / "validation.md",
        DOCS.parent / "threat-model.md",
    ]:
        for rule in re.findall(r"\b[WRIECBNG]\d{1,2}\b", path.read_text(encoding="utf-8")):
            assert rule in rules, f"{path.name} refers to {rule}"


ATTACKS = {*range(5, 9), 11, *range(13, 23), *range(24, 35), 46, 49}
"""Those whose defences this version has; more may be listed."""


def test_every_attack_is_listed_with_its_tests_and_mutants() -> None:
    assert snapshot.VALIDATION.read_text(encoding="utf-8") == snapshot.validation_text(), REGENERATE
    listed = {}
    for row in rows(snapshot.VALIDATION.read_text(encoding="utf-8").split("\n## ")[0]):
        listed[int(row[0])] = row[3:]
    tests = {
        int(path.name[5:7]) for path in (snapshot.ROOT / "tests/attacks").glob("test_[0-9]*.py")
    }
    assert set(listed) >= ATTACKS | tests
    without = [number for number, files in listed.items() if "" in files]
    assert not without, "each attack has a test, and a mutant that the test catches"


def test_every_test_that_is_named_exists() -> None:
    for name in re.findall(r"`(tests/[\w/.]+)`", snapshot.VALIDATION.read_text(encoding="utf-8")):
        assert (snapshot.ROOT / name).is_file(), name


def test_every_link_leads_somewhere() -> None:
    for path in [*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md"), *DOCS.parent.glob("adr/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            if not target.startswith(("http:", "https:")):
                assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_every_specification_that_a_module_names_exists() -> None:
    root = Path(snapshot.ROOT)
    for path in (root / "restante" / "protocol").glob("*.py"):
        for page, section in re.findall(
            r"docs/protocol/(\w+\.md)(?:,\s+section (\d+))?", path.read_text(encoding="utf-8")
        ):
            text = read(page)
            assert not section or re.search(rf"^## {section}\. ", text, re.MULTILINE), path.name
