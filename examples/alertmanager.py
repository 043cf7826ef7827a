"""A receiver for Prometheus' Alertmanager: what fires, and what is over, as messages.

    RESTANTE_TO=ops python examples/alertmanager.py

    receivers:
      - name: restante
        webhook_configs: [{url: "http://127.0.0.1:9094/"}]

Alertmanager posts again until it is answered 2xx, which it is once the message is in the outbox, on
disk. The same notification is sent once, however often it is posted.
"""

from __future__ import annotations

import json
import os
from email.message import Message as Headers
from hashlib import sha256
from typing import Any

import trio
from webhooks import serve

from restante.client.api import Account, open_account

PORT = 9094
MOST = 20
"""Alerts that one message names; of more it says how many."""


def text_of(notification: dict[str, Any]) -> str:
    """Write a notification for people: what it is about, then an alert a line."""
    alerts = notification["alerts"]
    labels = notification.get("commonLabels", {})
    state = notification["status"].upper()
    lines = [f"{state}: {labels.get('alertname', 'alerts')} ({len(alerts)})"]
    for alert in alerts[:MOST]:
        said = alert.get("annotations", {})
        where = alert.get("labels", {}).get("instance", "")
        what = said.get("summary") or said.get("description") or alert["labels"].get("alertname")
        lines.append(" ".join(filter(None, ("-", where, what))))
    if len(alerts) > MOST:
        lines.append(f"and {len(alerts) - MOST} more")
    return "\n".join(lines)


def key_of(notification: dict[str, Any]) -> str:
    """Name a notification: its group, and of each alert when it began and whether it is over."""
    found = notification["alerts"]
    alerts = sorted((each["fingerprint"], each["status"], each["startsAt"]) for each in found)
    return "alert-" + sha256(json.dumps([notification["groupKey"], alerts]).encode()).hexdigest()


async def bridge(
    account: Account,
    to: str,
    port: int,
    *,
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Take what Alertmanager posts, for ever."""

    async def take(_: Headers, body: bytes) -> int:
        try:
            notification = json.loads(body)
            text, key = text_of(notification), key_of(notification)
        except (ValueError, KeyError, TypeError, AttributeError):
            return 400
        await account.send(to, text, idempotency_key=key)
        return 202

    await serve(take, port, task_status=task_status)


async def main() -> None:
    """Run the bridge on the profile that the environment names."""
    async with open_account() as account:
        await bridge(account, os.environ["RESTANTE_TO"], PORT)


if __name__ == "__main__":
    trio.run(main)
