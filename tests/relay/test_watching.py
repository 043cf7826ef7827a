"""Who watches a relay sees how it does, and nobody's name; who isn't asked gets nothing."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from restante.errors import UserError
from restante.protocol import frames as f
from restante.relay.limits import Limits
from restante.relay.server import RunningRelay
from restante.relay.settings import read_settings
from restante.relay.watching.ages import MOST_NOTES, NOTE_EVERY_S, Ages
from restante.relay.watching.figures import REFUSING_S, Figures, Histogram
from restante.relay.watching.health import why_not_ready
from tests.programs import find_program
from tests.relay.wire import anonymous, deposit, dialed, item, registered, relay_at, subscribed

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
DOCUMENT = (ROOT / "docs" / "watching.md").read_text(encoding="utf-8")
HTTP_S = 20
OURS = re.compile(r"\brestante_relay_\w+|\bprocess_\w+")


async def http(relay: RunningRelay, request: bytes) -> tuple[int, str]:
    """Say something to the listener of who watches; return the status and the body."""
    with trio.fail_after(HTTP_S):
        stream = await trio.open_tcp_stream("127.0.0.1", relay.ops_port)
        async with stream:
            await stream.send_all(request)
            answer = b"".join([part async for part in stream])
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]) if head else 0, body.decode()


async def get(relay: RunningRelay, path: str) -> tuple[int, str]:
    return await http(relay, f"GET {path} HTTP/1.1\r\nHost: relay\r\n\r\n".encode())


@asynccontextmanager
async def watched(path: Path, **rest: Any) -> AsyncIterator[RunningRelay]:
    async with relay_at(path, ops_listen="127.0.0.1:0", **rest) as relay:
        yield relay


async def hung_up_on(stream: trio.SocketStream) -> bool:
    """Whether the relay turns a connection away."""
    try:
        return (await stream.receive_some()).startswith(b"HTTP/1.1 429 ")
    except trio.BrokenResourceError:
        return True


def promtool(*arguments: str, given: str = "") -> tuple[int, str]:
    """Run Prometheus' own tool in the folder of its configuration; return its code and words."""
    program = find_program("promtool")
    assert program is not None
    done = subprocess.run(
        [program, *arguments],
        cwd=DEPLOY / "prometheus",
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def value(text: str, sample: str) -> float:
    """Return the value of one sample of an exposition."""
    (line,) = (line for line in text.splitlines() if line.startswith(f"{sample} "))
    return float(line.rpartition(" ")[2])


def families(text: str) -> set[str]:
    """Return the names that samples can have, whether there are any by now or not."""
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    suffixes = {"histogram": ("_bucket", "_sum", "_count")}
    return {name + suffix for name, kind in kinds.items() for suffix in suffixes.get(kind, ("",))}


async def test_what_happened_is_what_is_counted(tmp_path: Path) -> None:
    limits = Limits(mailbox_envelopes=3, connections_per_network=3)
    async with watched(tmp_path, limits=limits) as relay:
        anna = await registered(relay, "anna")
        async with anonymous(relay) as wire:
            outcomes = await deposit(wire, *[item(anna) for _ in range(4)])
            assert [one.outcome for one in outcomes] == [0, 0, 0, f.Outcome.FULL]
            refused = await wire.ask(f.FetchManifest, name="nobody", since_sequence=0)
            assert isinstance(refused, f.Refused)
            async with subscribed(relay, anna) as device:
                await device.delivered(2, ack=False)
                async with dialed(relay.address):
                    one_too_many = await trio.open_tcp_stream("127.0.0.1", relay.address.port)
                    async with one_too_many:
                        assert await hung_up_on(one_too_many)
                    status, text = await get(relay, "/metrics")
        assert status == 200
    assert value(text, "restante_relay_envelopes_stored_total") == 3
    assert value(text, "restante_relay_envelopes_delivered_total") == 3
    assert value(text, "restante_relay_envelopes_waiting") == 3
    assert value(text, "restante_relay_envelopes_oldest_age_seconds") == 0
    assert value(text, 'restante_relay_deposits_refused_total{outcome="full"}') == 1
    assert value(text, 'restante_relay_requests_refused_total{code="not_found"}') == 1
    assert value(text, 'restante_relay_limits_hit_total{limit="connections_per_network"}') >= 1
    assert value(text, 'restante_relay_limits_hit_total{limit="mailbox_envelopes"}') == 1
    assert value(text, 'restante_relay_connections{kind="anonymous"}') == 1
    assert value(text, 'restante_relay_connections{kind="subscribed"}') == 1
    assert value(text, 'restante_relay_frames_total{frame="Deposit"}') == 1
    assert value(text, "restante_relay_accounts") == 1
    assert value(text, "restante_relay_deposit_seconds_count") == 1
    assert value(text, 'restante_relay_commit_envelopes_bucket{le="5"}') == 1
    assert value(text, "restante_relay_faults_total") == 0


async def test_no_metric_says_who(tmp_path: Path) -> None:
    async with watched(tmp_path) as relay:
        anna = await registered(relay, "anna-of-the-lake")
        async with anonymous(relay) as wire:
            await deposit(wire, item(anna))
        _, text = await get(relay, "/metrics")
    labels = set(re.findall(r'(\w+)="', text))
    assert labels <= {"kind", "limit", "code", "outcome", "error", "frame", "le", "version",
                      "implementation", "major", "minor", "patchlevel"}  # fmt: skip
    for secret in ("anna", anna.mailbox.hex(), anna.device.key.raw.hex(), "127.0.0.1"):
        assert secret not in text


async def test_a_relay_that_is_well_is_alive_and_ready(tmp_path: Path) -> None:
    async with watched(tmp_path) as relay:
        assert await get(relay, "/healthz") == (200, "ok\n")
        assert await get(relay, "/readyz?verbose") == (200, "ready\n")
        relay.services.is_stopping = True
        assert await get(relay, "/healthz") == (200, "ok\n")
        assert await get(relay, "/readyz") == (503, "not ready: stopping\n")
        relay.services.is_stopping = False
        assert await get(relay, "/readyz") == (200, "ready\n")
        relay.services.drain.ask(over_s=1)
        assert await get(relay, "/readyz") == (503, "not ready: draining\n")


async def test_a_full_disk_is_not_ready_until_there_is_room(tmp_path: Path) -> None:
    async with watched(tmp_path, limits=Limits(database_bytes=80 * 16_384)) as relay:
        anna = await registered(relay, "anna")
        async with anonymous(relay) as wire:
            stored = 0
            while not relay.services.figures.is_disk_refusing:
                outcomes = await deposit(wire, *[item(anna) for _ in range(16)])
                stored += sum(one.outcome == f.Outcome.STORED for one in outcomes)
            assert await why_not_ready(relay.services) == "the disk refuses commits"
            _, text = await get(relay, "/metrics")
            assert value(text, 'restante_relay_commit_failures_total{error="DiskFull"}') >= 1
            assert value(text, 'restante_relay_deposits_refused_total{outcome="relay_full"}') >= 1
            async with subscribed(relay, anna) as device:
                await device.delivered(stored)
                await relay.services.writer.barrier()
                assert (await deposit(wire, item(anna)))[0].outcome == f.Outcome.STORED
        assert await why_not_ready(relay.services) is None


def test_a_disk_that_refused_long_ago_is_asked_again() -> None:
    figures = Figures()
    figures.commit_failed("DiskFull")
    assert figures.is_disk_refusing
    assert figures.disk_refused_at is not None
    figures.disk_refused_at -= REFUSING_S
    assert not figures.is_disk_refusing


async def test_deposits_that_wait_for_the_lock_of_an_expiry_are_seen(tmp_path: Path) -> None:
    async with watched(tmp_path) as relay:
        anna = await registered(relay, "anna")
        services = relay.services
        async with anonymous(relay) as wire, trio.open_nursery() as nursery:
            await deposit(wire, item(anna))  # her mailbox is at hand from now on
            async with services.mailrooms.counting:
                nursery.start_soon(deposit, wire, item(anna))
                with trio.fail_after(HTTP_S):
                    while not services.writer.oldest_wait_s:  # noqa: ASYNC110  # it tells nobody
                        await trio.sleep(0.01)
                _, text = await get(relay, "/metrics")
                assert value(text, "restante_relay_commit_queue_age_seconds") > 0
        assert services.writer.oldest_wait_s == 0


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /nowhere HTTP/1.1\r\nHost: r\r\n\r\n", 404),
        (b"GET / HTTP/1.1\r\nHost: r\r\n\r\n", 404),
        (b"POST /metrics HTTP/1.1\r\nHost: r\r\nContent-Length: 0\r\n\r\n", 405),
        (b"HEAD /healthz HTTP/1.1\r\nHost: r\r\n\r\n", 200),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", 400),
        (b"GET /metrics HTTP/1.1\r\nX: " + bytes(100_000) + b"\r\n\r\n", 400),
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", 400),
    ],
    ids=["nowhere", "root", "post", "head", "tls", "long header", "long path"],
)
async def test_what_else_is_said_to_it_is_answered_and_ends(
    tmp_path: Path, request_bytes: bytes, status: int
) -> None:
    async with watched(tmp_path) as relay:
        try:
            found, body = await http(relay, request_bytes)
        except (trio.BrokenResourceError, OSError):
            found, body = status, ""  # it hung up before all of it was said
        assert found == status
        assert "metrics" not in body
        assert await get(relay, "/healthz") == (200, "ok\n")
        assert relay.services.figures.faults == 0


async def test_nobody_is_answered_unless_the_settings_say_where(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        assert relay.ops_port == 0


@pytest.mark.parametrize("place", ["7442", "here:", "127.0.0.1:x", "127.0.0.1:70000", "::1:80"])
def test_a_place_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(UserError, match="ops_listen takes HOST:PORT"):
        read_settings(environment={}, data="d", ops_listen=place)


async def test_each_gate_is_counted_under_the_name_of_its_limit(tmp_path: Path) -> None:
    async with watched(tmp_path) as relay:
        _, text = await get(relay, "/metrics")
    counted = set(re.findall(r'limits_hit_total{limit="(\w+)"}', text))
    names = {field.name for field in msgspec.structs.fields(Limits)}
    assert counted - names == {"earlier_acks"}
    assert len(counted & names) >= 8


def test_a_histogram_counts_each_value_once_at_its_bound() -> None:
    histogram = Histogram((1, 10))
    for number in (0.5, 1, 2, 10, 11):
        histogram.add(number)
    assert histogram.cumulated() == [("1", 2), ("10", 4), ("+Inf", 5)]
    assert histogram.total == 24.5


# ---- what is in deploy/ ---------------------------------------------------------------------


async def test_every_metric_is_documented_and_what_dashboard_and_alerts_ask_for_exists(
    tmp_path: Path,
) -> None:
    async with watched(tmp_path) as relay:
        _, text = await get(relay, "/metrics")
    there = families(text)
    documented = set(re.findall(r"^\| `(restante_relay_\w+)`", DOCUMENT, re.MULTILINE))
    assert documented == {
        name
        for name in re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
        if name.startswith("restante_relay_")
    }
    dashboard = json.loads((DEPLOY / "grafana" / "restante-relay.json").read_text())
    asked = {target["expr"] for panel in dashboard["panels"] for target in panel["targets"]}
    asked.add(dashboard["templating"]["list"][1]["query"])
    assert len(asked) > 20
    for expression in asked:
        assert (used := set(OURS.findall(expression))), expression
        assert used <= there, used - there
    alerts = (DEPLOY / "prometheus" / "alerts.yaml").read_text()
    used = set(OURS.findall(alerts))
    assert len(used) >= 9
    assert used <= there, used - there


@pytest.mark.needs("promtool")
@pytest.mark.parametrize(
    "arguments",
    [("check", "config", "prometheus.yaml"), ("test", "rules", "alerts_test.yaml")],
    ids=["config", "rules"],
)
def test_prometheus_takes_the_configuration_and_its_alerts_fire(arguments: tuple[str]) -> None:
    code, said = promtool(*arguments)
    assert code == 0, said


def test_each_alert_is_tried() -> None:
    folder = DEPLOY / "prometheus"
    alerts = re.findall(r"- alert: (\w+)", (folder / "alerts.yaml").read_text())
    tried = (folder / "alerts_test.yaml").read_text()
    assert len(alerts) >= 9
    assert [alert for alert in alerts if alert not in tried] == []
    assert [alert for alert in alerts if f"`{alert}`" not in DOCUMENT] == []


@pytest.mark.needs("promtool")
async def test_prometheus_finds_nothing_to_mend_in_the_exposition(tmp_path: Path) -> None:
    async with watched(tmp_path) as relay:
        _, text = await get(relay, "/metrics")
    ours = "\n".join(line for line in text.splitlines() if "restante_relay_" in line) + "\n"
    code, said = promtool("check", "metrics", given=ours)
    assert code == 0, said


def test_how_long_the_oldest_waits_is_known_without_a_time_of_any() -> None:
    ages = Ages()
    assert ages.at_least_s(0, 5) == 0, "nothing waits"
    assert ages.at_least_s(7, 5) == 0, "it came before anybody looked"
    ages.note(10, 1000)
    ages.note(20, 1000 + NOTE_EVERY_S)
    ages.note(21, 1001 + NOTE_EVERY_S)  # too soon after it
    now = 5000
    assert ages.at_least_s(10, now) == now - 1000
    assert ages.at_least_s(11, now) == now - 1000 - NOTE_EVERY_S
    assert ages.at_least_s(21, now) == 0
    ages.note(3, now)  # what had come is acked, and nothing came since
    assert ages.at_least_s(3, now) == now - 1000
    for turn in range(MOST_NOTES + 5):
        ages.note(100 + turn, now + (turn + 1) * NOTE_EVERY_S)
    later = now + (MOST_NOTES + 5) * NOTE_EVERY_S
    assert ages.at_least_s(1, later) == (MOST_NOTES - 1) * NOTE_EVERY_S, "bounded, and at least"
