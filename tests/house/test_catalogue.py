"""Every sentence of the interface can be translated: it is in the template, and so stands there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

from dev.messages import PLACES, ROOT, TEMPLATE, spelled, template
from restante.client.language import Language

SAYING = {"_", "mark", "plural"}
FILES = sorted(chain.from_iterable((ROOT / place).glob("**/*.py") for place in PLACES))
OF_WORDS = [each for each in FILES if each.stem.endswith("words") or each.stem == "settings_schema"]

NO_SENTENCES = {
    "ACCEPT_KEY_WORD", "HEADING", "FILE_NAME", "PICTURE_NAME", "SEND_PLACEHOLDER",
    "YES", "SAME", "STOP", "BACK", "DIFFER", "EVERYONE", "ME", "VOTE_OFF",
    "NEEDS_CHATS", "TERMINAL_ALONE", "INVITE_ASK", "JOIN_PLACEHOLDER", "PICTURE_PLACEHOLDER",
    "PICTURE_NONE",
}  # fmt: skip
"""Constants that are names, and what is typed as an answer: the same in every language."""

_WORD = re.compile(r"[^\W\d_]{2}")
_UNITS = {"B", "kB", "MB", "GB"}
_FIELD = re.compile(r"[a-z]+_[a-z_]+")
_ACTION = re.compile(r"(app|screen|focused)\.[a-z_]+(\(.*\))?")


the_template = cache(template)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def calls(path: Path, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node


def test_the_template_is_up_to_date() -> None:
    assert TEMPLATE.read_text(encoding="utf-8") == spelled(the_template()), "run `make messages`"


def test_no_sentence_stands_outside_the_catalogue() -> None:
    outside = {
        (path.stem, node.lineno): node.value
        for path in OF_WORDS
        for statement in tree(path).body
        if _name(statement) not in NO_SENTENCES
        for node in _outside(statement)
        if _WORD.search(node.value)
    }
    assert not outside, "wrap these in _(), or name the constant in NO_SENTENCES"


def _name(statement: ast.stmt) -> str:
    target = statement.target if isinstance(statement, ast.AnnAssign) else None
    return target.id if isinstance(target, ast.Name) else ""


def _outside(node: ast.AST) -> Iterator[ast.Constant]:
    """Yield the texts under a node that are shown and pass no function of the catalogue."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if node.value.strip() not in _UNITS and not _FIELD.fullmatch(node.value):
            yield node
        return
    below = [*ast.iter_child_nodes(node)]
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in SAYING:
            below = [each.value for each in node.keywords]
        case ast.Call() if not isinstance(node.func, ast.Attribute) or node.func.attr != "join":
            below = [each.value for each in node.keywords if each.arg != "name"]
        case ast.Expr() | ast.Compare() | ast.Subscript() | ast.ImportFrom():
            below = []  # a docstring, a value of the engine's
        case ast.Dict():
            below = [*node.values]
        case ast.AnnAssign():
            below = [each for each in (node.value,) if each]
        case ast.FunctionDef():
            below = [*node.body]
        case ast.Tuple(elts=[first, *rest]) if rest and isinstance(first, ast.Constant):
            below = [each for each in rest if not _is_action(each)]  # its first names it
        case ast.Tuple():
            below = [each for each in node.elts if not _is_action(each)]
    for each in below:
        yield from _outside(each)


def _is_action(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and bool(_ACTION.fullmatch(str(node.value)))


def test_a_sentence_is_literal_and_is_given_the_fields_that_it_has() -> None:
    for path, call in [(each, call) for each in FILES for call in calls(each, SAYING)]:
        count = 2 if ast.unparse(call.func) == "plural" else 1
        forms = call.args[:count]
        if isinstance(forms[0], ast.Name | ast.Attribute):
            continue  # marked where it stands, as a title or in a Binding
        texts = [str(ast.literal_eval(form)) for form in forms]
        fields = {name for text in texts for name in re.findall(r"\{(.*?)\}", text)}
        given = {str(each.arg) for each in call.keywords} | ({"count"} if count == 2 else set())
        assert fields - {"count"} == given - {"count"}, (path, call.lineno)
        assert fields <= given, (path, call.lineno)


def test_every_sentence_would_pass_as_its_own_translation() -> None:
    from restante.client.language import _fits

    for each in the_template():
        if each.id:
            forms = each.id if isinstance(each.id, tuple) else (each.id, each.id)
            assert all(_fits(form, *forms) for form in forms), each.id
    assert Language().say("{a}", a=1) == "1"


def test_what_a_key_does_is_in_the_catalogue() -> None:
    for path in FILES:
        for binding in calls(path, {"Binding"}):
            assert len(binding.args) > 2, (path, binding.lineno)
            # Literal: the template has it; else it is a sentence of a module of words.
            assert isinstance(binding.args[2], ast.Constant | ast.Attribute), (path, binding.lineno)
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Tuple) and len(node.elts) == 3 and _is_action(node.elts[2]):
                label = node.elts[1]
                assert not isinstance(label, ast.Constant) or not label.value, (path, node.lineno)
