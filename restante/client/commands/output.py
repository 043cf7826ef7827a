"""How a command speaks: data on stdout, sentences for people on stderr.

Rule: with `--json` every line of stdout is one object with `v` and `type`, UTF-8 or pure ASCII;
without, text that no locale makes fail. Knows no engine. Spec: docs/cli-json.schema.json.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import signal
import sys
from typing import Any, NoReturn

from restante.errors import ExitCode
from restante.values import dataclass

VERSION = 1
"""Of the objects; they change only by addition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Where a command's data and words go. `verbosity`: -1 quiet, 0, 1 and more verbose."""

    is_json: bool = False
    verbosity: int = 0

    def data(self, record: dict[str, Any], text: str | None) -> None:
        """Write one piece of data: the object, or the text (None: it has none)."""
        if self.is_json:
            write_line(_json({"v": VERSION, **record}))
        elif text is not None:
            write_line(text)

    def note(self, sentence: str) -> None:
        """Tell the person something worth knowing; not with -q."""
        if self.verbosity >= 0:
            say(sentence)

    def detail(self, sentence: str) -> None:
        """Tell the person what is only worth knowing with -v."""
        if self.verbosity > 0:
            say(sentence)

    def failed(self, exit_code: ExitCode, sentence: str) -> ExitCode:
        """Say why the command didn't reach what was asked, also as data, and return the code."""
        if self.is_json:
            error = {"v": VERSION, "type": "error", "code": int(exit_code), "message": sentence}
            with contextlib.suppress(OSError, ValueError):  # stdout itself may be what failed
                write_line(_json(error))
        say(sentence)
        return exit_code


def write_line(text: str) -> None:
    """Write a line to stdout and flush it: whoever reads the pipe sees it now.

    BrokenPipeError: nobody reads any more.
    """
    stream = sys.stdout
    stream.write(_encodable(text, stream.encoding) + "\n")
    stream.flush()


def say(sentence: str) -> None:
    """Write a sentence to stderr, if there is one; a closed stderr is no reason to fail."""
    try:
        print(_encodable(sentence, sys.stderr.encoding), file=sys.stderr, flush=True)  # noqa: T201
    except (OSError, ValueError, AttributeError):
        return


def drop_what_cannot_be_written() -> None:
    """Give up what stdout refuses, which was said already; else Python says it again, its way."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)


def die_of_broken_pipe() -> NoReturn:
    """End as every program does whose reader left: by SIGPIPE, without a word."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGPIPE)
    os._exit(128 + signal.SIGPIPE)  # not reached unless the signal is blocked


def _json(record: dict[str, Any]) -> str:
    import json  # noqa: PLC0415  (help and plain text do without)

    is_utf8 = codecs.lookup(sys.stdout.encoding or "ascii").name == "utf-8"
    return json.dumps(record, ensure_ascii=not is_utf8, separators=(",", ":"))


def _encodable(text: str, encoding: str | None) -> str:
    """Replace what a terminal's character set lacks by its escape, rather than fail on it."""
    encoding = encoding or "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)
