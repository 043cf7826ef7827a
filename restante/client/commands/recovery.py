"""`restante recovery` and `restante recover`: the words on paper, and the account back from them.

Rule: words come from stdin or the engine, never from the command line, where others could read
them; a file with them is its owner's alone and replaces no other. Spec: docs/cli.md, sections
"recovery" and "recover".
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from restante.client.commands.init import check_address, made
from restante.client.commands.output import Output, say
from restante.client.oneshot import Caller
from restante.client.profile import Profile
from restante.errors import ExitCode, UserError

MAX_WORDS_BYTES = 4096
"""More than 24 words take, numbered and on a line each."""

_WORDS = 24

_WHAT_CAME_BACK = (
    "The account is back, with this device as its only one. Contacts who had verified you need not "
    "do it again. Not back are your history, your contacts and what waited for your old devices: "
    "those who write to you appear as requests. Your old devices are no part of the account any "
    "more. Your contact code is a new one: restante contact code"
)


def kit(out: Output, caller: Caller, *, output: str | None, is_text: bool) -> ExitCode:
    """Print the kit, or write it to a file to print."""
    from restante.client.lifecycle import kit_page  # noqa: PLC0415  (only here)

    found = caller.call("recovery_kit")
    address, words = found["address"], found["words"]
    record = {"type": "recovery_kit", "address": address, "words": words, "path": None}
    if output is None:
        out.data(record, kit_page.page_text(address, words).rstrip("\n"))
        return ExitCode.OK
    if is_text:
        page = kit_page.page_text(address, words)
    else:
        from restante.client.qr import qr_svg  # noqa: PLC0415  (only for the page)

        page = kit_page.page_html(address, words, qr_svg=qr_svg(" ".join(words)))
    _write(output, page)
    out.data({**record, "words": None, "path": output}, output)
    out.note("Print it, then delete the file, then: restante recovery confirm")
    return ExitCode.OK


def confirm(out: Output, caller: Caller, ask: Callable[[str], str]) -> ExitCode:
    """Ask for three words of the kit; then they are erased from this machine."""
    said = [ask(f"Word {place} of the kit") for place in caller.call("recovery_challenge")]
    status = caller.call("recovery_confirm", words=said)
    out.data({"type": "recovery", "state": status["recovery"]}, None)
    out.note(
        "Confirmed. The words are on paper alone now: nothing on this machine brings them back."
    )
    return ExitCode.OK


def recover(
    out: Output,
    profile: Profile,
    open_caller: Callable[[Profile], Caller],
    kept_key: Callable[[], bytes] | None = None,
    *,
    address: str,
    may_ask: bool,
    stays: bool = False,
) -> ExitCode:
    """Bring an account back in a new profile, with words from stdin."""
    check_address(address)
    words = read_words(may_ask=may_ask)
    with made(profile, kept_key), open_caller(profile) as caller:
        status = caller.call("recover", address=address, words=words, stays=stays)
    out.data(
        {
            "type": "account",
            "profile": status["profile"],
            "address": status["address"],
            "device": status["device"],
        },
        status["address"],
    )
    out.note(_WHAT_CAME_BACK)
    return ExitCode.OK


def read_words(*, may_ask: bool, of: str = "the kit", count: int = _WORDS) -> str:
    """Read words from stdin: all of it, or from a person line by line until there are 24.

    `count`: how many somebody who can't be asked gives.
    """
    if sys.stdin is None or sys.stdin.closed:
        raise UserError(f"There is nothing on stdin. Give the {count} words there.")
    if not (may_ask and sys.stdin.isatty()):
        return sys.stdin.read(MAX_WORDS_BYTES)
    say(f"Type the {_WORDS} words of {of}, on as many lines as you like; an empty line ends.")
    typed: list[str] = []
    while len(typed) < _WORDS and (line := sys.stdin.readline()).strip():
        typed += [word for word in line.split() if not word.rstrip(".").isdigit()]
    return " ".join(typed)


def _write(path: str, page: str) -> None:
    """Write a new file for its owner's eyes alone. UserError: it is there, or can't be written."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(page)
    except FileExistsError:
        raise UserError(f"{path} exists already. Name another file, or delete that one.") from None
    except OSError as error:
        Path(path).unlink(missing_ok=True)
        reason = (error.strerror or type(error).__name__).lower()
        raise UserError(f"{path} can't be written: {reason}.") from error
