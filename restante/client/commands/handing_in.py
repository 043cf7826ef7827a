"""What a command hands in to the engine as a file: from a path, or piece by piece from stdin.

Rule: a path is the engine's to read; of stdin nothing is kept here but a piece at a time. What is
no text is found out before anything is sent. Spec: docs/cli.md, section "send".
"""

from __future__ import annotations

import codecs
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from restante.client.commands.send import Sent
from restante.client.oneshot import Caller
from restante.errors import UserError

PIECE_BYTES: Final = 262_144
BEGINS_WITH_CHARS: Final = 600
"""So much of a long text stands in the message itself."""


def files_to_send(
    paths: tuple[str, ...],
    caption: str,
    reply: str | None,
    name: str | None,
    *,
    is_original: bool = False,
) -> list[Sent]:
    """Read what is to be sent; the caption and what is answered go with the first file."""
    if paths.count("-") > 1:
        raise UserError("Stdin can be read once only: one --file -.")
    return [
        _file(path, "" if at else caption, None if at else reply, name, is_original=is_original)
        for at, path in enumerate(paths)
    ]


def _file(
    path: str, caption: str, reply: str | None, name: str | None, *, is_original: bool
) -> Sent:
    said: dict[str, Any] = {"caption": caption, "quote": reply}
    if name is not None:
        said["name"] = name
    if path != "-":
        more = {"path": str(Path(path).absolute()), "is_original": is_original}
        return Sent(method="send_file", parameters={**more, **said})
    return Sent(
        method="send_file",
        parameters=said,
        hand_in=lambda caller: {"handle": hand_in(caller, _stdin())},
    )


def long_text_of_stdin(beginning: bytes, reply: str | None) -> Sent:
    """Take a text whose first bytes have been read. UserError: they are no UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    begins_with = _decoded(decoder, beginning, 0, is_last=False)[:BEGINS_WITH_CHARS].rstrip() + "…"

    def pieces() -> Iterator[bytes]:
        yield beginning
        so_far_bytes = len(beginning)
        for piece in _stdin():
            _decoded(decoder, piece, so_far_bytes, is_last=False)
            so_far_bytes += len(piece)
            yield piece
        _decoded(decoder, b"", so_far_bytes, is_last=True)

    return Sent(
        method="send_file",
        parameters={"caption": begins_with, "quote": reply, "is_text": True},
        hand_in=lambda caller: {"handle": hand_in(caller, pieces())},
    )


def hand_in(caller: Caller, pieces: Iterator[bytes]) -> str:
    """Hand in a file, piece by piece; return what it is called meanwhile."""
    handle: str = caller.call("file_begin")
    for piece in pieces:
        caller.call("file_add", handle=handle, piece=b64encode(piece).decode("ascii"))
    return handle


def _stdin() -> Iterator[bytes]:
    if sys.stdin is None or sys.stdin.closed:
        raise UserError("There is nothing on stdin. Nothing was sent.")
    while piece := sys.stdin.buffer.read(PIECE_BYTES):
        yield piece


def _decoded(decoder: codecs.IncrementalDecoder, piece: bytes, at: int, *, is_last: bool) -> str:
    try:
        return decoder.decode(piece, is_last)
    except UnicodeDecodeError as error:
        raise UserError(
            f"The text on stdin is not UTF-8, near offset {at + error.start}. Nothing was sent; "
            "send it as a file: --file -"
        ) from None
