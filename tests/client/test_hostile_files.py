"""What is said of a file is a stranger's word: sizes, names, places, and what lies at the relay."""

from __future__ import annotations

import hashlib
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from restante.client.changes import Changes
from restante.client.grammar.writing import own_entry
from restante.client.interface import FileState
from restante.crypto.blobs import SEALED_CHUNK_BYTES, seal_blob, sealed_size
from restante.crypto.keys import BlobKey
from restante.crypto.randomness import SystemRandomness
from restante.errors import RemoteProtocolError, UserError
from restante.protocol import frames as f
from restante.protocol.content import File, Kind
from restante.protocol.ids import BlobCapability, blob_id
from tests.client.files_seen import lying, saved, stands
from tests.client.two_people import Two, two_people

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from restante.client.interface import Message

CONTENT = os.urandom(200_000)


@dataclass(kw_only=True)
class Lying:
    """Two people, one of whom says of files whatever a test wants."""

    two: Two

    async def says(self, **said: Any) -> Message:
        """Send a message that says so of a file; what isn't named is as it is."""
        two = self.two
        own = two.alice._running().own
        sealed = said.pop("sealed", None)
        capability = BlobCapability(SystemRandomness().random(32))
        key = SystemRandomness().random(32)
        body = File(
            name="a.bin",
            media_type="application/octet-stream",
            role=0,
            size_bytes=len(CONTENT),
            digest=hashlib.sha256(CONTENT).digest(),
            capability=capability,
            key=key,
            sealed_bytes=sealed_size(len(CONTENT)),
            relay=str(own.address.relay),
            expires_at_s=two.alice._context.now_s() + 86_400,
            caption="",
            quote=None,
            preview=b"",
            width=0,
            height=0,
            duration_ms=0,
            waveform=b"",
            mentions=[],
        )
        blob = blob_id(capability)
        honest = seal_blob(BlobKey(key), CONTENT, blob=blob, randomness=SystemRandomness())
        await self._put(blob, honest if sealed is None else sealed(honest))
        body = msgspec.structs.replace(body, **said)
        changes = Changes()
        message_id = SystemRandomness().random(16)
        await two.alice._context.write(
            lambda rows: own_entry(
                rows,
                changes,
                two.alice._context,
                own=own,
                account_id=bytes.fromhex(two.to_bob),
                message_id=message_id,
                kind=Kind.FILE,
                body_for=lambda _: body,
            )
        )
        await two.alice._running().announcer.tell(changes)
        return await two.arrived(await two.alice.message(message_id.hex()))

    async def _put(self, blob: bytes, data: bytes) -> None:
        """Put bytes at the relay as any client could."""
        link = await self.two.alice._running().mailbox.link()
        await link.ask(
            f.BlobState,
            lambda n: f.OpenBlob(request=n, blob=blob, size_bytes=len(data), ttl_s=86_400),
        )
        for at in range(0, len(data), 200_000):
            piece = data[at : at + 200_000]
            await link.ask(
                f.BlobState,
                lambda n, p=piece, o=at: f.PutBlob(request=n, blob=blob, offset=o, data=p),  # type: ignore[misc]
            )


@asynccontextmanager
async def lies(folder: Path) -> AsyncIterator[Lying]:
    async with two_people(folder) as two:
        yield Lying(two=two)


def swapped(sealed: bytes) -> bytes:
    """Swap the first two chunks after the header."""
    one, other = 24, 24 + SEALED_CHUNK_BYTES
    end = other + SEALED_CHUNK_BYTES
    return sealed[:one] + sealed[other:end] + sealed[one:other] + sealed[end:]


@pytest.mark.parametrize(
    "sealed",
    [
        swapped,
        lambda sealed: sealed[:-SEALED_CHUNK_BYTES] + bytes(SEALED_CHUNK_BYTES),
        lambda sealed: sealed[:100_000] + b"\x00" + sealed[100_001:],
        lambda sealed: bytes(len(sealed)),
    ],
    ids=["swapped", "no end", "one byte", "zeros"],
)
async def test_damaged_chunks_are_fetched_twice_and_then_given_up(
    tmp_path: Path, sealed: Callable[[bytes], bytes]
) -> None:
    async with lies(tmp_path) as lying_there:
        message = await lying_there.says(sealed=sealed)
        failed = await stands(lying_there.two.bob, message, FileState.FAILED)
        assert failed.file is not None
        assert "damaged" in (failed.file.error or "")
        assert not lying(lying_there.two, "bob")
        with pytest.raises(UserError, match="isn't here"):
            await saved(lying_there.two.bob, message, tmp_path / "downloads")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"digest": bytes(32)}, "another one than was announced"),
        ({"size_bytes": len(CONTENT) - 1}, "another one than was announced"),
        ({"size_bytes": 10}, "can't be true"),
        ({"sealed_bytes": 10 * 1024**3}, "can't be true"),
        ({"sealed_bytes": 1}, "can't be true"),
        ({"relay": "no relay at all"}, "can't be true"),
    ],
)
async def test_what_can_not_be_true_is_refused(
    tmp_path: Path, said: dict[str, Any], sentence: str
) -> None:
    async with lies(tmp_path) as lying_there:
        bob = lying_there.two.bob
        message = await lying_there.says(**said)
        await bob.file_fetch(message.id)
        failed = await stands(bob, message, FileState.FAILED)
        assert failed.file is not None
        assert sentence in (failed.file.error or "")
        assert not lying(lying_there.two, "bob")


async def test_a_blob_that_is_cut_off_or_another_is_as_if_it_were_gone(tmp_path: Path) -> None:
    async with lies(tmp_path) as lying_there:
        bob = lying_there.two.bob
        for sealed in (lambda s: s[:-1], lambda s: s + b"\x00"):
            message = await lying_there.says(sealed=sealed)
            lost = await stands(bob, message, FileState.LOST)
            assert lost.file is not None
            assert lost.file.error
        assert not lying(lying_there.two, "bob")


async def test_more_than_a_file_can_be_is_no_file(tmp_path: Path) -> None:
    async with lies(tmp_path) as lying_there:
        two = lying_there.two
        with pytest.raises(RemoteProtocolError):  # our own reading of it, before it leaves
            await lying_there.says(size_bytes=10 * 1024**3)
        sent = await lying_there.says(role=250)
        assert sent.file is not None
        assert sent.file.role == "file"
        assert len(await two.bob.files(None, start=0, count=9)) == 1


async def test_nobody_makes_a_reader_ask_another_relay(tmp_path: Path) -> None:
    async with lies(tmp_path) as lying_there:
        message = await lying_there.says(relay="127.0.0.1:9")
        await stands(lying_there.two.bob, message, FileState.OFFERED)
        assert not lying(lying_there.two, "bob")


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "\x1b]0;title\x07.txt", ".bashrc", "a\u202etxt.exe", "/"]
)
async def test_a_name_is_one_file_in_the_directory_that_was_named(
    tmp_path: Path, name: str
) -> None:
    async with lies(tmp_path) as lying_there:
        bob = lying_there.two.bob
        message = await stands(bob, await lying_there.says(name=name), FileState.HERE)
        downloads = tmp_path / "downloads"
        path = await saved(bob, message, downloads)
        assert path.parent == downloads
        assert path.name == message.file.name if message.file else False
        assert not path.name.startswith(".")
        assert "\x1b" not in path.name
        assert "\u202e" not in message.body
        assert [each.name for each in downloads.iterdir()] == [path.name]
