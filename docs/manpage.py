"""The relay's man page, made of its commands; written with the others by docs/commands.py."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from restante.cli import cli
from restante.errors import ExitCode

HEAD = r""".TH RESTANTE-RELAY 1 "" "Restante" "Restante"
.SH NAME
restante-relay \- host a relay for end-to-end encrypted messages
.SH SYNOPSIS
.B restante relay
.I COMMAND
.RI [ OPTION ...]
.SH DESCRIPTION
A relay holds mailboxes of sealed envelopes until their devices come for them. It can read none of
them, and isn't told who sent one.
.PP
.B restante relay up
makes one a service of a Debian machine and prints the first invite;
.B restante relay serve
runs one in the foreground.
"""

TAIL = r""".SH SETTINGS
Settings come from a TOML file
.RB ( \-\-settings ),
then from variables
.B RESTANTE_RELAY_*
(a limit's has
.B LIMITS_
before its name), then from options.
.SH FILES
.TP
.I /etc/restante/relay.toml
settings of the service that
.B up
makes
.TP
.I /var/lib/restante-relay
its data: the database, blobs, its TLS key, and its address
.TP
.I /etc/systemd/system/restante-relay.service
its unit; put changes into a drop-in (systemctl edit restante-relay)
.SH SIGNALS
.TP
.BR SIGTERM ", " SIGINT
commit and answer what was taken, say goodbye to every connection, and end
.TP
.B SIGHUP
read the certificate again
.SH EXIT STATUS
{codes}.SH EXAMPLES
.nf
restante relay up \-\-domain relay.example \-\-yes
restante relay invite new \-\-data /var/lib/restante\-relay \-\-uses 5
restante relay serve \-\-data ./relay \-\-listen 127.0.0.1:7441 \-\-open\-registration
.fi
.SH SEE ALSO
The pages docs/self-hosting.md, docs/relay.md, docs/watching.md and docs/threat-model.md of the
project.
.BR systemctl (1),
.BR journalctl (1)
"""

COMMON = {"is_json", "profile", "verbose", "quiet", "passphrase_fd", "no_input", "timeout"}
CODES = {
    ExitCode.OK: "done",
    ExitCode.FIXABLE: "something that you can mend; a sentence on stderr says how",
    ExitCode.USAGE: "the command line was wrong",
    ExitCode.UNAVAILABLE: "the disk or the database failed",
}


def escaped(text: str) -> str:
    """Return text as troff prints it."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def commands(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    """Return every command of a group, by its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        elif command is not None:
            yield " ".join((*path, name)), command


def options(command: click.Command) -> Iterator[str]:
    """Write a command's own options."""
    context = click.Context(command)
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record is None or parameter.name in COMMON or isinstance(parameter, click.Argument):
            continue
        names, meaning = record
        yield f".TP\n.B {escaped(names)}\n{escaped(meaning)}\n"


def page() -> str:
    """Return the whole page."""
    relay = cli.get_command(click.Context(cli), "relay")
    assert isinstance(relay, click.Group)  # noqa: S101  # a program of our own
    parts = [HEAD, ".SH COMMANDS\n"]
    for words, command in commands(relay, ()):
        arguments = [
            parameter.make_metavar(click.Context(command))
            for parameter in command.params
            if isinstance(parameter, click.Argument)
        ]
        parts.append(f".SS {escaped(' '.join([words, *arguments]))}\n")
        parts.append(escaped(" ".join((command.help or "").split())) + "\n")
        parts.extend(options(command))
    parts.append(
        ".PP\nEvery command also has \\fB\\-\\-json\\fR (one JSON object a line on stdout), "
        "\\fB\\-v\\fR and \\fB\\-q\\fR.\n"
    )
    codes = "".join(f".TP\n.B {code.value}\n{escaped(text)}\n" for code, text in CODES.items())
    parts.append(TAIL.replace("{codes}", codes))
    return "".join(parts)
