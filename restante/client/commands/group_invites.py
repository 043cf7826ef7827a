"""`restante group invite` and what belongs to it: links made, listed, revoked and followed.

Rule: prints invites as the engine says they are. Spec: docs/cli.md, section "group".
"""

from __future__ import annotations

from typing import Any

from restante.client.commands import groups
from restante.client.commands.changes import seconds
from restante.client.commands.output import Output
from restante.client.commands.records import local_time
from restante.client.commands.trying import would
from restante.client.oneshot import Caller
from restante.errors import ExitCode


def invite(
    out: Output, caller: Caller, conversation: str, *, expires: str, uses: int, approve: bool
) -> ExitCode:
    """Make an invite, and have the other admins hear of it."""
    key = caller.call("resolve", text=conversation)
    made = caller.call(
        "group_invite",
        conversation=key,
        expires_s=seconds(expires),
        uses=uses,
        approve=approve,
    )
    out.data(invite_record(made), made["link"])
    groups.tell(out, caller)
    return ExitCode.OK


def invites(out: Output, caller: Caller, conversation: str) -> ExitCode:
    """Print a group's invites, each with its link where that is known."""
    key = caller.call("resolve", text=conversation)
    for each in caller.call("group_invites", conversation=key):
        link = f"\n  {each['link']}" if each["link"] else ""
        out.data(invite_record(each), f"{_line(each)}{link}")
    return ExitCode.OK


def uninvite(
    out: Output, caller: Caller, conversation: str, which: str, *, is_dry: bool
) -> ExitCode:
    """Revoke an invite, or say that it would be."""
    key = caller.call("resolve", text=conversation)
    if is_dry:
        title = caller.call("group", conversation=key)["conversation"]["title"]
        return would(out, f"Would revoke the invite {which[:40]} to {title}: nobody comes by it.")
    left = caller.call("group_uninvite", conversation=key, invite=which)
    out.note("Revoked: nobody comes by it any more.")
    for each in left:
        out.data(invite_record(each), _line(each))
    groups.tell(out, caller)
    return ExitCode.OK


def join(out: Output, caller: Caller, link: str, *, wait_s: float) -> ExitCode:
    """Follow an invite."""
    came = caller.call("group_join", link=link, timeout_s=wait_s)
    if came["group"] is not None:
        return groups.show(out, caller, came["group"])
    asked = ", ".join(came["asked"])
    out.data(
        {"type": "group_asked", "asked": came["asked"]},
        f"Asked {asked}. You are in once a device of theirs is online and lets you in.",
    )
    return ExitCode.OK


def invite_record(invite: dict[str, Any]) -> dict[str, Any]:
    """Return an invite as an object of `--json`."""
    return {"type": "group_invite", **invite}


def _line(each: dict[str, Any]) -> str:
    uses = f"{each['used']} of {each['uses']}" if each["uses"] else f"{each['used']}"
    until = f"until {local_time(each['expires_at'])}" if each["expires_at"] else "without end"
    facts = [each["id"][:8], each["state"], until, f"used {uses}"]
    if each["needs_approval"]:
        facts.append("an admin is asked")
    return "  ".join([*facts, "by you" if each["is_mine"] else f"by {each['by']}"])
