"""A bridge for webhooks as GitHub, Gitea and Forgejo send them: pushes, issues, pull requests.

    RESTANTE_TO=ops WEBHOOK_SECRET_FILE=/etc/restante/webhook python examples/forge_bridge.py

Only what is signed with the secret is taken (X-Hub-Signature-256: HMAC with SHA-256 over the body),
and each delivery is sent once, by its X-GitHub-Delivery.
"""

from __future__ import annotations

import hmac
import json
import os
from email.message import Message as Headers
from typing import Any

import trio
from webhooks import serve

from restante.client.api import Account, open_account

PORT = 9095


def is_signed(secret: bytes, headers: Headers, body: bytes) -> bool:
    """Whether who posts knows the secret; compared without saying how much of it was right."""
    wanted = "sha256=" + hmac.new(secret, body, "sha256").hexdigest()
    given = str(headers.get("X-Hub-Signature-256", ""))
    return hmac.compare_digest(wanted.encode(), given.encode(errors="replace"))


def text_of(event: str, said: dict[str, Any]) -> str | None:
    """Write an event for people; None for what isn't worth a message."""
    who, where = said["sender"]["login"], said["repository"]["full_name"]
    match event:
        case "push" if said["commits"]:
            branch = said["ref"].removeprefix("refs/heads/")
            titles = [each["message"].partition("\n")[0] for each in said["commits"]]
            return "\n".join([f"{who} pushed to {where} {branch}:", *(f"- {it}" for it in titles)])
        case "issues" | "pull_request":
            thing = said["issue" if event == "issues" else "pull_request"]
            what = event.removesuffix("s").replace("_", " ")
            return f"{who} {said['action']} {what} {where}#{thing['number']}: {thing['title']}"
        case _:
            return None


async def bridge(
    account: Account,
    to: str,
    secret: bytes,
    port: int,
    *,
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Take what the forge posts, for ever."""

    async def take(headers: Headers, body: bytes) -> int:
        if not is_signed(secret, headers, body):
            return 403
        try:
            text = text_of(str(headers["X-GitHub-Event"]), json.loads(body))
        except (ValueError, KeyError, TypeError, AttributeError):
            return 400
        if text is not None:
            await account.send(to, text, idempotency_key=f"forge-{headers['X-GitHub-Delivery']}")
        return 202

    await serve(take, port, task_status=task_status)


async def main() -> None:
    """Run the bridge on the profile that the environment names."""
    secret = await trio.Path(os.environ["WEBHOOK_SECRET_FILE"]).read_bytes()
    async with open_account() as account:
        await bridge(account, os.environ["RESTANTE_TO"], secret.strip(), PORT)


if __name__ == "__main__":
    trio.run(main)
