"""What the wire looks like, drawn from the types: the committed schema and the tables of the docs.

`python -m tests.protocol.snapshot` writes tests/protocol/wire_schema.json and the generated parts
of docs/protocol/*.md and docs/validation.md anew. A changed schema is a change of the protocol: it
needs an entry with the new digest in docs/protocol/CHANGELOG.md.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import sys
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec.inspect as mi

from restante.errors import WireCode
from restante.protocol import (
    address,
    backup,
    bundle,
    content,
    frames,
    grant,
    group,
    history_part,
    limits,
    linking,
    manifest,
    poll,
    sync,
    text,
)
from restante.protocol.connection import AFTER_REFUSAL, CLIENT_MAY_SEND, RELAY_MAY_SEND, State
from tests.protocol.strategies import FRAMES

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "tests" / "protocol" / "wire_schema.json"
DOCS = ROOT / "docs" / "protocol"
CHANGELOG = DOCS / "CHANGELOG.md"

STRUCTS: tuple[type[Any], ...] = (
    frames.TargetOutcome,
    frames.Delivery,
    frames.Target,
    frames.HeldTable,
    frames.DepositItem,
    manifest.CertificateBody,
    manifest.DeviceEntry,
    manifest.ManifestBody,
    manifest.SignedManifest,
    manifest.MovedBody,
    manifest.SignedMoved,
    linking.LinkOffer,
    linking.LinkAccept,
    linking.LinkReveal,
    linking.LinkGrant,
    linking.Provision,
    linking.LinkAborted,
    manifest.Heartbeat,
    manifest.Prekey,
    manifest.PrekeyBundle,
    content.Content,
    content.Text,
    content.Quote,
    content.Receipt,
    content.TokenGrant,
    content.ResendRequest,
    content.Mention,
    content.Edit,
    content.Deletion,
    content.Reaction,
    content.Pin,
    content.Location,
    content.ContactCard,
    poll.Poll,
    poll.Vote,
    poll.PollClosed,
    content.Setting,
    content.ResendExpired,
    content.Typing,
    content.Presence,
    content.Moved,
    content.NewManifest,
    sync.SyncSent,
    sync.SyncRecord,
    sync.SyncRead,
    sync.SyncHistory,
    sync.SyncHeard,
    sync.SyncWanted,
    sync.SyncFailed,
    sync.Sync,
    grant.Grant,
    grant.Granted,
    grant.GrantReader,
    grant.GrantSecret,
    group.SignedEntry,
    group.EntryBody,
    group.Act,
    group.Found,
    group.Add,
    group.Remove,
    group.SetRole,
    group.SetField,
    group.Link,
    group.Unlink,
    group.Channel,
    group.Devices,
    group.GroupContent,
    group.GroupLog,
    group.MemberToken,
    group.GroupAsk,
    group.SenderKey,
    history_part.PartBegins,
    history_part.PartEnds,
    history_part.HistoryRecord,
    history_part.HistoryConversation,
    history_part.DeviceCounter,
    history_part.HistoryMessage,
    history_part.HistoryMark,
    backup.BackupBegins,
    backup.BackupFile,
    backup.BackupPiece,
    backup.BackupManifest,
    backup.BackupMember,
    backup.BackupGroupEntry,
    backup.BackupGroup,
    backup.BackupEnds,
    bundle.BundleBegins,
    bundle.BundledEnvelope,
    bundle.BundleEnds,
)
ENUMS: tuple[type[Enum], ...] = (
    WireCode,
    frames.Lane,
    frames.Outcome,
    manifest.DeviceFlag,
    manifest.Capability,
    manifest.PrekeyKind,
    linking.LinkSlot,
    linking.LinkAbort,
    content.Kind,
    content.ReceiptState,
    sync.RecordKind,
    group.Role,
    group.ActKind,
    group.Field,
)
INTEGERS = {0xFF: "u8", 0xFFFF: "u16", 0xFFFF_FFFF: "u32", 2**63 - 1: "u63"}


def type_text(kind: mi.Type) -> str:  # noqa: PLR0911  one for each type
    """Spell a type with its bounds."""
    match kind:
        case mi.BoolType():
            return "bool"
        case mi.NoneType():
            return "nil"
        case mi.IntType(ge=low, le=high):
            name = INTEGERS.get(high or -1, _range(low, high))
            return name if low == 0 or high not in INTEGERS else f"{name} ≥ {low}"
        case mi.StrType(pattern=str()):
            return "name"
        case mi.StrType(min_length=low, max_length=high):
            return f"str({_range(low, high)})"
        case mi.BytesType(min_length=low, max_length=high):
            return f"bytes({_range(low, high)})"
        case mi.ListType(item_type=item, min_length=low, max_length=high):
            return f"array({_range(low, high)}) of {type_text(item)}"
        case mi.UnionType(types=kinds):
            return " or ".join(type_text(each) for each in kinds)
        case mi.StructType(cls=cls):
            return cls.__name__
    raise AssertionError(f"no spelling for {kind}")


def _range(low: int | None, high: int | None) -> str:
    return f"{high}" if low == high else f"{low or 0}..{high}"


def fields(kind: type[Any]) -> list[list[str]]:
    """Return name and type of each field of a Struct, in their order."""
    info: Any = mi.type_info(kind)
    return [[field.name, type_text(field.type)] for field in info.fields]


def schema() -> dict[str, Any]:
    """Return all that two implementations must agree on about shapes and numbers."""
    return {
        "version": frames.VERSION,
        "subprotocol": frames.SUBPROTOCOL,
        "frames": {
            f"{kind.__struct_config__.tag} {kind.__name__}": fields(kind)
            for kind in sorted(FRAMES, key=lambda kind: int(kind.__struct_config__.tag or 0))
        },
        "arrays": {kind.__name__: fields(kind) for kind in STRUCTS},
        "enums": {kind.__name__: {member.name: member.value for member in kind} for kind in ENUMS},
    }


def schema_text() -> str:
    """Return the schema as it is committed."""
    flat = json.dumps(schema(), indent=1, ensure_ascii=False)
    # one field a line: [name, type]
    return re.sub(r'\[\s+("[^"]*"),\s+("[^"]*")\s+\]', r"[\1, \2]", flat) + "\n"


def digest() -> str:
    """Return the schema's digest, by which the changelog names it."""
    return "sha256:" + hashlib.sha256(schema_text().encode()).hexdigest()[:16]


# ---- generated parts of the documents --------------------------------------------------------


def states_table() -> str:
    """Draw the state table."""
    lines = ["| State | Relay may send | Client may send |", "|---|---|---|"]
    for state in State:
        cells = [_cell(table.get(state, {}), state) for table in (RELAY_MAY_SEND, CLIENT_MAY_SEND)]
        lines.append(f"| **{state.value}** | {' | '.join(cells)} |")
    refused = ", ".join(
        f"`Refused` to `{kind.__name__}` → {state.value}" for kind, state in AFTER_REFUSAL.items()
    )
    return "\n".join([*lines, "", f"Besides: {refused}."])


def _cell(allowed: dict[type[frames.Frame], State], state: State) -> str:
    by_state: dict[State, list[str]] = {}
    for kind, following in allowed.items():
        by_state.setdefault(following, []).append(f"`{kind.__name__}`")
    parts = [
        ", ".join(names) + ("" if following is state else f" → {following.value}")
        for following, names in by_state.items()
    ]
    return "; ".join(parts) or "nothing"


def limits_table() -> str:
    """Draw the table of limits, with the reasons that stand beside them in the code."""
    lines = ["| Limit | Value | Reason |", "|---|---|---|"]
    for module in (limits, address, content, sync, linking, poll, text):
        reasons = _reasons(Path(module.__file__ or ""))
        for name in reasons:
            if module is limits or name.startswith("MAX_"):
                value = getattr(module, name)
                lines.append(f"| `{name}` | {_value(name, value)} | {reasons[name]} |")
    return "\n".join(lines)


def _value(name: str, value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"{each:,}" for each in value)
    if isinstance(value, int) and name.endswith("_S") and value % 86400 == 0:
        days = value // 86400
        return f"{days} day{'s' * (days > 1)}"
    return f"{value:,}" + (" s" if name.endswith("_S") else "")


def _reasons(path: Path) -> dict[str, str]:
    """Read the string that stands below each constant of a module."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    found: dict[str, str] = {}
    for at, below in pairwise(body):
        match at, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(reason))),
            ) if name.isupper():
                found[name] = " ".join(reason.split())
    return found


GENERATED = {
    ("relay.md", "states"): states_table,
    ("limits.md", "limits"): limits_table,
}


def marked(document: str, mark: str) -> re.Match[str]:
    """Find the generated part of a document."""
    pattern = rf"(?<=<!-- generated: {mark} -->\n).*?(?=<!-- end -->)"
    found = re.search(pattern, document, re.DOTALL)
    if found is None:
        raise AssertionError(f"no part is marked {mark}")
    return found


VALIDATION = ROOT / "docs" / "validation.md"


def validation_text() -> str:
    """Return docs/validation.md with the tests and mutants that there are of each attack."""

    def with_files(row: re.Match[str]) -> str:
        number = int(row["number"])
        tests = (ROOT / "tests" / "attacks").glob(f"test_{number:02}_*.py")
        mutants = (ROOT / "tests" / "mutants").glob(f"{number:02}-*.toml")
        cells = [", ".join(f"`{path.name}`" for path in sorted(each)) for each in (tests, mutants)]
        return f"{row['said']} {cells[0]} | {cells[1]} |"

    row = re.compile(r"^(?P<said>\| (?P<number>\d+) \| [^|]+ \| [^|]+ \|).*$", re.MULTILINE)
    return row.sub(with_files, VALIDATION.read_text(encoding="utf-8"))


def main() -> int:
    """Write the schema and the generated parts anew."""
    SCHEMA.write_text(schema_text(), encoding="utf-8")
    for (name, mark), draw in GENERATED.items():
        path = DOCS / name
        document = path.read_text(encoding="utf-8")
        part = marked(document, mark)
        path.write_text(document[: part.start()] + draw() + "\n" + document[part.end() :], "utf-8")
    VALIDATION.write_text(validation_text(), encoding="utf-8")
    sys.stdout.write(f"The schema is {digest()}; docs/protocol/CHANGELOG.md must name it.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
