"""Messages: changed, printed, and what became of them.

Rule: parses and hands on; what a command does stands in client/commands, imported when it runs.
Spec: docs/cli.md.
"""

from __future__ import annotations

from typing import Any

import click

from restante.client.verbs.invocation import CONVERSATION, DRY_RUN, Invocation, Seconds, command

verbs = click.Group()


@command(verbs)
@click.argument("message")
@click.argument("text", metavar="TEXT|-", required=False)
@click.option("--location", metavar="LAT,LON", help="Say where you are now, in a live location.")
@click.option("--end", is_flag=True, help="With --location: for the last time.")
def edit(run: Invocation, message: str, text: str | None, location: str | None, end: bool) -> int:
    """Change what MESSAGE, a text of yours, says. What it said before stays to be seen."""
    from restante.client.commands import changes as bodies
    from restante.client.commands.send import place_argument, text_argument

    if (text is None) == (location is None):
        raise click.UsageError("One of TEXT|- and --location.")
    if location is None and end:
        raise click.UsageError("--end goes with --location.")
    if location is not None:
        method, more = "move_location", {**place_argument(location), "ends": end}
    else:
        method, more = "edit", {"text": text_argument(str(text))}
    with run.caller() as caller:
        return bodies.change(run.out, caller, method, message, **more)


@command(verbs)
@click.argument("message")
@click.option("--for-everyone", is_flag=True, help="Also with the others; only your own messages.")
@DRY_RUN
def delete(run: Invocation, message: str, for_everyone: bool, dry_run: bool) -> int:
    """Delete MESSAGE from your devices."""
    from restante.client.commands import changes as bodies
    from restante.client.commands import trying

    with run.caller() as caller:
        if dry_run:
            return trying.delete(run.out, caller, message, for_everyone=for_everyone)
        return bodies.delete(run.out, caller, message, for_everyone=for_everyone)


@command(verbs)
@click.argument("message")
@click.argument("emoji")
def react(run: Invocation, message: str, emoji: str) -> int:
    """Put an EMOJI on MESSAGE. It takes your earlier one's place; an empty one takes it back."""
    from restante.client.commands import changes as bodies

    with run.caller() as caller:
        return bodies.change(run.out, caller, "react", message, emoji=emoji)


@command(verbs)
@click.argument("message")
@click.option("--undo", is_flag=True, help="Take that back.")
def pin(run: Invocation, message: str, undo: bool) -> int:
    """Pin MESSAGE for everybody in its conversation."""
    from restante.client.commands import changes as bodies

    with run.caller() as caller:
        return bodies.change(run.out, caller, "pin", message, pinned=not undo)


@command(verbs)
@click.argument("message")
@click.argument("conversations", metavar="CONVERSATION...", nargs=-1, required=True)
@click.option("--disappearing", is_flag=True, help="Also one that disappears where it was said.")
@click.option("--timeout", type=Seconds(), default=30.0, metavar="SECONDS")
def forward(
    run: Invocation,
    message: str,
    conversations: tuple[str, ...],
    *,
    disappearing: bool,
    timeout: float,
) -> int:
    """Send what MESSAGE says elsewhere, as a message of yours.

    A text, a file, a place or a contact; without its author, and without what it answered.
    """
    from restante.client.commands import forwarding as bodies

    with run.caller() as caller:
        stays = disappearing
        if not stays and run.asks() and (question := bodies.question(caller, message)):
            stays = click.confirm(question, err=True)
        return bodies.forward(
            run.out, caller, message, conversations, stays=stays, timeout_s=timeout
        )


@command(verbs)
@click.argument("conversation")
@click.argument("time", metavar="[TIME|off]", required=False)
def timer(run: Invocation, conversation: str, time: str | None) -> int:
    """Say, or set, how long messages stay once read. For everybody: 30s, 5m, 8h, 1d, 4w, off."""
    from restante.client.commands import changes as bodies

    with run.caller() as caller:
        return bodies.timer(run.out, caller, conversation, time)


@command(verbs)
@click.option("--unread", is_flag=True, help="Only those with something unread.")
@click.option("--all", "with_archived", is_flag=True, help="Archived ones, too.")
@click.option("--mentions", is_flag=True, help="What names you or answers you, unread first.")
def ls(run: Invocation, unread: bool, with_archived: bool, mentions: bool) -> int:
    """List your conversations, or what mentions you, the newest first."""
    from restante.client.commands import chats as bodies

    if mentions and with_archived:
        raise click.UsageError("--mentions looks in all of them: leave --all out.")
    with run.caller() as caller:
        if mentions:
            return bodies.mentions(run.out, caller, only_unread=unread)
        return bodies.ls(run.out, caller, only_unread=unread, with_archived=with_archived)


@command(verbs)
@click.argument("conversation")
@click.option("--last", type=click.IntRange(min=0), metavar="N", help="Only the last N.")
@click.option("--versions", is_flag=True, help="With what edited messages said before.")
@click.option("--pinned", is_flag=True, help="Only what is pinned.")
@click.option("--thread", metavar="MESSAGE", help="Only the thread that MESSAGE is in.")
def history(run: Invocation, conversation: str, **wanted: Any) -> int:
    """Print a conversation, oldest first."""
    from restante.client.commands import history as bodies

    pinned, thread = wanted.pop("pinned"), wanted.pop("thread")
    is_part = pinned or thread is not None
    if is_part and (wanted["versions"] or wanted["last"] is not None):
        raise click.UsageError(f"{'--pinned' if pinned else '--thread'} goes alone.")
    if pinned and thread is not None:
        raise click.UsageError("--pinned goes alone.")
    with run.caller() as caller:
        if thread is not None:
            return bodies.thread(run.out, caller, conversation, thread)
        if pinned:
            return bodies.pinned(run.out, caller, conversation)
        return bodies.history(run.out, caller, conversation, **wanted)


@command(verbs)
@click.argument("words", nargs=-1)
@click.option("--chat", metavar="CONVERSATION", help="Only in this one.")
@click.option("--from", "sender", metavar="WHO", help="Only by this contact, or by `me`.")
@click.option("--since", metavar="TIME", help="Since -2h, -3d, 2026-11-01 or 2026-11-21 08:00.")
@click.option("--before", metavar="TIME", help="Before that.")
@click.option("--type", "type_", metavar="TYPE", help="text, link, file, location, contact, poll.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many.")
def search(run: Invocation, words: tuple[str, ...], **wanted: Any) -> int:
    """Find messages that have all WORDS, the newest first. Accents and case don't matter."""
    from restante.client.commands.search import search as body

    with run.caller() as caller:
        return body(run.out, caller, " ".join(words), **wanted)


@command(verbs)
@click.argument("conversation")
@click.option("--read", is_flag=True, help="You have read it: timers start, receipts go out.")
@click.option("--up-to", metavar="MESSAGE", help="With --read: up to MESSAGE, itself included.")
@click.option("--unread", is_flag=True, help="It stands out until you read it again.")
def mark(run: Invocation, conversation: str, *, read: bool, up_to: str | None, unread: bool) -> int:
    """Mark a conversation as read or unread, on all your devices."""
    from restante.client.commands import chats as bodies

    if read == unread:
        raise click.UsageError("One of --read and --unread.")
    if unread and up_to is not None:
        raise click.UsageError("--up-to goes with --read.")
    with run.caller() as caller:
        if unread:
            return bodies.choose(run.out, caller, "mark_unread", conversation)
        return bodies.mark_read(run.out, caller, conversation, up_to=up_to)


@command(verbs)
@click.argument("message")
def why(run: Invocation, message: str) -> int:
    """Say what became of MESSAGE, device by device. MESSAGE is its id, as --json prints it."""
    from restante.client.commands.why import why as body

    with run.caller() as caller:
        return body(run.out, caller, message)


for _made in ("history", "timer", "mark"):
    verbs.commands[_made].epilog = CONVERSATION
