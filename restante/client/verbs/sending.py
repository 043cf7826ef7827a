"""Sending: now, later, in a stream, and how a command ended.

Rule: parses and hands on; what a command does stands in client/commands, imported when it runs.
Spec: docs/cli.md.
"""

from __future__ import annotations

import os
from typing import Final

import click

from restante.client.verbs.invocation import CONVERSATION, DRY_RUN, Invocation, Seconds, command

verbs = click.Group()

STDIN: Final = 0

_TIMEOUT = click.option(
    "--timeout",
    type=Seconds(),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for that.",
)


@command(verbs)
@click.argument("conversation", required=False)
@click.argument("text", metavar="TEXT|-", required=False)
@click.option("--to", "others", multiple=True, metavar="CONVERSATION", help="Also to this one.")
@click.option("--reply", "--reply-to", metavar="MESSAGE", help="Answer MESSAGE, which is quoted.")
@click.option("--location", metavar="LAT,LON", help="Send a place; TEXT, if any, is its label.")
@click.option("--for", "live_for", metavar="TIME", help="With --location: newer ones may follow.")
@click.option(
    "--file", "files", multiple=True, metavar="PATH|-", help="Send a file; TEXT: with it."
)
@click.option("--name", metavar="NAME", help="With --file: what the file is called.")
@click.option("--original", is_flag=True, help="With --file: pictures and videos as they are.")
@click.option("--contact", metavar="CONTACT", help="Send a contact card: CONTACT's address.")
@click.option("--idempotency-key", metavar="KEY", help="Send once under KEY, however often called.")
@click.option("--at", metavar="TIME", help="Send later: +90m, 08:00, or 2026-11-22 08:00.")
@click.option("--live", is_flag=True, help="With -: one message that grows with what comes.")
@click.option("--jsonl", is_flag=True, help="A message for each line of stdin, a JSON object.")
@click.option(
    "--wait",
    type=click.Choice(["queued", "relayed", "delivered", "read"]),
    default="relayed",
    show_default=True,
    help="How far the message must come.",
)
@_TIMEOUT
def send(
    run: Invocation,
    *,
    conversation: str | None,
    text: str | None,
    others: tuple[str, ...],
    reply: str | None,
    location: str | None,
    live_for: str | None,
    files: tuple[str, ...],
    name: str | None,
    original: bool,
    contact: str | None,
    idempotency_key: str | None,
    at: str | None,
    live: bool,
    jsonl: bool,
    wait: str,
    timeout: float,
) -> int:
    """Send TEXT, or with - what is on stdin (UTF-8, taken as it is)."""
    from restante.client.commands import send as bodies

    kinds = sum(map(bool, (location, files, contact, idempotency_key, at, live, jsonl)))
    _refuse_contradictions(
        {
            "With --jsonl, everything else stands in the lines.": jsonl
            and bool(kinds > 1 or conversation or text or others or reply),
            "Missing argument 'CONVERSATION'.": conversation is None and not jsonl,
            "Missing argument 'TEXT|-'.": text is None
            and not (location or files or contact or jsonl),
            "One of --reply, --location and --contact.": sum(map(bool, (reply, location, contact)))
            > 1,
            "--for goes with --location.": live_for is not None and location is None,
            "--original goes with --file.": original and not files,
            "--name goes with one --file.": name is not None and len(files) != 1,
            "TEXT and --file can't both be -.": text == "-" and "-" in files,
            "A contact card has no text.": contact is not None and text is not None,
            "One of --location, --file, --contact, --idempotency-key, --at and --live.": kinds > 1,
            "--live takes one CONVERSATION and -.": live and (bool(others) or text != "-"),
        }
    )
    if jsonl or conversation is None:
        return _send_lines(run, wait, timeout)
    recipients = [conversation, *others]
    if _is_by_key():
        from restante.client.commands import keys

        _refuse_contradictions(
            {
                "By a capability key, one CONVERSATION is sent one TEXT.": text is None
                or bool(others or reply or live or at or location or contact),
                "Nobody answers a capability key: --wait relayed.": wait in {"delivered", "read"},
            }
        )
        by_key = keys.ByKey(os.environ, conversation, timeout_s=timeout)
        said = bodies.text_argument(text or "")
        return by_key.send(run.out, said, idempotency_key=idempotency_key)
    if live:
        return _send_live(run, conversation, reply, wait, timeout)
    if at is not None:
        return _send_later(run, recipients, text or "", at, reply)
    profile = run.profile
    if files:
        return _send_files(
            run,
            recipients,
            files,
            text,
            reply=reply,
            name=name,
            is_original=original,
            wait=wait,
            timeout_s=timeout,
        )
    if contact is None:  # what can be said of it without an engine is said first
        what = bodies.what_to_send(text, location, reply, idempotency_key, live=live_for)
    with run.caller(profile, is_brief=True) as caller:
        if contact is not None:
            what = bodies.card_of(caller, contact)
        return bodies.send(run.out, caller, recipients, what, wait=wait, timeout_s=timeout)


def _is_by_key() -> bool:
    """Whether the environment names a capability key to send by, instead of a profile."""
    return any(os.environ.get(each) for each in ("RESTANTE_GRANT", "RESTANTE_GRANT_FILE"))


def _refuse_contradictions(wrong: dict[str, bool]) -> None:
    for sentence, is_so in wrong.items():
        if is_so:
            raise click.UsageError(sentence)


def _send_files(
    run: Invocation,
    recipients: list[str],
    files: tuple[str, ...],
    text: str | None,
    *,
    reply: str | None,
    name: str | None,
    is_original: bool,
    wait: str,
    timeout_s: float,
) -> int:
    from restante.client.commands import send as bodies
    from restante.client.commands.handing_in import files_to_send

    caption = "" if text is None else bodies.text_argument(text)
    wanted = files_to_send(files, caption, reply, name, is_original=is_original)
    with run.caller() as caller:
        return bodies.send(run.out, caller, recipients, *wanted, wait=wait, timeout_s=timeout_s)


def _send_lines(run: Invocation, wait: str, timeout_s: float) -> int:
    from restante.client.commands.feeding import Feed

    run.is_json = True
    with run.caller() as caller:
        return Feed(run.out, caller, source=STDIN, wait=wait, timeout_s=timeout_s).run()


def _send_live(
    run: Invocation, conversation: str, reply: str | None, wait: str, timeout_s: float
) -> int:
    from restante.client.commands.live import send_live

    with run.caller() as caller:
        return send_live(
            run.out,
            caller,
            conversation,
            source=STDIN,
            reply=reply,
            wait=wait,
            timeout_s=timeout_s,
        )


def _send_later(
    run: Invocation, recipients: list[str], text: str, at: str, reply: str | None
) -> int:
    from datetime import datetime

    from restante.client.commands.moments import moment
    from restante.client.commands.scheduled import schedule
    from restante.client.commands.send import text_argument

    due = moment(at, datetime.now())  # noqa: DTZ005  (the person's own zone)
    said = text_argument(text)
    with run.caller() as caller:
        return schedule(run.out, caller, recipients, said, at=due, reply=reply)


@verbs.group()
def scheduled() -> None:
    """Texts that wait for their time (send --at)."""


@command(scheduled)
def ls(run: Invocation) -> int:
    """List what waits, the next one first."""
    from restante.client.commands import scheduled as bodies

    with run.caller() as caller:
        return bodies.ls(run.out, caller)


@command(scheduled)
@click.argument("message")
@DRY_RUN
def cancel(run: Invocation, message: str, dry_run: bool) -> int:
    """Take MESSAGE back before it is sent."""
    from restante.client.commands import scheduled as bodies
    from restante.client.commands import trying

    with run.caller() as caller:
        if dry_run:
            return trying.cancel(run.out, caller, message)
        return bodies.cancel(run.out, caller, message)


@command(verbs, "run")
@click.argument("conversation")
@click.argument("argv", metavar="COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--label", metavar="TEXT", help="What to call it, instead of the command itself.")
@click.option("--lines", type=click.IntRange(0, 500), default=20, show_default=True, metavar="N")
@click.option("--only-failures", is_flag=True, help="Say nothing when it ends with 0.")
@_TIMEOUT
def run_command(
    run: Invocation,
    *,
    conversation: str,
    argv: tuple[str, ...],
    label: str | None,
    lines: int,
    only_failures: bool,
    timeout: float,
) -> int:
    """Run COMMAND, and send how it ended.

    With the exit code, the time it took, and the last lines that it wrote.
    """
    from restante.client.commands import run as body

    telling: body.Telling = body.ByEngine(run.caller, conversation, timeout_s=timeout)
    if _is_by_key():
        from restante.client.commands.keys import ByKey

        telling = ByKey(os.environ, conversation, timeout_s=timeout)
    return body.run(run.out, telling, argv, label=label, lines=lines, only_failures=only_failures)


for _made in ("send", "run"):
    verbs.commands[_made].epilog = CONVERSATION
