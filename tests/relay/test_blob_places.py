"""Where blobs lie: a directory and a store that speaks S3 keep the same promises."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trio

from restante.errors import StoreError, UserError, WireCode
from restante.protocol.ids import BlobId
from restante.relay.blob_bucket import BlobBucket, open_bucket
from restante.relay.blob_files import BlobDirectory
from restante.relay.ops.bucket_look import look_at_bucket
from restante.relay.ops.finding import State
from restante.relay.settings import read_settings
from tests.relay.answers import Clock, code_of
from tests.relay.blob import DAY_S, PART, Blob, a_place
from tests.relay.bucket import Bucket, a_bucket
from tests.relay.wire import anonymous, authenticated, relay_at, settings_for

if TYPE_CHECKING:
    from restante.relay.blob_files import BlobFiles

SEGMENT = 8 * PART


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with a_bucket() as found:
        yield found


def in_bucket(bucket: Bucket, path: Path) -> BlobBucket:
    opened = open_bucket(settings_for(path, **bucket.settings))
    return BlobBucket(opened._store, segment_bytes=SEGMENT)


@pytest.fixture(params=["directory", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path, bucket: Bucket) -> BlobFiles:
    if request.param == "directory":
        return BlobDirectory(tmp_path, leaves_bytes=0)
    return in_bucket(bucket, tmp_path)


async def written(place: BlobFiles, blob: BlobId, data: bytes, *, part: int = PART) -> None:
    for at in range(0, len(data), part):
        await place.write(blob, at, data[at : at + part])


async def test_what_was_written_is_read_by_any_stretch(place: BlobFiles) -> None:
    blob, data = BlobId(os.urandom(32)), os.urandom(3 * SEGMENT + PART + 5)
    assert await place.read(blob, 0, 1) is None
    await written(place, blob, data, part=PART + 1)
    for offset, length in ((0, len(data)), (1, 2), (PART, 2), (PART - 1, SEGMENT), (SEGMENT, 3)):
        assert await place.read(blob, offset, length) == data[offset : offset + length]
    assert await place.read(blob, len(data) - 2, 100) == data[-2:]
    assert await place.read(blob, len(data), 100) == b""
    assert (await place.sizes())[blob] == len(data)
    await place.look()


async def test_what_was_removed_is_gone_and_may_come_again(place: BlobFiles) -> None:
    blob, other = BlobId(os.urandom(32)), BlobId(os.urandom(32))
    await written(place, blob, os.urandom(SEGMENT + 7))
    await written(place, other, b"other")
    await place.remove(blob)
    await place.remove(blob)
    assert await place.read(blob, 0, 9) is None
    assert blob not in await place.sizes()
    await written(place, blob, b"again")
    assert await place.read(blob, 0, 9) == b"again"
    assert await place.read(other, 0, 9) == b"other"


async def test_no_hole_is_left(place: BlobFiles) -> None:
    blob = BlobId(os.urandom(32))
    with pytest.raises(StoreError):
        await place.write(blob, 10, b"x")
    await place.write(blob, 0, b"begun")
    with pytest.raises(StoreError):
        await place.write(blob, 6, b"x")
    await place.write(blob, 5, b" and on")
    assert await place.read(blob, 0, 99) == b"begun and on"


async def test_a_part_that_was_never_counted_is_written_again_otherwise(place: BlobFiles) -> None:
    """The relay was killed after a part was there, and before it was counted."""
    blob, data = BlobId(os.urandom(32)), os.urandom(4 * PART)
    await place.write(blob, 0, data[:PART])
    await place.write(blob, PART, data[PART : 3 * PART])
    await place.write(blob, PART, data[PART : 2 * PART])
    await place.write(blob, 2 * PART, data[2 * PART :])
    assert await place.read(blob, 0, len(data)) == data
    assert (await place.sizes())[blob] == len(data)


async def test_parts_that_fill_a_segment_become_one_object(bucket: Bucket, tmp_path: Path) -> None:
    blob, data = BlobId(os.urandom(32)), os.urandom(2 * SEGMENT + 3 * PART)
    place, another = in_bucket(bucket, tmp_path), in_bucket(bucket, tmp_path)
    await written(place, blob, data[: SEGMENT - PART])
    assert await another.read(blob, 0, PART) == data[:PART]  # it remembers the parts
    for at in range(SEGMENT - PART, len(data), PART):
        await place.write(blob, at, data[at : at + PART])
    lying = [name for name in bucket.names() if name.startswith(blob.hex())]
    assert len(lying) == 2 + 3
    assert await another.read(blob, 0, len(data)) == data
    assert await place.read(blob, 0, len(data)) == data


async def test_a_relay_puts_resumes_and_reads_blobs_there(bucket: Bucket, tmp_path: Path) -> None:
    blob = Blob()
    async with a_place(tmp_path, **bucket.settings) as (relay, bob, device, reader):
        await blob.open(device, ttl_s=DAY_S)
        await blob.put(device, 0)
        assert (await blob.fetch(reader)).data == blob.data[:PART]
        name = relay.address.authority
    assert not (tmp_path / "relay" / "blobs").exists()
    async with relay_at(tmp_path, **bucket.settings) as relay, anonymous(relay) as reader:
        async with authenticated(relay, bob, authority=name) as device:
            assert (await blob.open(device)).received_bytes == PART
            await blob.put_all(device)
        for offset, length in ((0, len(blob.data)), (PART - 1, 2), (5, 9)):
            part = await blob.fetch(reader, offset, length)
            assert part.data == blob.data[offset : offset + length]
    assert blob.data[:64] not in bucket.ask("GET", "?list-type=2")


async def test_a_blob_there_goes_when_its_time_is_over(bucket: Bucket, tmp_path: Path) -> None:
    blob, clock = Blob(), Clock()
    async with a_place(tmp_path, clock=clock, **bucket.settings) as (relay, _, device, reader):
        await blob.open(device, ttl_s=3600)
        await blob.put_all(device)
        assert any(name.startswith(blob.id.hex()) for name in bucket.names())
        clock.now_s += 3 * 3600
        await relay.services.blobs.expire()
        assert code_of(await blob.fetch(reader)) == WireCode.NOT_FOUND
    assert not any(name.startswith(blob.id.hex()) for name in bucket.names())


async def test_without_its_store_a_relay_carries_messages_and_refuses_blobs(
    tmp_path: Path,
) -> None:
    blob = Blob()
    gone = Bucket(port=9).settings  # nothing listens there
    async with a_place(tmp_path, **gone) as (_, _, device, _):
        assert (await blob.open(device)).received_bytes == 0
        assert code_of(await blob.put(device, 0)) == WireCode.INTERNAL
        assert (await blob.open(device)).received_bytes == 0


async def test_the_doctor_looks_at_the_store(bucket: Bucket, tmp_path: Path) -> None:
    def look(**settings: str) -> State:
        return look_at_bucket(settings_for(tmp_path, **(bucket.settings | settings))).state

    assert await trio.to_thread.run_sync(look) is State.OK
    wrong = {"blobs_url": "s3://another-bucket"}
    assert await trio.to_thread.run_sync(lambda: look(**wrong)) is State.BAD
    nowhere = {"s3_endpoint": "http://127.0.0.1:9"}
    assert await trio.to_thread.run_sync(lambda: look(**nowhere)) is State.BAD


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"blobs_url": "https://bucket"}, "blobs_url"),
        ({"blobs_url": "s3://"}, "blobs_url"),
        ({"s3_endpoint": "example.com"}, "s3_endpoint"),
        ({"s3_access_key": "alone"}, "s3_secret_key"),
    ],
)
def test_settings_of_no_store_are_refused(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        read_settings(data="/nowhere", environment={}, **wrong)
