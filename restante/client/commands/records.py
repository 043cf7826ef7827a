"""The engine's views as the command line's JSON objects, and as lines for people.

Rule: the objects of docs/cli-json.schema.json, which change only by addition. Pure.
"""

from __future__ import annotations

import time
from calendar import timegm
from typing import Any

_CONTINUED = "    "
_EXCERPT_CHARS = 40
_SPOKEN = {"text", "file", "location", "contact", "poll"}
"""Kinds whose body people said; the others are said in brackets."""

MUTED_FOR_GOOD = "9999-12-31T00:00:00.000Z"
"""Until when a conversation is muted that is to stay so."""

_MORE = (
    "edited",
    "reactions",
    "pinned",
    "mentions",
    "mentions_me",
    "answers",
    "location",
    "card",
    "poll",
    "file",
    "timer_s",
    "gone_at",
    "sets_timer_s",
    "imported",
)
"""Fields of a message that are the same in its object."""


def message_record(message: dict[str, Any], kind: str = "message") -> dict[str, Any]:
    """Make the object of a message; `kind` is what `tail` calls it."""
    sender = message["sender"]
    record = {
        "type": kind,
        "id": message["id"],
        "conversation": message["conversation"],
        "from": {
            "address": sender["address"],
            "device": sender["device"],
            "verified": sender["verified"],
            "name": sender["name"],
            "is_me": sender["is_me"],
        },
        "sent_at": message["sent_at"],
        "received_at": message["received_at"],
        "body": message["body"],
        "kind": message["kind"],
        "state": message["state"],
        "quote": message["quote"],
        "error": message["error"],
        **{name: message[name] for name in _MORE},
    }
    if kind == "error":  # one that can't be read: the command itself goes on
        record |= {"code": None, "message": message["error"] or message["body"]}
    return record


def message_text(message: dict[str, Any], *, shows_state: bool = False) -> str:
    """Write a message for people: when, who, what; further lines are indented."""
    sender = message["sender"]
    name = "me" if sender["is_me"] else sender["name"]
    if message["kind"] in _SPOKEN:
        body = poll_text(message["poll"]) if message.get("poll") else message["body"]
        body += " (edited)" if message["edited"] else ""
        body += " (imported)" if message["imported"] else ""
    elif message["kind"] == "deleted":
        body = "(deleted)"
    else:
        body = f"({message['error'] or message['body']})"
    body += "".join(
        f" {each['emoji']}" + (f"*{each['count']}" if each["count"] > 1 else "")
        for each in message["reactions"]
    )
    if message["quote"] and message["quote"]["excerpt"]:
        body = f"> {message['quote']['excerpt']}\n{body}"
    body = body.rstrip("\n").replace("\n", f"\n{_CONTINUED}")
    state = f" [{message['state']}]" if shows_state and sender["is_me"] else ""
    return f"{local_time(message['sent_at'])} {name}{state}: {body}"


def poll_text(poll: dict[str, Any], *, with_names: bool = False) -> str:
    """Write a poll for people: the question, how it stands, and a line for each option."""
    count, end = poll["voters"], poll["closes_at"]
    said = [f"{count} {'has' if count == 1 else 'have'} voted"]
    if poll["closed_at"] or (end is not None and end <= _now_text()):
        said.append("over")
    elif end is not None:
        said.append(f"until {local_time(end)}")
    said += ["several can be chosen"] * poll["multiple"]
    lines = [f"{poll['question']} ({', '.join(said)})"]
    for number, each in enumerate(poll["options"], 1):
        people = ["me"] * each["is_mine"] + (each["names"] if with_names else [])
        names = f" ({', '.join(people)})" if people else ""
        lines.append(f"{number}. {each['text']}: {each['count']}{names}")
    return "\n".join(lines)


def received_text(received: dict[str, Any]) -> str:
    """Write something that `tail` received."""
    message = received["message"]
    match received["type"]:
        case "receipt":
            said = message["body"].strip().partition("\n")[0] or message["kind"]
            if len(said) > _EXCERPT_CHARS:
                said = said[: _EXCERPT_CHARS - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
            return f"{local_time(message['sent_at'])} ({message['state']}: {said})"
        case "request":
            answer = f"(a request: contact accept {message['conversation']}, or block)"
            return f"{message_text(message)}\n{_CONTINUED}{answer}"
        case _:
            return message_text(message)


def contact_record(contact: dict[str, Any]) -> dict[str, Any]:
    """Make the object of a contact."""
    return {
        "type": "contact",
        "conversation": contact["key"],
        "address": contact["address"],
        "name": contact["petname"],
        "trust": contact["trust"],
        "state": contact["state"],
    }


def contact_text(contact: dict[str, Any]) -> str:
    """Write a contact for people: one line."""
    name = f"{contact['petname']} " if contact["petname"] else ""
    return f"{name}<{contact['address']}> {contact['trust']}, {contact['state']}"


def conversation_record(conversation: dict[str, Any]) -> dict[str, Any]:
    """Make the object of what the user chose for a conversation."""
    named = (
        "address",
        "unread_count",
        "unread_mentions",
        "marked_unread",
        "muted_until",
        "alerts",
        "pinned",
        "archived",
    )
    return {
        "type": "conversation",
        "conversation": conversation["key"],
        "name": conversation["title"],
        **{name: conversation[name] for name in named},
    }


def conversation_text(conversation: dict[str, Any]) -> str:
    """Write what the user chose for a conversation: one line."""
    until = conversation["muted_until"]
    said = [f"{conversation['unread_count']} unread"] if conversation["unread_count"] else []
    if conversation["unread_mentions"]:
        said.append(f"{conversation['unread_mentions']} of them mention you")
    said += ["marked as unread"] * conversation["marked_unread"]
    if until is not None:
        said.append("muted" if until >= MUTED_FOR_GOOD else f"muted until {local_time(until)}")
    said += ["pinned"] * conversation["pinned"] + ["archived"] * conversation["archived"]
    return f"{conversation['title']}: {', '.join(said) or 'nothing unread'}"


def device_record(device: dict[str, Any]) -> dict[str, Any]:
    """Make the object of a device."""
    return {"type": "device", **device}


def device_text(device: dict[str, Any]) -> str:
    """Write a device for people: one line."""
    said = ["this device"] * device["is_this"] + ["adds and revokes devices"] * device["is_first"]
    said += [f"history {device['history']}"] if device["history"] else []
    if device["is_key"]:
        said.append(_grant_text(device["grant"]) if device["grant"] else "a key for scripts")
    notes = f" ({', '.join(said)})" if said else ""
    return f"{device['name']} {device['id'][:8]} since {local_time(device['added_at'])}{notes}"


def _grant_text(grant: dict[str, Any]) -> str:
    over = " over" if grant["until"] <= _now_text() or grant["used"] >= grant["messages"] else ""
    used, most, to = grant["used"], grant["messages"], grant["to"] or "nobody any more"
    return f"a key for scripts: {used} of {most} to {to} until {local_time(grant['until'])}{over}"


def _now_text() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())


def link_record(link: dict[str, Any]) -> dict[str, Any]:
    """Make the object of a linking."""
    return {"type": "device_link", **link}


def local_time(rfc3339: str) -> str:
    """Write a UTC time as the person's own, to the minute; as it is if it is none."""
    try:
        parsed = time.strptime(rfc3339[:19], "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return rfc3339
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(timegm(parsed)))
