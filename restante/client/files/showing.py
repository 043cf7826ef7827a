"""A message's file as everybody sees it: what its sender says of it, and where it stands here.

Rule: what a sender says is made safe here, and believed nowhere: sizes are compared when the file
has come. Pure. Spec: docs/files.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, cast

from restante.client.clock import rfc3339
from restante.client.interface import File, FileState, Preview
from restante.errors import RemoteProtocolError
from restante.protocol import content as c
from restante.protocol.codec import decode
from restante.protocol.file_name import safe_name
from restante.protocol.text import printable
from restante.store import client_files as store

if TYPE_CHECKING:
    from restante.store.client_files import FileRow
    from restante.store.client_messages import MessageRow

Role = Literal["file", "image", "video", "voice", "folder", "text"]

_ROLES: Final = {role.value: role.name.lower() for role in c.FileRole}
_STATES: Final = {state.value for state in FileState}
_CELL_BYTES: Final = 3


def body_of(row: MessageRow) -> c.File:
    """Return what a message says of its file. Raises RemoteProtocolError."""
    return decode(c.Content.from_bytes(row.body).body, c.File)


def file_view(row: MessageRow, stands: FileRow | None) -> File | None:
    """Show the file of a message; None if what is said of it can't be read."""
    try:
        body = body_of(row)
    except RemoteProtocolError:
        return None
    state = store.OFFERED if stands is None or stands.state not in _STATES else stands.state
    return File(
        name=safe_name(body.name),
        media_type=printable(body.media_type, multiline=False),
        role=role_of(body),
        size_bytes=body.size_bytes,
        caption=printable(body.caption, multiline=True),
        state=FileState(state),
        error=None if stands is None else stands.error,
        relay=printable(body.relay, multiline=False),
        expires_at=rfc3339(body.expires_at_s * 1000) if body.expires_at_s else None,
        width=body.width or None,
        height=body.height or None,
        duration_s=body.duration_ms / 1000 if body.duration_ms else None,
        waveform=list(body.waveform),
        preview=preview_of(body.preview),
    )


def role_of(body: c.File) -> Role:
    """Return what a file is to be shown as, in the interface's word."""
    return cast("Role", _ROLES.get(body.role, "file"))


def preview_of(cells: bytes) -> Preview | None:
    """Return a preview as it is shown; None for what is none."""
    if len(cells) < 2 + _CELL_BYTES or len(cells) != 2 + cells[0] * cells[1] * _CELL_BYTES:
        return None
    return Preview(columns=cells[0], rows=cells[1], colours=cells[2:].hex())
