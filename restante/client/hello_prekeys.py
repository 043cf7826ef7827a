"""The prekeys of ours that a hello names: found, handed on as secrets, and told apart once used.

Rule: one that is gone opens nothing; which of them must never open a second hello, the crypto says.
Erases nothing. Spec: docs/protocol/identity.md, I22; docs/cryptography.md, section 5.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.crypto import dh
from restante.crypto.handshake import HelloSecrets
from restante.crypto.kem import KemKeyPair
from restante.crypto.keys import KemSeed, RatchetSecret
from restante.crypto.own_keys import spent_prekeys
from restante.protocol.manifest import PrekeyKind
from restante.store.client_prekeys import PrekeyRow, prekey
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.crypto.hello import HelloReferences
    from restante.store.client_rows import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPrekeys:
    """The prekeys that a hello names, as they are kept."""

    signed: PrekeyRow
    one_time: PrekeyRow | None
    kem: PrekeyRow

    def secrets(self) -> HelloSecrets:
        """Return what opens the hello."""
        one_time = self.one_time
        return HelloSecrets(
            signed=dh.ratchet_pair(RatchetSecret(self.signed.secret)),
            one_time=None if one_time is None else dh.ratchet_pair(RatchetSecret(one_time.secret)),
            kem=KemKeyPair(KemSeed(self.kem.secret)),
        )

    def spent(self, references: HelloReferences) -> list[PrekeyRow]:
        """Return what must never open a second hello."""
        named = [row for row in (self.one_time, self.kem) if row is not None]
        ids = spent_prekeys(references, {row.id: PrekeyKind(row.kind) for row in named})
        return [row for row in named if row.id in ids]


def prekeys_named(rows: Rows, references: HelloReferences) -> NamedPrekeys | None:
    """Return the prekeys that a hello names; None if one of them is used up or erased."""
    signed = prekey(rows, int(PrekeyKind.SIGNED), references.signed_prekey_id)
    kem = prekey(rows, int(PrekeyKind.KEM_ONE_TIME), references.kem_prekey_id) or prekey(
        rows, int(PrekeyKind.KEM_LAST_RESORT), references.kem_prekey_id
    )
    one_time = None
    if references.one_time_id is not None:
        one_time = prekey(rows, int(PrekeyKind.ONE_TIME), references.one_time_id)
        if one_time is None:
            return None
    if signed is None or kem is None:
        return None
    return NamedPrekeys(signed=signed, one_time=one_time, kem=kem)
