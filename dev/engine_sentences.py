"""The engine's sentences, read out of its sources: every literal that is one, without a mark.

A sentence begins with a capital letter or a field, ends with a full stop or a command to type, and
has enough letters to be known again (restante/client/hearing.py). The fields of an f-string are
named after what fills them. Rule: what only scripts, logs and the command line's own pages say is
left out.
Spec: docs/translating.md, section 5.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from restante.client.hearing import FEWEST_LETTERS
from restante.client.language import FIELD

PLACE: Final = "restante/client"
NOT_SHOWN: Final = frozenset(
    {"archives", "commands", "examining", "plain", "tui", "verbs", "web"}
    | {"kit_page.py", "language.py", "hearing.py", "log.py", "rpc.py", "rpc_schema.py"}
)
_SENTENCE: Final = re.compile(r"[A-Z{\"].*([.?]|[:(] ?(restante|--|chmod |pip )[^.]*)", re.DOTALL)
DEEDS: Final = "groups/sentences.py"
DOERS: Final = frozenset({"_added", "_added_several", "_added_more", "_said", "_set"})
"""What somebody did in a group: these functions there return a sentence without its subject."""

REASONS: Final = {
    "backing_up/writing.py": {"new_file"},
    "bundling/writing.py": {"new_file"},
    "explain.py": {"_REASONS"},
    "files/folders.py": {"_refused"},
    "grammar/polls.py": {"_said"},
    "groups/joining.py": {"_NO", "_GONE"},
    "socket.py": {"_reason"},
}
"""What fills a sentence in words of ours: what these constants hold, and these functions are given
or return."""

_LAST: Final = ("", "_too", "_also", "_besides", "_again")


def engine_sentences(root: Path) -> list[tuple[str, str]]:
    """Return (module, sentence) of everything that the engine may tell a person."""
    found = []
    for path in sorted((root / PLACE).rglob("*.py")):
        if not NOT_SHOWN & set(path.relative_to(root / PLACE).parts):
            where = path.relative_to(root).as_posix()
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found += [(where, sentence) for sentence in _sentences(tree)]
            if where.endswith(DEEDS):
                found += [(where, sentence) for sentence in _deeds(tree)]
            names = REASONS.get(where.removeprefix(f"{PLACE}/"), set())
            found += [(where, reason) for reason in _reasons(tree, names)]
    return found


def _sentences(tree: ast.AST) -> Iterator[str]:
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            silent.update(id(each) for each in ast.walk(node) if each is not node)
    texts = [
        (node.lineno, node.col_offset, spelled)
        for node in ast.walk(tree)
        if isinstance(node, ast.expr) and id(node) not in silent
        if (spelled := spell(node)) is not None
    ]
    for _line, _column, text in sorted(texts):
        if is_sentence(text):
            yield text


def _deeds(tree: ast.AST) -> Iterator[str]:
    doers = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name in DOERS]
    for returned in (node for doer in doers for node in ast.walk(doer)):
        if not isinstance(returned, ast.Return) or returned.value is None:
            continue
        inner = {
            id(part)
            for node in ast.walk(returned)
            if isinstance(node, ast.JoinedStr | ast.Compare)
            for part in ast.walk(node)
            if part is not node
        }
        for node in ast.walk(returned.value):
            text = None if id(node) in inner else spell(node, taken=("who",))
            if text and text[0].islower() and is_sentence(sentence := f"{{who}} {text}."):
                yield sentence


def _reasons(tree: ast.AST, names: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if (
                name in names
            ):
                parts = value.values if isinstance(value, ast.Dict) else [value]
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(values=values)):
                parts = values if name in names else []
            case ast.Call(func=ast.Name(id=name), args=args):
                parts = args if name in names else []
            case ast.FunctionDef(name=name, body=body) if name in names:
                returned = [
                    n.value for each in body for n in ast.walk(each) if isinstance(n, ast.Return)
                ]
                parts = [
                    part
                    for value in returned
                    if value is not None
                    for part in ast.walk(value)
                    if isinstance(part, ast.expr)
                ]
            case _:
                continue
        for text in filter(None, (spell(part) for part in parts)):
            if sum(map(str.isalpha, FIELD.sub("", text))) >= FEWEST_LETTERS and " " in text:
                yield text


def spell(node: ast.AST, *, taken: tuple[str, ...] = ()) -> str | None:
    """Return a literal as it stands in the catalogue; None if it is none. `taken`: other fields."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.strip()
    if not isinstance(node, ast.JoinedStr):
        return None
    names = [*taken]
    parts = []
    for each in node.values:
        if isinstance(each, ast.FormattedValue):
            names.append(_free(_name(each.value), names))
            parts.append(f"{{{names[-1]}}}")
        else:
            parts.append(str(ast.literal_eval(each)))
    return "".join(parts).strip()


def is_sentence(text: str) -> bool:
    """Whether a text is a sentence that can be known again, and no pattern or markup."""
    letters = sum(map(str.isalpha, FIELD.sub("", text)))
    return (
        letters >= FEWEST_LETTERS
        and " " in text
        and _SENTENCE.fullmatch(text) is not None
        and not re.search(r"[\[\n<{}]", FIELD.sub("", text))
    )


def _name(value: ast.expr) -> str:
    """Return what an expression is called in a sentence: the last of its names that says much."""
    match value:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            pass
        case ast.Call(func=ast.Attribute(value=inner), args=[]):
            return _name(inner)
        case ast.Call(args=[*_, inner]) | ast.BoolOp(values=[inner, *_]):
            return _name(inner)
        case ast.Subscript(value=inner) | ast.BinOp(left=inner) | ast.IfExp(body=inner):
            return _name(inner)
        case _:
            name = "what"
    plain = re.sub(r"[^a-z]+", "_", name.lower()).strip("_")
    return plain or "what"


def _free(name: str, taken: list[str]) -> str:
    return next(name + end for end in _LAST if name + end not in taken)
