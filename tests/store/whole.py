"""What all the migrations come to: the file `whole.sql`, by which a new database is made at once.

`python -m tests.store.whole` writes the client's and the relay's anew, after a migration came.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from restante.store.driver import RawConnection, sqlite_driver
from restante.store.migrations import CLIENT, RELAY, WHOLE, Lineage, _borrowed, run_migrations
from restante.store.sqlcipher import DatabaseKey, sqlcipher_driver

# A setting of FTS5's, kept in a table that is only its own.
SECURE_DELETE = "INSERT INTO {0} ({0}, rank) VALUES ('secure-delete', 1)"


@contextmanager
def empty(lineage: Lineage) -> Iterator[RawConnection]:
    """Open a database without any schema, by the lineage's own driver."""
    driver = sqlcipher_driver(DatabaseKey(bytes(32))) if lineage is CLIENT else sqlite_driver()
    with tempfile.TemporaryDirectory() as folder:
        raw = driver.connect(Path(folder) / "empty.db")
        try:
            yield raw
        finally:
            raw.close()


def migrate(raw: RawConnection, lineage: Lineage) -> None:
    """Make the newest schema by all the migrations."""
    raw.execute("BEGIN")
    with _borrowed(raw) as connection:
        run_migrations(connection, lineage, 0)
    raw.execute("COMMIT")


def contents(raw: RawConnection) -> dict[tuple[str, str], object]:
    """Return all that a database is: the statements of its schema, the rows of its tables."""
    schema = raw.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    found: dict[tuple[str, str], object] = {(kind, name): sql for kind, name, sql in schema}
    for kind, name, _ in schema:
        if kind == "table":
            found["rows", name] = raw.execute(f'SELECT * FROM "{name}"').fetchall()  # noqa: S608  # our own names
    return found


def whole(lineage: Lineage) -> str:
    """Return the file: tables, what stands on them, the rows that are there from the start."""
    with empty(lineage) as raw:
        migrate(raw, lineage)
        found = contents(raw)
    searches = [name for (_, name), sql in found.items() if "VIRTUAL TABLE" in str(sql)[:20]]
    not_ours = ("sqlite_", *(f"{name}_" for name in searches))
    order = ("table", "view", "index", "trigger")
    statements = [
        (order.index(kind), name in searches, name, sql)
        for (kind, name), sql in found.items()
        if kind in order and sql is not None and not name.startswith(not_ours)
    ]
    made = [str(sql) for *_, sql in sorted(statements)]
    for (kind, name), rows in sorted(found.items()):
        if kind == "rows" and name not in searches and not name.startswith(not_ours):
            made += [f"INSERT INTO {name} VALUES {_values(row)}" for row in rows]  # noqa: S608  # as above
    for name in searches:
        if ("secure-delete", 1) in found["rows", f"{name}_config"]:
            made.append(SECURE_DELETE.format(name))
    return f"-- schema {lineage.head}\n" + "".join(f"{statement};\n" for statement in made)


def assert_made_at_once(lineage: Lineage) -> None:
    """Assert that the file makes what the migrations make: the schema, the rows."""
    with empty(lineage) as step_by_step, empty(lineage) as at_once:
        migrate(step_by_step, lineage)
        assert lineage.whole
        for statement in lineage.whole:
            at_once.execute(statement)
        assert contents(at_once) == contents(step_by_step)


def _values(row: tuple[object, ...]) -> str:
    assert all(isinstance(value, str | int) for value in row), row
    return f"({', '.join(map(repr, row))})"


if __name__ == "__main__":
    for each in (CLIENT, RELAY):
        (each.directory / WHOLE).write_text(whole(each), encoding="utf-8")
