"""How an expression becomes what `client_sql.py` holds: its SQL, and the names of its parameters.

Rule: nothing is run here. Knows no table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ClauseElement, ColumnElement, Table
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.sql.compiler import SQLCompiler

from restante.store.client_rows import Compiled, Shape, Statement

_DIALECT: Final = sqlite_dialect(paramstyle="qmark")


class Query(Statement):
    """A Core statement; it can be run like one that was compiled before.

    `columns` are those that an INSERT or UPDATE sets; each is then a parameter of that name.
    """

    def __init__(self, clause: ClauseElement, *columns: str) -> None:
        super().__init__("a query")
        self._clause = clause
        self._columns = columns

    def _look_up(self) -> Compiled:
        compiled = self._clause.compile(dialect=_DIALECT, column_keys=self._columns or None)
        if not isinstance(compiled, SQLCompiler) or compiled.positiontup is None:
            raise TypeError("only statements that take parameters are compiled here")
        names = tuple(compiled.positiontup)
        binds = {name: compiled.binds[name] for name in names}
        fixed = {name: each.effective_value for name, each in binds.items() if not each.required}
        return str(compiled), names, fixed


class Columns:
    """The columns of a table that hold a value's fields, each under its own name."""

    def __init__(
        self,
        value: type[Any],
        table: Table,
        *,
        elsewhere: Mapping[str, ColumnElement[Any]] | None = None,
    ) -> None:
        """Describe `value`; `elsewhere` are the fields that are read from other columns."""
        read_from = {**table.c, **(elsewhere or {})}
        self.names: Final = Shape(value).names
        self.columns: Final = tuple(read_from[name] for name in self.names)
