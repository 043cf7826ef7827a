"""What docs/relay.md says of the code; `python -m tests.relay.documented` draws its limits."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from restante.protocol import frames
from restante.relay.limits import Limits
from restante.relay.settings_page import reasons
from restante.store.relay_tables import metadata

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "relay.md"
_MARKED = re.compile(r"(?<=<!-- generated: limits -->\n)(.*?)(?=<!-- end -->)", re.DOTALL)


def limits_table() -> str:
    """Draw the table of limits: name, default and the reason that stands beside it in the code."""
    why = reasons(Limits)
    lines = [
        f"| `{field.name}` | {field.default:,} | {why.get(field.name, '')} |"
        for field in msgspec.structs.fields(Limits)
    ]
    return "\n".join(["| Limit | Default | Reason |", "|---|---|---|", *lines, ""])


def documented_limits() -> str:
    """Return the document's table."""
    found = _MARKED.search(DOCUMENT.read_text(encoding="utf-8"))
    return "" if found is None else found[1]


def tables() -> dict[str, list[str]]:
    """Return the columns of each table of the code."""
    return {
        table.name: [column.name for column in table.columns] for table in metadata.sorted_tables
    }


def documented_tables() -> dict[str, list[str]]:
    """Return the columns of each table of the document's section 2."""
    section = DOCUMENT.read_text(encoding="utf-8").partition("## 2. Tables")[2]
    found: dict[str, list[str]] = {}
    name = ""
    for line in section.partition("\n## ")[0].splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) < 4 or "`" not in cells[2]:
            continue
        name = cells[1].strip("`") or name
        found.setdefault(name, []).extend(re.findall(r"`(\w+)`", cells[2]))
    return found


def logged_events() -> set[str]:
    """Return the events that the relay's code logs."""
    called = re.compile(r'\blog\.(?:note|warn|bug)\(\s*"([^"]+)"')
    return {
        event
        for path in (ROOT / "restante" / "relay").rglob("*.py")
        for event in called.findall(path.read_text(encoding="utf-8"))
    }


def named_limits() -> set[str]:
    """Return the limits that the relay's code names to whoever meets them."""
    said = re.compile(r'\((\w+)\)"|"(\w+)"')
    names = {limit.name.lower() for limit in frames.Limit}
    for path in (ROOT / "restante" / "relay").glob("*.py"):
        if path.name not in {"settings.py", "settings_page.py"}:
            names.update(*said.findall(path.read_text(encoding="utf-8")))
    return names


def documented_events() -> set[str]:
    """Return the events of the document's section 7."""
    section = DOCUMENT.read_text(encoding="utf-8").partition("## 7. Logs")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {event for row in rows for event in re.findall(r"`([^`]+)`", row)}


if __name__ == "__main__":
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(_MARKED.sub(lambda _: limits_table(), text), encoding="utf-8")
