"""Statements for the relay's hot paths: compiled once, from the same tables as everything else.

Rule: SQL text for the driver's own connection comes from here and from `relay_tables`, never from
a string of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, Final

from sqlalchemy import BindParameter, ClauseElement, bindparam
from sqlalchemy.dialects import sqlite

from restante.store.driver import RawConnection

ROWS_AT_ONCE: Final = 64
"""Rows of one bulk statement. Each costs half of what it does alone, and the thread gives up the
interpreter's lock once for all of them rather than once for each: while connections are busy,
getting it back is dearer than the row."""

_STEPS: Final = (ROWS_AT_ONCE, 8, 1)
"""What is left over goes by eights: a commit of small frames has few rows."""

_DIALECT = sqlite.dialect(paramstyle="qmark")


def compiled(statement: ClauseElement, *parameters: str) -> str:
    """Return a statement's text, whose question marks stand for `parameters` in that order.

    Raises ValueError (when the module is imported) if the statement orders them otherwise.
    """
    result = statement.compile(dialect=_DIALECT)
    order = tuple(getattr(result, "positiontup", None) or ())
    if order != parameters:
        raise ValueError(f"the statement takes {order}, not {parameters}")
    return str(result)


class Bulk:
    """A statement for any number of rows, run ROWS_AT_ONCE rows at a time."""

    def __init__(
        self,
        make: Callable[[list[dict[str, BindParameter[Any]]]], ClauseElement],
        *columns: str,
    ) -> None:
        """`make` returns the statement for so many rows of parameters, each by column."""
        self._statements = [(count, self._compiled(make, columns, count)) for count in _STEPS]

    @staticmethod
    def _compiled(
        make: Callable[[list[dict[str, BindParameter[Any]]]], ClauseElement],
        columns: tuple[str, ...],
        count: int,
    ) -> str:
        names = [[f"{column}_{number}" for column in columns] for number in range(count)]
        rows: list[dict[str, BindParameter[Any]]] = [
            {column: bindparam(name) for column, name in zip(columns, row, strict=True)}
            for row in names
        ]
        return compiled(make(rows), *chain.from_iterable(names))

    def run(self, raw: RawConnection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run the statement for all rows."""
        at, end = 0, len(rows)
        for count, statement in self._statements:
            while end - at >= count:
                raw.execute(statement, list(chain.from_iterable(rows[at : at + count])))
                at += count
