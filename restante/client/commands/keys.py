"""`restante device grant`, and `restante send` by a capability key, without a profile.

Rule: the secret is data: it goes to stdout, once, and comes from a file or the environment, never
from the command line. Spec: docs/cli.md, sections "device" and "send".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from restante.client.capability_keys.given import IN_FILE, secret_of, send_once
from restante.client.commands.output import Output
from restante.client.commands.records import device_record, device_text
from restante.client.commands.send import find_conversation
from restante.client.oneshot import Caller
from restante.errors import ExitCode, UserError

if TYPE_CHECKING:
    from restante.protocol.grant import GrantSecret

_TELL_TIMEOUT_S: Final = 15.0


def new(
    out: Output, caller: Caller, conversation: str, *, messages: int, until: str, name: str | None
) -> ExitCode:
    """Make a capability key and print its secret."""
    key = find_conversation(caller, conversation)
    made = caller.call("key_new", conversation=key, messages=messages, until=until, name=name)
    record = {**made["device"], "type": "device_key", "secret": made["secret"]}
    out.data(record, made["secret"])
    out.note(
        "Whoever has this line can send, and nothing else. Keep it in a file: "
        f"{IN_FILE}=FILE restante send {_word(made['device']['grant']['to'])} TEXT"
    )
    if not caller.call("synchronise", timeout_s=_TELL_TIMEOUT_S):
        out.note("It works once the relay can be reached and Restante has run here again.")
    return ExitCode.OK


def ls(out: Output, caller: Caller) -> ExitCode:
    """Print the capability keys."""
    for device in caller.call("devices"):
        if device["is_key"]:
            out.data(device_record(device), device_text(device))
    return ExitCode.OK


class ByKey:
    """The way to whom the capability key writes that the environment names."""

    def __init__(self, environ: Mapping[str, str], conversation: str, *, timeout_s: float) -> None:
        self._environ = environ
        self._conversation = conversation
        self._timeout_s = timeout_s

    def find(self) -> None:
        """Read the key, and see that it is one for this conversation. UserError: it isn't."""
        self._secret()

    def tell(self, out: Output, text: str) -> None:
        """Send a text; print what was sent. UserError: it was not, or not to everybody."""
        self.send(out, text, idempotency_key=None)

    def send(self, out: Output, text: str, *, idempotency_key: str | None) -> ExitCode:
        """Send a text, once under a key of its own; print what was sent. UserError as `tell`."""
        import trio  # noqa: PLC0415  (seldom wanted)

        from restante.client.clock import rfc3339  # noqa: PLC0415

        secret = self._secret()
        sent = trio.run(
            partial(
                send_once,
                secret,
                text,
                idempotency_key=idempotency_key,
                timeout_s=self._timeout_s,
            )
        )
        record: dict[str, Any] = {
            "type": "sent_by_key",
            "id": sent.message_id.hex(),
            "address": sent.address,
            "sent_at": rfc3339(sent.sent_at_ms),
            "state": "relayed",
        }
        out.data(record, None)
        out.detail(f"Relayed: {sent.message_id.hex()}")
        return ExitCode.OK

    def _secret(self) -> GrantSecret:
        from restante.client.capability_keys import sending  # noqa: PLC0415  (only here)
        from restante.protocol.address import Address  # noqa: PLC0415

        secret = sending.read_secret(secret_of(self._environ))
        addresses = [Address.parse(each.address).unpinned for each in secret.readers]
        is_of_group = sending.is_for_group(secret)
        names = {secret.label, f"#{secret.label}"} if is_of_group else {secret.label, *addresses}
        if self._conversation not in {"-", *names}:
            what = "the group" if is_of_group else addresses[0]
            raise UserError(
                f"This capability key writes to {secret.label} ({what}), not to "
                f"{self._conversation[:80]!r}. Nothing was sent."
            )
        return secret


def _word(name: str) -> str:
    """Return a name as one word of a shell, for people to copy."""
    import shlex  # noqa: PLC0415  (only here)

    return shlex.quote(name)
