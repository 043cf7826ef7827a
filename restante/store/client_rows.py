"""How the client's modules run statements: plain functions over `Rows`, in the database's thread.

SQLAlchemy's asyncio facade changes threads three times for each statement, and a change costs more
than most statements; so a whole transaction is one function that runs where the database is, and
its statements were compiled beforehand, from the Core expressions in `client_queries`. Rule: what
runs here is quick, and touches nothing but the database and its arguments: it may be rolled back.
Knows no SQLAlchemy, which takes longer to import than a message to send.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import fields
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

from restante.store.client_sql import SQL
from restante.store.driver import RawConnection, RawCursor

Row = TypeVar("Row")


Compiled = tuple[str, tuple[str, ...], Mapping[str, Any]]
"""The SQL, the names of its parameters in order, and those whose value is part of it."""


class Statement:
    """A statement of `client_sql`, by its name there; looked up when it is first run."""

    def __init__(self, name: str) -> None:
        self._name = name

    @cached_property
    def compiled(self) -> Compiled:
        """What is run."""
        return self._look_up()

    def _look_up(self) -> Compiled:
        return SQL[self._name]

    def bind(self, values: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL and its parameters. Raises KeyError for one that is missing."""
        sql, names, fixed = self.compiled
        return sql, tuple([fixed[name] if name in fixed else values[name] for name in names])


class Rows:
    """An open transaction, in the database's own thread."""

    __slots__ = ("_connection",)

    def __init__(self, connection: RawConnection) -> None:
        self._connection = connection

    def run(self, statement: Statement, **values: Any) -> int:
        """Run a statement and return how many rows it changed."""
        return self._execute(statement, values).rowcount

    def run_many(self, statement: Statement, rows: Iterable[dict[str, Any]]) -> None:
        """Run a statement once for each row of values."""
        bound = [statement.bind(row) for row in rows]
        if bound:
            self._connection.executemany(bound[0][0], [parameters for _, parameters in bound])

    def first(self, statement: Statement, **values: Any) -> tuple[Any, ...] | None:
        """Return the first row, if there is one."""
        cursor = self._execute(statement, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        # Finish the statement: a half-read one keeps the transaction from committing.
        cursor.close()
        return row

    def value(self, statement: Statement, **values: Any) -> Any:
        """Return the first column of the first row, or None."""
        row = self.first(statement, **values)
        return None if row is None else row[0]

    def all(self, statement: Statement, **values: Any) -> list[tuple[Any, ...]]:
        """Return all rows."""
        return self._execute(statement, values).fetchall()

    def stream(self, statement: Statement, **values: Any) -> Generator[tuple[Any, ...], None, None]:
        """Yield rows as SQLite finds them; close the generator if it isn't read to its end."""
        cursor = self._execute(statement, values)
        try:
            yield from cursor
        finally:
            cursor.close()

    def _execute(self, statement: Statement, values: dict[str, Any]) -> RawCursor:
        return self._connection.execute(*statement.bind(values))


class Shape(Generic[Row]):
    """A frozen value and the names of its fields, which are its columns'."""

    def __init__(self, value: type[Row]) -> None:
        described = fields(value)  # type: ignore[arg-type]  # a dataclass, which no type says
        self._value = value
        self._flags = frozenset(field.name for field in described if field.type == "bool")
        self.names: Final = tuple(field.name for field in described)

    def read(self, row: tuple[Any, ...]) -> Row:
        """Make the value of a row that was selected by `columns`."""
        values = dict(zip(self.names, row, strict=True))
        for name in self._flags:
            values[name] = bool(values[name])
        return self._value(**values)

    def write(self, value: Row) -> dict[str, Any]:
        """Return the columns of a value; flags become 0 and 1 in the driver."""
        return {name: getattr(value, name) for name in self.names}
