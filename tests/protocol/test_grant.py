"""Grants and secrets of capability keys: what is read, and what is refused."""

from __future__ import annotations

import base64

import pytest

from restante.errors import RemoteProtocolError
from restante.protocol.codec import encode
from restante.protocol.grant import Grant, GrantReader, GrantSecret
from restante.protocol.ids import grant_hash


def a_grant() -> Grant:
    return Grant(
        version=1, conversation=b"c" * 16, messages=3, until_s=1_800_000_000, salt=b"s" * 16
    )


def a_secret() -> GrantSecret:
    reader = GrantReader(
        address="bob@relay.example", account=b"b" * 16, generation=1, sequence=2, token=None
    )
    return GrantSecret(
        version=1,
        signing_seed=b"k" * 32,
        identity_secret=b"i" * 32,
        owner=reader,
        grant=encode(a_grant()),
        readers=[reader],
        label="ops",
    )


def test_a_grant_and_a_secret_are_read_as_they_were_written() -> None:
    assert Grant.from_bytes(encode(a_grant())) == a_grant()
    secret = a_secret()
    assert GrantSecret.from_text(f"  {secret.to_text()}\n") == secret
    assert grant_hash(secret.grant) != grant_hash(secret.grant[:-1])


def test_a_secret_shows_nothing_of_itself() -> None:
    assert "k" * 8 not in f"{a_secret()!r} {a_secret()}"


@pytest.mark.parametrize("field", [{"messages": 0}, {"messages": 2_000_000}, {"conversation": b""}])
def test_a_grant_beyond_its_bounds_is_refused(field: dict[str, object]) -> None:
    values = {name: getattr(a_grant(), name) for name in Grant.__struct_fields__}
    with pytest.raises(RemoteProtocolError):
        Grant.from_bytes(encode(list((values | field).values())))


def test_what_is_no_secret_is_refused() -> None:
    text = a_secret().to_text()
    packed = base64.urlsafe_b64encode(b"\x90").decode()
    for wrong in (
        *("", "restante-grant:", text[:-9], text.replace(":", ";"), f"{text}é", f"{text}A"),
        *(f"restante-grant:{packed}", "restante-grant:" + "A" * 100_000, "restante-grant:A"),
    ):
        with pytest.raises(RemoteProtocolError):
            GrantSecret.from_text(wrong)
