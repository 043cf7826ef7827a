"""What a new device is given to begin with: packed on the old one, kept on the new one.

Delivery tokens, the contact code, names of devices, settings: enough to be reached and to write.
Everything else comes with the history. Rule: the new device keeps all of it in one transaction, and
takes nothing that it can't check. Spec: docs/protocol/identity.md, section 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from restante.client.history_transfer.awaiting import await_history
from restante.client.own_account import adopt_account
from restante.crypto import codes
from restante.crypto.codes import CodeSecret
from restante.errors import CryptoError, RemoteProtocolError
from restante.protocol.codec import decode, encode
from restante.protocol.limits import BUCKET_TOKENS, MAX_RETIRED_TOKENS
from restante.protocol.linking import MAX_PROVISION_BYTES, MAX_PROVISION_RECORDS, Provision
from restante.protocol.sync import RecordKind, SyncRecord
from restante.store.client_account import (
    CodeRow,
    TokenRow,
    own_code,
    save_code,
    save_tokens,
    tokens,
)
from restante.store.client_records import RecordRow, put_record, records_of

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.crypto.linking import Grant
    from restante.crypto.own_keys import DeviceSecrets
    from restante.store.client_rows import Rows

GIVEN: Final = (
    RecordKind.TOKEN,
    RecordKind.CODE,
    RecordKind.DEVICE_NAME,
    RecordKind.SETTING,
)
"""What is small, and wanted before the history has come. Tokens and code are here once more so that
the new device doesn't take them for its own decision, and outdo a newer one."""


def pack_provision(rows: Rows) -> bytes:
    """Return what a new device is to have; at most MAX_PROVISION_BYTES."""
    listed, code = tokens(rows), own_code(rows)
    live = {each.bucket: each.token for each in listed if each.is_live}
    retired = [each.token for each in listed if not each.is_live]
    provision = Provision(
        version=1,
        tokens=[live[bucket] for bucket in range(BUCKET_TOKENS)],
        retired=retired[-MAX_RETIRED_TOKENS:],
        code_secret=None if code is None else code.secret,
        code_bucket=0 if code is None else code.bucket,
        records=[],
    )
    given = [_item(row) for kind in GIVEN for row in records_of(rows, int(kind))]
    packed = encode(provision)
    for record in given[:MAX_PROVISION_RECORDS]:
        larger = msgspec.structs.replace(provision, records=[*provision.records, record])
        if len(encode(larger)) > MAX_PROVISION_BYTES:
            continue
        provision, packed = larger, encode(larger)
    return packed


async def keep_granted(context: EngineContext, device: DeviceSecrets, grant: Grant) -> None:
    """Make the profile a device of the account that granted it.

    Raises CryptoError if what was given to begin with is malformed, StoreError.
    """
    try:
        provision = decode(grant.provision, Provision, max_bytes=MAX_PROVISION_BYTES)
    except RemoteProtocolError:
        raise CryptoError("a provision is malformed") from None
    now_ms = context.now_ms()

    def work(rows: Rows) -> None:
        adopt_account(rows, device, grant.manifest, now_s=now_ms // 1000)
        _keep(rows, provision, now_s=now_ms // 1000)
        await_history(rows, now_ms=now_ms)

    await context.write(work)


def _keep(rows: Rows, provision: Provision, *, now_s: int) -> None:
    for item in provision.records:
        if item.kind in GIVEN:
            put_record(
                rows,
                RecordRow(
                    kind=item.kind,
                    key=item.key,
                    rank=item.rank,
                    device_id=item.device,
                    value=item.value,
                ),
            )
    retired = [TokenRow(bucket=0, token=token, is_live=False) for token in provision.retired]
    live = [
        TokenRow(bucket=bucket, token=token, is_live=True)
        for bucket, token in enumerate(provision.tokens)
    ]
    save_tokens(rows, [*retired, *live])
    if provision.code_secret is not None:
        save_code(
            rows,
            CodeRow(
                secret=provision.code_secret,
                lookup_id=codes.lookup_id(CodeSecret(provision.code_secret)),
                bucket=provision.code_bucket % BUCKET_TOKENS,
                is_published=True,
                created_at_s=now_s,
            ),
        )


def _item(row: RecordRow) -> SyncRecord:
    return SyncRecord(
        kind=row.kind, key=row.key, rank=row.rank, device=row.device_id, value=row.value
    )
