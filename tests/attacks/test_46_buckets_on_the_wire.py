"""Attack 46, on the wire: an envelope that is no bucket never gets in at a relay or a device.

Held by: `check_bucket`, which both ask for every payload, behind the bounds of the frames.
"""

from __future__ import annotations

import pytest

from restante.errors import RemoteProtocolError
from restante.protocol import frames as f
from restante.protocol.codec import decode, encode
from restante.protocol.envelope import check_bucket
from restante.protocol.limits import BUCKETS

ID = bytes(16)


def test_of_all_lengths_three_pass() -> None:
    room = memoryview(bytes(BUCKETS[-1] + 4096))
    passed = []
    for length in range(len(room)):
        try:
            check_bucket(room[:length])  # type: ignore[arg-type]  # measured, never copied
        except RemoteProtocolError:
            continue
        passed.append(length)
    assert passed == [4096, 16384, 65536]


@pytest.mark.parametrize("length", [0, 1, 300, 4095, 65537, 100_000])
def test_a_frame_with_a_payload_beyond_the_buckets_is_none(length: int) -> None:
    payload = bytes(length)
    item = f.DepositItem(
        id=ID,
        ttl_s=1,
        ephemeral=False,
        payload=payload,
        targets=[f.Target(mailbox=ID, token=None)],
    )
    for frame in (
        f.Deposit(request=1, is_retry=False, items=[item]),
        f.Deliver(items=[f.Delivery(id=ID, lane=0, payload=payload)]),
    ):
        with pytest.raises(RemoteProtocolError):
            decode(encode(frame), type(frame))
