"""The outside of envelopes: three sizes, and room for what each holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.errors import LocalProtocolError, RemoteProtocolError, WireCode
from restante.protocol.envelope import (
    HELLO_OVERHEAD_BYTES,
    MESSAGE_OVERHEAD_BYTES,
    bucket_for,
    check_bucket,
    lookup_tag,
    max_content_bytes,
)
from restante.protocol.limits import BUCKETS


@given(size=st.integers(0, 70_000), hello=st.booleans())
def test_a_content_goes_into_the_smallest_bucket_that_holds_it(size: int, *, hello: bool) -> None:
    if size > max_content_bytes(hello=hello):
        with pytest.raises(LocalProtocolError):
            bucket_for(size, hello=hello)
        return
    bucket = bucket_for(size, hello=hello)
    total = size + (HELLO_OVERHEAD_BYTES if hello else MESSAGE_OVERHEAD_BYTES)
    assert bucket in BUCKETS
    assert total <= bucket
    assert all(total > smaller for smaller in BUCKETS if smaller < bucket)


def test_each_bucket_is_filled_to_the_last_byte() -> None:
    for bucket in BUCKETS:
        room = bucket - MESSAGE_OVERHEAD_BYTES
        assert bucket_for(room, hello=False) == bucket
        if bucket != BUCKETS[-1]:
            assert bucket_for(room + 1, hello=False) > bucket
    assert bucket_for(0, hello=True) == 16384, "a hello doesn't fit the smallest"


def test_the_tag_is_what_an_envelope_begins_with() -> None:
    assert lookup_tag(bytes(range(16)) + bytes(4080)) == bytes(range(16))


@pytest.mark.parametrize("bucket", BUCKETS)
def test_only_the_sizes_of_buckets_pass(bucket: int) -> None:
    check_bucket(bytes(bucket))
    for length in (bucket - 1, bucket + 1):
        with pytest.raises(RemoteProtocolError) as caught:
            check_bucket(bytes(length))
        assert caught.value.code is WireCode.TOO_LARGE
