"""What a capability key may do, what it says, and the secret that a script holds. Formats only.

The manifest names a grant by its hash, since relays read manifests; the grant itself travels inside
each content that it allows. Rule: a grant allows one thing, to send texts into one conversation,
and whoever reads the content decides whether it does. Spec: docs/protocol/identity.md, section 10.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Final

from msgspec import Meta, Struct

from restante.errors import RemoteProtocolError
from restante.protocol.codec import decode, encode
from restante.protocol.content import MAX_CONTENT_BYTES
from restante.protocol.ids import U16, U63, Bytes16, Bytes32

MAX_GRANT_BYTES: Final = 128
MAX_GRANTED_MESSAGES: Final = 1_000_000
MAX_GRANT_READERS: Final = 1024
MAX_SECRET_BYTES: Final = 64 * 1024

_BEGINS: Final = "restante-grant:"


class Grant(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What a key may do: so many texts into one conversation, until then.

    `conversation` is the account id of whom it writes to, or a group's id. `salt` is random, so
    that nobody who sees the hash can try conversations on it.
    """

    version: Annotated[int, Meta(ge=1, le=1)]
    conversation: Annotated[bytes, Meta(min_length=16, max_length=32)]
    messages: Annotated[int, Meta(ge=1, le=MAX_GRANTED_MESSAGES)]
    until_s: U63
    salt: Bytes16

    @classmethod
    def from_bytes(cls, data: bytes) -> Grant:
        """Decode. Raises RemoteProtocolError."""
        return decode(data, cls, max_bytes=MAX_GRANT_BYTES)


class Granted(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind GRANTED: the grant, as its hash was made of it, and what the key says by it."""

    grant: Annotated[bytes, Meta(min_length=1, max_length=MAX_GRANT_BYTES)]
    kind: U16
    body: Annotated[bytes, Meta(max_length=MAX_CONTENT_BYTES)]


class GrantReader(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Somebody who reads what a key sends: where they are, and the oldest list that may be shown.

    `token` opens their mailboxes; nil: what is sent lands among the requests.
    """

    address: Annotated[str, Meta(min_length=1, max_length=160)]
    account: Bytes16
    generation: U63
    sequence: U63
    token: Bytes16 | None


class GrantSecret(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """All that a script needs: the key, its grant, its own account and who reads what it sends.

    `owner` is the account that gave the key; its own devices file what the key sends, too. `label`
    is what the conversation is called there.
    """

    version: Annotated[int, Meta(ge=1, le=1)]
    signing_seed: Bytes32
    identity_secret: Bytes32
    owner: GrantReader
    grant: Annotated[bytes, Meta(min_length=1, max_length=MAX_GRANT_BYTES)]
    readers: Annotated[list[GrantReader], Meta(min_length=1, max_length=MAX_GRANT_READERS)]
    label: Annotated[str, Meta(max_length=64)]

    def __repr__(self) -> str:
        """Show nothing: a secret's text ends up in logs."""
        return "GrantSecret(...)"

    def to_text(self) -> str:
        """Return the one line that is handed to a script."""
        return _BEGINS + base64.urlsafe_b64encode(encode(self)).decode().rstrip("=")

    @classmethod
    def from_text(cls, text: str) -> GrantSecret:
        """Read that line. Raises RemoteProtocolError if it is none."""
        said = text.strip()
        packed = said.removeprefix(_BEGINS)
        if packed == said or len(packed) > MAX_SECRET_BYTES:
            raise RemoteProtocolError("no secret of a capability key")
        try:
            data = base64.b64decode(
                packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True
            )
        except (binascii.Error, ValueError):
            raise RemoteProtocolError("no secret of a capability key") from None
        return decode(data, cls, max_bytes=MAX_SECRET_BYTES)
