"""What is run is what the expressions say: `client_sql.py` is the committed result of compiling."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

from restante.store import client_sql
from restante.store.client_queries.everything import all_queries
from restante.store.client_rows import Compiled

STORE = Path(client_sql.__file__).parent
HEAD = '''"""The statements that the client runs, by name. Written by a program, and not by hand.

From the expressions in `client_queries`: python -m tests.store.test_client_sql. Here so that none
of them is built, and SQLAlchemy is not imported, whenever a command starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

'''


def written() -> dict[str, Compiled]:
    """Compile every query, in the form in which it is kept."""
    found = {}
    for name, query in all_queries().items():
        sql, names, fixed = query.compiled
        found[name] = (" ".join(sql.split()), names, dict(fixed))
    return found


def as_module(statements: dict[str, Compiled]) -> str:
    """Write the module that holds these statements, in the one format."""
    text = HEAD + "SQL: Final[Mapping[str, tuple[str, tuple[str, ...], Mapping[str, Any]]]] = {\n"
    for name, (sql, names, fixed) in sorted(statements.items()):
        bound = ", ".join(map(_quoted, names)) + ("," if len(names) == 1 else "")
        if len(bound) > 88:
            bound = "".join(f"\n            {_quoted(each)}," for each in names) + "\n        "
        values = ", ".join(f"{_quoted(key)}: {_literal(each)}" for key, each in fixed.items())
        text += f"    {_quoted(name)}: (\n{_wrapped(sql)}        ({bound}),\n"
        text += f"        {{{values}}},\n    ),\n"
    return text + "}\n"


def _wrapped(sql: str) -> str:
    whole = f"        {_quoted(sql)},\n"
    if len(whole) <= 101:
        return whole
    lines = textwrap.wrap(
        sql, 84, drop_whitespace=False, break_long_words=False, break_on_hyphens=False
    )
    parts = "".join(f"            {_quoted(line)}\n" for line in lines)
    return f"        (\n{parts}        ),\n"


def _literal(value: object) -> str:
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(text: str) -> str:
    if '"' in text and "'" not in text:
        return f"'{text}'"
    return '"' + text.replace('"', '\\"') + '"'


def test_the_statements_are_those_of_the_expressions() -> None:
    # After a change of an expression: python -m tests.store.test_client_sql
    assert written() == client_sql.SQL


def test_every_statement_that_is_named_is_there_and_each_is_named() -> None:
    named = set()
    for path in STORE.glob("client_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Statement":
                assert isinstance(node.args[0], ast.Constant), path
                named.add(node.args[0].value)
    assert named == set(client_sql.SQL)


if __name__ == "__main__":
    Path(client_sql.__file__).write_text(as_module(written()), encoding="utf-8")
