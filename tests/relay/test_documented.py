"""docs/relay.md says what the code does: its limits, its tables, its log."""

from __future__ import annotations

import msgspec

from restante.relay.limits import Limits
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


SILENT = {
    "what is cut to them": {"max_ttl_s", "default_ttl_s", "blob_ttl_s", "awaited_retry_s"},
    "the oldest goes": {"manifests_kept", "codes_per_account"},
    "the last-resort prekeys are given": {"one_time_per_account", "one_time_burst"},
    "strangers are not to know": {
        "request_mailbox_envelopes",
        "request_mailbox_bytes",
        "request_connection_bytes",
    },
    "the relay waits": {"unacked_bytes", "going_away_s", "refusals_per_network"},
    "hung up on: there is nobody to read it": {"handshake_s", "write_s"},
    "of wake-ups, which no client waits for": {
        "wake_after_s",
        "wake_every_s",
        "wakes_per_host",
        "wakes_waiting",
    },
    "named by the one it belongs to": {"request_burst"},
    "told as database_bytes: the relay is full": {"deposits_leave_bytes"},
}


def test_every_limit_is_named_to_who_meets_it() -> None:
    limits = {field.name for field in msgspec.structs.fields(Limits)}
    silent = set().union(*SILENT.values())
    assert silent <= limits
    assert limits - silent == limits & documented.named_limits() - silent
