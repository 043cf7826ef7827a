"""Writes what is made of the commands themselves: `python -m docs.commands` (make man).

A man page for each command and group, docs/reference.md with every signature, and the shells'
completion. The wheel puts man pages and completion where man and the shells find them; a test
compares all of it with the code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from docs import manpage
from docs.manpage import escaped
from restante.cli import cli
from restante.client.verbs.examples import EXAMPLES
from restante.errors import ExitCode

DOCS = Path(__file__).parent
REFERENCE = DOCS / "reference.md"
MAN = DOCS / "man"
COMPLETION = DOCS / "completion"

COMMON = ("is_json", "profile", "passphrase_fd", "verbose", "quiet", "no_input", "timeout")
SHELLS: dict[str, type[ShellComplete]] = {
    "restante.bash": BashComplete,
    "_restante": ZshComplete,
    "restante.fish": FishComplete,
}
CODES = {
    ExitCode.OK: "what was asked was reached",
    ExitCode.FIXABLE: "you can fix it; the sentence on stderr says how",
    ExitCode.USAGE: "the command line was wrong",
    ExitCode.UNAVAILABLE: "the relay or the disk failed, and nothing remains in the outbox",
    ExitCode.UNTRUSTED: "a key is untrusted or has changed",
    ExitCode.LIMITED: "a rate limit or a quota",
    ExitCode.LOCKED: "the profile is locked",
    ExitCode.QUEUED: "accepted and kept, not yet relayed: do not send it again",
    ExitCode.WAIT_TIMED_OUT: "--wait or --timeout ran out of time",
    ExitCode.PARTIAL: "some recipients failed",
    ExitCode.INTERRUPTED: "Ctrl-C",
}


def context_of(words: list[str]) -> click.Context:
    """Return the context in which a command's help is written."""
    context = click.Context(cli, info_name="restante", terminal_width=80)
    for word in words:
        group = context.command
        assert isinstance(group, click.Group)  # noqa: S101  # a program of our own
        found = group.get_command(context, word)
        assert found is not None, words  # noqa: S101
        context = click.Context(found, parent=context, info_name=word, terminal_width=80)
    return context


def leaves(words: list[str]) -> Iterator[list[str]]:
    """Return every command under some words: themselves, if they are a command."""
    command = context_of(words).command
    if not isinstance(command, click.Group):
        yield words
        return
    for name in command.list_commands(context_of(words)):
        yield from leaves([*words, name])


def usage(context: click.Context) -> str:
    """Return how a command is called, in one line."""
    return " ".join([context.command_path, *context.command.collect_usage_pieces(context)])


def options(context: click.Context) -> list[tuple[str, str]]:
    """Return a command's own options, with what each means."""
    found = []
    common = {parameter.help for parameter in cli.params if isinstance(parameter, click.Option)}
    for parameter in context.command.params:
        record = parameter.get_help_record(context)
        if record is None or not isinstance(parameter, click.Option) or parameter.help in common:
            continue
        found.append((record[0], " ".join(record[1].split())))
    return found


def said(command: click.Command) -> str:
    """Return a command's help as paragraphs of one line each."""
    paragraphs = (command.help or "").split("\n\n")
    return "\n\n".join(" ".join(each.split()) for each in paragraphs)


# ---- the reference ----------------------------------------------------------------------------


def reference() -> str:
    """Return the page with every signature."""
    parts = [
        "# Every command\n",
        "Made of the code by `make man`. What they do, in whole sentences: [cli.md](cli.md). Every",
        "command also has these, before or after its name:\n",
        *(f"- `{names}`: {meaning}" for names, meaning in _common()),
    ]
    for words in leaves([]):
        context = context_of(words)
        parts += ["", f"## {' '.join(words)}\n", f"    {usage(context)}\n", said(context.command)]
        parts += [""] if (own := options(context)) else []
        parts += [f"- `{names}`: {meaning}" for names, meaning in own]
        parts += ["", *(f"    {line}" for line in EXAMPLES.get(" ".join(words), ()))]
    return "\n".join(parts) + "\n"


def _common() -> list[tuple[str, str]]:
    context = context_of(["lock"])
    records = [
        parameter.get_help_record(context)
        for parameter in context.command.params
        if parameter.name in COMMON
    ]
    return [(names, " ".join(meaning.split())) for names, meaning in filter(None, records)]


# ---- man pages --------------------------------------------------------------------------------


def pages() -> dict[str, str]:
    """Return every man page by its file's name."""
    found = {"restante.1": _overview(), "restante-relay.1": manpage.page()}
    for name in cli.list_commands(context_of([])):
        if name != "relay":
            found[f"restante-{name}.1"] = _page(name)
    return found


def _head(name: str, summary: str) -> list[str]:
    title = name.upper().replace("-", r"\-")
    return [
        f'.TH {title} 1 "" "Restante" "Restante"',
        f".SH NAME\n{escaped(name)} \\- {escaped(summary)}",
    ]


def _summary(command: click.Command) -> str:
    first = said(command).partition(". ")[0].rstrip(".")
    return first[:1].lower() + first[1:]


def _page(name: str) -> str:
    parts = _head(f"restante-{name}", _summary(context_of([name]).command))
    parts.append(".SH SYNOPSIS")
    found = [context_of(words) for words in leaves([name])]
    parts.append("\n.br\n".join(f"\\fB{escaped(usage(context))}\\fR" for context in found))
    parts.append(".SH DESCRIPTION")
    if isinstance(context_of([name]).command, click.Group):
        parts.append(escaped(said(context_of([name]).command)))
    for context in found:
        if len(found) > 1:
            parts.append(f".SS {escaped(' '.join(context.command_path.split()[2:]))}")
        parts.append(escaped(said(context.command)).replace("\n\n", "\n.PP\n"))
        parts += [f".TP\n.B {escaped(names)}\n{escaped(text)}" for names, text in options(context)]
    parts.append(".SH COMMON OPTIONS")
    parts += [f".TP\n.B {escaped(names)}\n{escaped(meaning)}" for names, meaning in _common()]
    parts.append(".SH EXAMPLES\n.nf")
    for words in leaves([name]):
        parts += [escaped(line) for line in EXAMPLES.get(" ".join(words), ())]
    parts.append(".fi")
    parts.append(_tail())
    return "\n".join(parts) + "\n"


def _overview() -> str:
    parts = _head("restante", "end-to-end encrypted messages from the terminal")
    parts.append('.SH SYNOPSIS\n.B restante\n.RI [ OPTION ...]\n.RI [ COMMAND " ...]"')
    parts.append(f".SH DESCRIPTION\n{escaped(said(cli))}".replace("\n\n", "\n.PP\n"))
    parts.append(".SH COMMANDS\nEach has a page of its own, such as\n.BR restante\\-send (1).")
    for name in cli.list_commands(context_of([])):
        summary = said(context_of([name]).command).partition("\n")[0]
        parts.append(f".TP\n.B {escaped(name)}\n{escaped(summary)}")
    parts.append(".SH OPTIONS")
    parts += [f".TP\n.B {escaped(names)}\n{escaped(meaning)}" for names, meaning in _common()]
    parts.append(
        ".SH ENVIRONMENT\n"
        ".TP\n.B RESTANTE_PROFILE\nthe profile, unless \\fB\\-\\-profile\\fR says another\n"
        ".TP\n.B RESTANTE_HOME\nwhere profiles are\n"
        ".TP\n.B RESTANTE_PASSPHRASE_FILE\na file with the profile's passphrase\n"
        '.TP\n.BR RESTANTE_GRANT_FILE ", " RESTANTE_GRANT\n'
        "a capability key that \\fBrestante send\\fR sends by, without a profile"
    )
    parts.append(_tail())
    return "\n".join(parts) + "\n"


def _tail() -> str:
    codes = "\n".join(f".TP\n.B {code.value}\n{escaped(text)}" for code, text in CODES.items())
    return f".SH EXIT STATUS\n{codes}\n.SH SEE ALSO\n.BR restante (1),\n.BR restante\\-relay (1)"


# ---- completion -------------------------------------------------------------------------------


def completions() -> dict[str, str]:
    """Return what each shell reads to complete commands and options, by its file's name."""
    found = {}
    for name, kind in SHELLS.items():
        shell = kind(cli, {}, "restante", "_RESTANTE_COMPLETE")
        text = ShellComplete.source(shell)  # bash's own asks the bash of this machine first
        found[name] = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE).strip() + "\n"
    return found


def everything() -> dict[Path, str]:
    """Return every file that is made of the commands."""
    return {
        REFERENCE: reference(),
        **{MAN / name: text for name, text in pages().items()},
        **{COMPLETION / name: text for name, text in completions().items()},
    }


if __name__ == "__main__":
    for path, text in everything().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
