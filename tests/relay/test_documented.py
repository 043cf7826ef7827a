"""docs/relay.md says what the code does: its limits, its tables, its log."""

from __future__ import annotations

from tests.relay import documented


def test_the_limits_are_those_of_the_settings() -> None:
    assert documented.documented_limits() == documented.limits_table(), (
        "run `python -m tests.relay.documented`"
    )


def test_every_limit_has_its_reason() -> None:
    rows = documented.limits_table().splitlines()
    assert [row for row in rows if row.endswith("|  |")] == []


def test_every_table_and_column_is_described() -> None:
    described = documented.documented_tables()
    assert {name: sorted(columns) for name, columns in described.items()} == {
        name: sorted(columns) for name, columns in documented.tables().items()
    }


def test_every_event_of_the_log_is_listed() -> None:
    assert documented.documented_events() == documented.logged_events()
