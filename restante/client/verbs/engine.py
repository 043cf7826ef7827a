"""The engine itself: settings, socket, daemon, and the chat on the screen.

Rule: parses and hands on; what a command does stands in client/commands, imported when it runs.
Spec: docs/cli.md.
"""

from __future__ import annotations

import gc

import click

from restante.client.verbs.invocation import Invocation, command
from restante.errors import UserError

verbs = click.Group()


@command(verbs)
@click.argument("name", required=False)
@click.argument("value", metavar="[VALUE]", required=False)
@click.option("--chat", metavar="CONVERSATION", help="The setting files, for one conversation.")
def setting(run: Invocation, name: str | None, value: str | None, *, chat: str | None) -> int:
    """Say, or change, what you show of yourself and have fetched."""
    from restante.client.commands import changes as bodies

    with run.caller() as caller:
        return bodies.setting(run.out, caller, name, value, chat=chat)


@command(verbs)
@click.argument("method", required=False)
@click.argument("params", metavar="[PARAMS]", required=False)
@click.option("--schema", is_flag=True, help="Print what there is to call, as OpenRPC.")
def rpc(run: Invocation, method: str | None, params: str | None, schema: bool) -> int:
    """Call METHOD of the engine. PARAMS is a JSON object; without both, JSON-RPC is passed on."""
    from restante.client.commands import rpc as bodies

    if schema:
        return bodies.schema()
    with run.caller() as caller:
        if method is None:
            return bodies.session(run.out, caller)
        return bodies.call(caller, method, params)


@command(verbs)
@click.option("--lock-after", metavar="TIME", help="Lock when nobody used it for 15m, 1h, ...")
def daemon(run: Invocation, lock_after: str | None) -> int:
    """Stay connected in the background, until ended."""
    from restante.client.commands.changes import seconds
    from restante.client.commands.daemon import daemon as body

    after_s = None if lock_after is None else seconds(lock_after) or None
    return body(run.out, run.profile, run.key(may_ask=True), lock_after_s=after_s)


@command(verbs)
@click.option("--plain", is_flag=True, help="As lines: for screen readers, and for any terminal.")
def chat(run: Invocation, plain: bool) -> int:
    """Open the chat."""
    return show_chat(run, is_plain=plain)


def show_chat(run: Invocation, *, is_plain: bool = False) -> int:
    """Open the chat, on the screen or as lines. UserError: there is no terminal for a screen."""
    from restante.client.plain.plain_words import LINES_INSTEAD
    from restante.client.tui import possible

    if not is_plain and possible.must_be_lines():
        is_plain = True
        run.out.note(LINES_INSTEAD)
    if is_plain:
        from restante.client.commands.plain_chat import plain_chat

        return plain_chat(run.out, run.profile, run.key(may_ask=True))
    if (why := possible.why_no_screen()) is not None:
        raise UserError(why)
    gc.disable()  # what is imported from here on is kept; the first frame turns it on again
    from restante.client.commands.chat import chat as body

    return body(run.out, run.profile, run.key(may_ask=False))


@command(verbs, "serve-web")
@click.option(
    "--listen",
    metavar="ADDRESS:PORT",
    default="127.0.0.1:0",
    show_default=True,
    help="Where; port 0 takes a free one.",
)
@click.option("--url", metavar="URL", help="What the browser shows, behind a proxy with TLS.")
@click.option("--expose", is_flag=True, help="Serve elsewhere than on this machine, unencrypted.")
def serve_web(run: Invocation, listen: str, url: str | None, expose: bool) -> int:
    """Show the chat in a browser, by a link that works once."""
    from restante.client.commands.serve_web import serve_web as body

    return body(run.out, run.profile, listen=listen, url=url, exposes=expose)
