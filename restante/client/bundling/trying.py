"""Whether an envelope opens now, with nothing done about it.

Rule: changes nothing; says the same as opening it in the same transaction would.
Spec: docs/engine.md, section 24.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.groups import chains
from restante.client.hello_prekeys import prekeys_named
from restante.client.sessions import expecting
from restante.crypto.envelope import hello_references, open_hello, open_message
from restante.errors import CryptoError, RemoteProtocolError
from restante.protocol.envelope import check_bucket, lookup_tag
from restante.store.client_sender_keys import chain_by_tag

if TYPE_CHECKING:
    from restante.client.contents import Reader
    from restante.store.client_rows import Rows


def opens(rows: Rows, payload: bytes, *, reader: Reader) -> bool:
    """Whether a session or a group's chain expects and opens an envelope, or our keys a hello."""
    now_s, own = reader.now_ms // 1000, reader.own
    try:
        check_bucket(payload)
        session = expecting(rows, lookup_tag(payload))
        if session is not None:
            open_message(session, payload, randomness=reader.randomness, now_s=now_s)
            return True
        sealed_once = chain_by_tag(rows, lookup_tag(payload))
        if sealed_once is not None:
            return chains.opened(rows, *sealed_once, payload) is not None
        references = hello_references(payload, own.device_id)
        prekeys = None if references is None else prekeys_named(rows, references)
        if prekeys is None:
            return False
        open_hello(
            payload,
            own=own.device,
            own_root=own.root,
            own_heads=own.heads,
            secrets=prekeys.secrets(),
            randomness=reader.randomness,
            now_s=now_s,
        )
    except (CryptoError, RemoteProtocolError):
        return False
    return True
