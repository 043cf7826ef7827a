"""The capability key that a program was given: found in its environment, and sent by.

Rule: nothing of a profile is read or written; a text is one message under its idempotency key,
however often it is sent. What sends is imported when it is wanted. Spec: docs/python.md.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from restante.errors import ExitCode, UserError

if TYPE_CHECKING:
    from restante.client.capability_keys.sending import SentByKey
    from restante.protocol.grant import GrantSecret

IN_PLACE: Final = "RESTANTE_GRANT"
IN_FILE: Final = "RESTANTE_GRANT_FILE"
DEADLINE_S: Final = 60.0
_MAX_FILE_BYTES: Final = 128 * 1024


def secret_of(environ: Mapping[str, str]) -> str:
    """Return the secret that the environment names. UserError: none, or its file can't be read."""
    if given := environ.get(IN_PLACE):
        return given
    if not environ.get(IN_FILE):
        raise UserError(
            f"There is no capability key. Name its file: {IN_FILE}=FILE; one is made by: "
            "restante device grant new"
        )
    place = Path(environ[IN_FILE])
    try:
        with place.open("rb") as file:
            return file.read(_MAX_FILE_BYTES).decode("ascii", errors="replace")
    except OSError as error:
        raise UserError(
            f"{IN_FILE} names {place}, which can't be read: {error.strerror}."
        ) from None


async def send_once(
    secret: GrantSecret, text: str, *, idempotency_key: str | None, timeout_s: float
) -> SentByKey:
    """Send a text, in trio; return when the relay of everybody who reads it has it.

    UserError: it is no text of a message, the deadline passed, and what `send_by_key` says.
    """
    import trio  # noqa: PLC0415  (dear, where a key is only looked at)

    from restante.client.capability_keys import sending  # noqa: PLC0415
    from restante.client.history import short_text  # noqa: PLC0415

    short_text(text)
    message_id = (
        os.urandom(16)
        if idempotency_key is None
        else sending.named_message(secret, idempotency_key)
    )
    try:
        with trio.fail_after(timeout_s):
            return await sending.send_by_key(
                secret, text, message_id=message_id, now_ms=int(time.time() * 1000)
            )
    except trio.TooSlowError:
        raise UserError(
            f"The relay didn't take the message within {timeout_s:g} s. Some who read it "
            "may have it; under an idempotency key (--idempotency-key) it can be sent again "
            "without being shown twice.",
            exit_code=ExitCode.UNAVAILABLE,
        ) from None
