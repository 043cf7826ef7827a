"""The state table, exhaustively: every state, every frame, both roles, both directions."""

from __future__ import annotations

from typing import Any

import pytest

from restante.errors import LocalProtocolError, RemoteProtocolError, WireCode
from restante.protocol import frames as f
from restante.protocol.codec import encode
from restante.protocol.connection import Connection, Role, State
from restante.protocol.limits import BUCKETS, MAX_FRAME_BYTES, MAX_PENDING_REQUESTS
from restante.protocol.manifest import Heartbeat, Prekey
from tests.protocol.strategies import CLIENT_FRAMES, FRAMES, RELAY_FRAMES

ID, HASH, SIGNATURE = bytes(16), bytes(32), bytes(64)
HEARTBEAT = Heartbeat(manifest=HASH, at_s=1, signing_key=HASH, signature=SIGNATURE)
PREKEY = Prekey(kind=1, id=1, key=HASH, expires_at_s=1, signature=SIGNATURE)
TARGET = f.Target(mailbox=ID, token=None)
STORED = f.TargetOutcome(outcome=0, retry_after_s=0, expires_in_s=1, limit=0)


def item(targets: int = 1) -> f.DepositItem:
    return f.DepositItem(
        id=ID, ttl_s=1, ephemeral=False, payload=bytes(BUCKETS[0]), targets=[TARGET] * targets
    )


REQUESTS: dict[type[f.Frame], f.Frame] = {
    type(frame): frame
    for frame in (
        f.Register(
            request=1, name="alice", invite=None, manifest=b"m", tokens=[HASH] * 16, ticket=None
        ),
        f.PublishManifest(request=1, manifest=b"m"),
        f.PublishPrekeys(request=1, prekeys=[PREKEY]),
        f.PublishTokens(request=1, live=[HASH] * 16, retired=[]),
        f.PublishCode(request=1, lookup_id=ID, sealed=b"s"),
        f.PublishHeartbeat(request=1, heartbeat=HEARTBEAT),
        f.FetchPrekeyState(request=1),
        f.Subscribe(request=1),
        f.FetchManifest(request=1, name="alice", since_sequence=0),
        f.FetchPrekeys(request=1, name="alice", devices=[ID], token=None),
        f.FetchCode(request=1, lookup_id=ID),
        f.Deposit(request=1, is_retry=False, items=[item()]),
        f.PutSlot(request=1, slot=ID, sealed=b"s"),
        f.FetchSlot(request=1, slot=ID),
        f.FetchBlob(request=1, capability=HASH, offset=0, length=1),
        f.OpenBlob(request=1, blob=HASH, size_bytes=1, ttl_s=0),
        f.PutBlob(request=1, blob=HASH, offset=0, data=b"d"),
        f.DeleteBlob(request=1, blob=HASH),
        f.DeleteAccount(request=1, signature=SIGNATURE),
        f.PublishMoved(request=1, moved=b"m"),
        f.FetchHoldings(request=1),
        f.SetWake(request=1, endpoint="https://push.example/abc"),
    )
}
ANSWERS: dict[type[f.Frame], f.Frame] = {
    type(frame): frame
    for frame in (
        f.Done(request=1),
        f.Refused(request=1, code=5, reason="", retry_after_s=0),
        f.Deposited(request=1, results=[[STORED]]),
        f.ManifestFound(request=1, links=[], heartbeat=None, moved=None),
        f.BundlesFound(request=1, bundles=[]),
        f.CodeFound(request=1, sealed=b"s"),
        f.PrekeyState(request=1, signed_id=1, signed_expires_at_s=1, one_time=0, kem_one_time=0),
        f.SlotFound(request=1, sealed=b"s"),
        f.BlobPart(request=1, size_bytes=1, data=b"d"),
        f.BlobState(request=1, received_bytes=1, expires_in_s=1),
        f.Holdings(request=1, tables=[]),
    )
}
OTHERS: dict[type[f.Frame], f.Frame] = {
    type(frame): frame
    for frame in (
        f.Challenge(versions=[1], nonce=HASH),
        f.Welcome(
            version=1,
            registered=True,
            epoch=1,
            now_s=1,
            max_ttl_s=1,
            max_deposit_items=1,
            ticket=None,
        ),
        f.Close(code=14, reason="", retry_after_s=0),
        f.Deliver(items=[f.Delivery(id=ID, lane=0, payload=bytes(BUCKETS[0]))]),
        f.Drained(),
        f.Anonymous(version=1),
        f.Authenticate(version=1, signing_key=HASH, authority="a", signature=SIGNATURE),
        f.Ack(ids=[ID]),
    )
}
SAMPLES = REQUESTS | ANSWERS | OTHERS

ANSWER_TO: dict[type[f.Frame], type[f.Frame]] = {
    f.Register: f.Done,
    f.PublishManifest: f.Done,
    f.PublishPrekeys: f.Done,
    f.PublishTokens: f.Done,
    f.PublishCode: f.Done,
    f.PublishHeartbeat: f.Done,
    f.FetchPrekeyState: f.PrekeyState,
    f.Subscribe: f.Done,
    f.FetchManifest: f.ManifestFound,
    f.FetchPrekeys: f.BundlesFound,
    f.FetchCode: f.CodeFound,
    f.Deposit: f.Deposited,
    f.PutSlot: f.Done,
    f.FetchSlot: f.SlotFound,
    f.FetchBlob: f.BlobPart,
    f.OpenBlob: f.BlobState,
    f.PutBlob: f.BlobState,
    f.DeleteBlob: f.Done,
    f.DeleteAccount: f.Done,
    f.PublishMoved: f.Done,
    f.FetchHoldings: f.Holdings,
    f.SetWake: f.Done,
}

# The law once more, by hand and from the other end: for each state, where each frame leads. A table
# compared with itself would prove nothing.
S = State
ANONYMOUS_REQUESTS = (
    f.FetchManifest,
    f.FetchPrekeys,
    f.FetchCode,
    f.Deposit,
    f.PutSlot,
    f.FetchSlot,
    f.FetchBlob,
)
DEVICE_REQUESTS = (
    f.Register,
    f.PublishManifest,
    f.PublishPrekeys,
    f.PublishTokens,
    f.PublishCode,
    f.PublishHeartbeat,
    f.FetchPrekeyState,
    f.OpenBlob,
    f.PutBlob,
    f.DeleteBlob,
    f.DeleteAccount,
    f.PublishMoved,
    f.FetchHoldings,
    f.SetWake,
)
LAW: dict[tuple[State, type[f.Frame]], State] = {
    (S.OPENED, f.Challenge): S.CHALLENGED,
    (S.CHALLENGED, f.Anonymous): S.GREETED_ANONYMOUS,
    (S.CHALLENGED, f.Authenticate): S.GREETED_DEVICE,
    (S.GREETED_ANONYMOUS, f.Welcome): S.ANONYMOUS,
    (S.GREETED_DEVICE, f.Welcome): S.DEVICE,
    (S.DEVICE, f.Subscribe): S.SUBSCRIBED,
    (S.DEVICE, f.Ack): S.DEVICE,
    (S.SUBSCRIBED, f.Ack): S.SUBSCRIBED,
    (S.SUBSCRIBED, f.Deliver): S.SUBSCRIBED,
    (S.SUBSCRIBED, f.Drained): S.SUBSCRIBED,
    **{(S.ANONYMOUS, request): S.ANONYMOUS for request in ANONYMOUS_REQUESTS},
    **{(S.DEVICE, request): S.DEVICE for request in DEVICE_REQUESTS},
    **{(S.SUBSCRIBED, request): S.SUBSCRIBED for request in DEVICE_REQUESTS},
    **{(state, f.Close): S.CLOSED for state in S if state is not S.CLOSED},
}

WAY: dict[State, tuple[type[f.Frame], ...]] = {
    S.OPENED: (),
    S.CHALLENGED: (f.Challenge,),
    S.GREETED_ANONYMOUS: (f.Challenge, f.Anonymous),
    S.GREETED_DEVICE: (f.Challenge, f.Authenticate),
    S.ANONYMOUS: (f.Challenge, f.Anonymous, f.Welcome),
    S.DEVICE: (f.Challenge, f.Authenticate, f.Welcome),
    S.SUBSCRIBED: (f.Challenge, f.Authenticate, f.Welcome, f.Subscribe, f.Done),
    S.CLOSED: (f.Close,),
}
"""How each state is reached."""


def is_ours(role: Role, kind: type[f.Frame]) -> bool:
    return kind in (RELAY_FRAMES if role is Role.RELAY else CLIENT_FRAMES)


def travel(connection: Connection, role: Role, frame: f.Frame) -> Any:
    """Let a frame pass in the direction in which it goes."""
    if is_ours(role, type(frame)):
        return connection.send(frame)
    return connection.receive(encode(frame))


def connection_in(state: State, role: Role) -> Connection:
    connection = Connection(role)
    for kind in WAY[state]:
        travel(connection, role, SAMPLES[kind])
    assert connection.state is state
    assert connection.pending_requests == 0
    return connection


each_role = pytest.mark.parametrize("role", Role)
each_state = pytest.mark.parametrize("state", State)


def test_there_is_a_sample_of_every_frame() -> None:
    assert set(SAMPLES) == set(FRAMES)


@each_role
@each_state
def test_the_right_way_a_frame_passes_exactly_where_the_law_says(role: Role, state: State) -> None:
    for kind in FRAMES:
        check_right_way(role, state, kind)


def check_right_way(role: Role, state: State, kind: type[f.Frame]) -> None:
    connection = connection_in(state, role)
    asked = 0
    if kind in ANSWERS and state in {S.ANONYMOUS, S.DEVICE, S.SUBSCRIBED}:
        return  # depends on what was asked: see below
    if (state, kind) in LAW:
        assert travel(connection, role, SAMPLES[kind]), kind
        assert connection.state is LAW[state, kind], kind
        asked = int(kind in REQUESTS)
    else:
        with pytest.raises((LocalProtocolError, RemoteProtocolError)) as caught:
            travel(connection, role, SAMPLES[kind])
        if is_ours(role, kind):
            assert caught.type is LocalProtocolError, kind
        else:
            assert isinstance(caught.value, RemoteProtocolError), kind
            assert caught.value.code is WireCode.BAD_STATE, kind
        assert connection.state is state, kind
    assert connection.pending_requests == asked, kind


@each_role
@each_state
def test_the_wrong_way_a_frame_never_passes(role: Role, state: State) -> None:
    for kind in FRAMES:
        connection = connection_in(state, role)
        if is_ours(role, kind):
            with pytest.raises(RemoteProtocolError):
                connection.receive(encode(SAMPLES[kind]))
        else:
            with pytest.raises(LocalProtocolError):
                connection.send(SAMPLES[kind])
        assert connection.state is state, kind


@each_role
@pytest.mark.parametrize("state", [S.ANONYMOUS, S.DEVICE, S.SUBSCRIBED])
def test_a_request_is_answered_once_and_by_its_own_answer(role: Role, state: State) -> None:
    for request_kind in REQUESTS:
        for answer_kind in ANSWERS:
            check_answer(role, state, request_kind, answer_kind)


def check_answer(
    role: Role, state: State, request_kind: type[f.Frame], answer_kind: type[f.Frame]
) -> None:
    connection = connection_in(state, role)
    answer = ANSWERS[answer_kind]
    with pytest.raises((LocalProtocolError, RemoteProtocolError)):
        travel(connection, role, answer)  # nobody asked
    if (state, request_kind) not in LAW:
        return
    travel(connection, role, REQUESTS[request_kind])
    after = connection.state
    if answer_kind is f.Refused and request_kind is f.Subscribe:
        after = S.DEVICE
    if answer_kind in {ANSWER_TO[request_kind], f.Refused}:
        travel(connection, role, answer)
        assert connection.state is after, (request_kind, answer_kind)
        assert connection.pending_requests == 0, (request_kind, answer_kind)
        with pytest.raises((LocalProtocolError, RemoteProtocolError)):
            travel(connection, role, answer)  # twice
    else:
        with pytest.raises((LocalProtocolError, RemoteProtocolError)):
            travel(connection, role, answer)
        assert connection.pending_requests == 1, (request_kind, answer_kind)


def test_who_was_refused_a_subscription_may_ask_again() -> None:
    client = connection_in(S.DEVICE, Role.CLIENT)
    client.send(f.Subscribe(request=1))
    client.receive(encode(f.Refused(request=1, code=12, reason="", retry_after_s=1)))
    client.send(f.Subscribe(request=2))
    client.receive(encode(f.Done(request=2)))
    assert client.state is S.SUBSCRIBED


@each_role
def test_a_request_number_serves_again_only_after_its_answer(role: Role) -> None:
    connection = connection_in(S.ANONYMOUS, role)
    request = f.FetchCode(request=7, lookup_id=ID)
    travel(connection, role, request)
    with pytest.raises((LocalProtocolError, RemoteProtocolError)):
        travel(connection, role, request)
    travel(connection, role, f.CodeFound(request=7, sealed=b"s"))
    travel(connection, role, request)
    assert connection.pending_requests == 1


@each_role
def test_requests_wait_for_answers_in_a_bounded_number(role: Role) -> None:
    connection = connection_in(S.DEVICE, role)
    for number in range(MAX_PENDING_REQUESTS):
        travel(connection, role, f.FetchPrekeyState(request=number))
    with pytest.raises((LocalProtocolError, RemoteProtocolError)):
        travel(connection, role, f.Subscribe(request=MAX_PENDING_REQUESTS))
    assert connection.state is S.DEVICE, "what was refused has no effect"
    state = f.PrekeyState(request=5, signed_id=0, signed_expires_at_s=0, one_time=0, kem_one_time=0)
    travel(connection, role, state)
    travel(connection, role, f.Subscribe(request=MAX_PENDING_REQUESTS))
    assert connection.pending_requests == MAX_PENDING_REQUESTS


@each_role
@pytest.mark.parametrize("results", [[[STORED]], [[STORED] * 2, [STORED] * 2], [[STORED] * 3] * 2])
def test_a_deposit_is_answered_target_for_target(
    role: Role, results: list[list[f.TargetOutcome]]
) -> None:
    connection = connection_in(S.ANONYMOUS, role)
    deposit = f.Deposit(request=1, is_retry=False, items=[item(2), item(1)])
    travel(connection, role, deposit)
    with pytest.raises((LocalProtocolError, RemoteProtocolError)):
        travel(connection, role, f.Deposited(request=1, results=results))
    travel(connection, role, f.Deposited(request=1, results=[[STORED] * 2, [STORED]]))
    assert connection.pending_requests == 0


def test_a_frame_of_ours_that_is_too_long_is_our_bug() -> None:
    client = connection_in(S.ANONYMOUS, Role.CLIENT)
    items = [item()] * (MAX_FRAME_BYTES // BUCKETS[0] + 1)
    with pytest.raises(LocalProtocolError):
        client.send(f.Deposit(request=1, is_retry=False, items=items))
    assert client.pending_requests == 0


@each_role
@each_state
def test_bytes_that_are_no_frame_change_nothing(role: Role, state: State) -> None:
    connection = connection_in(state, role)
    for garbage in (b"", b"\xc1", b"\x90", b"\x91\x63", b"\x80", b"garbage"):
        with pytest.raises(RemoteProtocolError):
            connection.receive(garbage)
    assert connection.state is state
