"""docs/cryptography.md says what the code does: labels, sizes and limits."""

from __future__ import annotations

import re
from pathlib import Path

from restante.crypto import blobs, hpke, labels, limits, link_messages, own_keys
from restante.protocol import envelope
from restante.protocol.limits import BUCKETS
from restante.protocol.linking import XWING_KEY_BYTES

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "cryptography.md").read_text(encoding="utf-8")


def test_every_label_is_documented_and_none_that_is_not_used() -> None:
    table = TEXT.split("| Label | Used for |")[1].split("\n\n")[0]
    documented = set(re.findall(r"`([a-z-]+)`", table))
    used = {
        value.removeprefix(b"restante/v1/").rstrip(b"\x00").decode()
        for name, value in vars(labels).items()
        if isinstance(value, bytes) and name != "SUITE_BYTE"
    }
    ids = (ROOT / "restante" / "protocol" / "ids.py").read_text(encoding="utf-8")
    used |= set(re.findall(r'_digest\("([a-z-]+)"', ids))
    assert documented == used


def test_sizes_and_limits_are_documented() -> None:
    message = [f"{size - envelope.MESSAGE_OVERHEAD_BYTES:,}" for size in BUCKETS]
    hello = [f"{size - envelope.HELLO_OVERHEAD_BYTES:,}" for size in BUCKETS[1:]]
    assert f"| content in a message | {' | '.join(message)} |" in TEXT
    assert f"| content in a hello | - | {' | '.join(hello)} |" in TEXT
    assert f"| {envelope.HELLO_PREFIX_BYTES:,} | to the end | a message part" in TEXT
    for name, value in (
        ("keys that one message may skip", f"{limits.MAX_SKIP:,}"),
        ("skipped keys in a session", f"{limits.MAX_SKIPPED:,}"),
        ("chains with skipped keys", str(limits.MAX_SKIPPED_CHAINS)),
        ("lifetime of a skipped key", f"{limits.SKIPPED_TTL_S // 86_400} days"),
        ("tags expected singly", str(limits.TAG_STRIDE)),
        ("own manifest heads tried", str(limits.MAX_OWN_HEADS)),
        (
            "prekeys: rotation, expiry",
            f"{own_keys.PREKEY_ROTATION_S // 86_400} days, {own_keys.PREKEY_TTL_S // 86_400} days",
        ),
    ):
        assert f"| {name} | {value} |" in TEXT, name


def test_slots_and_chunks_are_documented_with_their_sizes() -> None:
    slots = dict(re.findall(r"^\| ([1-5]) \| [NO] \| .* \| ([\d,]+) \|$", TEXT, re.MULTILINE))
    # Lengths of msgpack: an array's head, then each field with its own.
    accept = 1 + (2 + 32) + (2 + 16) + (2 + 32)
    reveal = 1 + (2 + 16) + (2 + 64)
    assert {number: int(size.replace(",", "")) for number, size in slots.items()} == {
        "1": link_messages.OFFER_BYTES,
        "2": accept + hpke.OVERHEAD_BYTES,
        "3": reveal + 40,
        "4": link_messages.VERDICT_BYTES,
        "5": 3 + 40,
    }
    assert f"X-Wing key {XWING_KEY_BYTES:,}, device entry" in TEXT
    assert f"| {blobs.HEADER_BYTES} | {blobs.SEALED_CHUNK_BYTES:,} each | chunks" in TEXT
    assert f"over chunks of {blobs.CHUNK_BYTES:,} bytes" in TEXT
    assert blobs.sealed_size(65_528) < blobs.sealed_size(65_529)
    assert "nothing at all up to 65,528 bytes" in TEXT
