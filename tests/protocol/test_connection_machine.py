"""Two connections, one of each role, talk over a wire of any delay: neither ever sees an error."""

from __future__ import annotations

from collections import deque
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from restante.errors import LocalProtocolError, RemoteProtocolError
from restante.protocol import frames as f
from restante.protocol.codec import encode
from restante.protocol.connection import Connection, Role, State
from tests.protocol.test_connection_table import (
    ANONYMOUS_REQUESTS,
    ANSWER_TO,
    DEVICE_REQUESTS,
    OTHERS,
    REQUESTS,
    STORED,
    item,
)
from tests.rounds import rounds

ANSWERS_WITHOUT_SHAPE: dict[type[f.Frame], Any] = {
    f.Done: lambda number: f.Done(request=number),
    f.ManifestFound: lambda number: f.ManifestFound(
        request=number, links=[], heartbeat=None, moved=None
    ),
    f.BundlesFound: lambda number: f.BundlesFound(request=number, bundles=[]),
    f.CodeFound: lambda number: f.CodeFound(request=number, sealed=b"s"),
    f.PrekeyState: lambda number: f.PrekeyState(
        request=number, signed_id=0, signed_expires_at_s=0, one_time=0, kem_one_time=0
    ),
    f.SlotFound: lambda number: f.SlotFound(request=number, sealed=b"s"),
    f.BlobPart: lambda number: f.BlobPart(request=number, size_bytes=1, data=b"d"),
    f.Holdings: lambda number: f.Holdings(request=number, tables=[]),
    f.BlobState: lambda number: f.BlobState(request=number, received_bytes=1, expires_in_s=1),
}


def numbered(frame: f.Frame, number: int) -> f.Frame:
    fields = {name: getattr(frame, name) for name in frame.__struct_fields__}
    return type(frame)(**{**fields, "request": number})


class Conversation(RuleBasedStateMachine):
    """A rule is one end doing something that is right from where it stands."""

    @initialize(authenticated=st.booleans())
    def open(self, *, authenticated: bool) -> None:
        self.authenticated = authenticated
        self.relay, self.client = Connection(Role.RELAY), Connection(Role.CLIENT)
        self.to_client: deque[bytes] = deque()
        self.to_relay: deque[bytes] = deque()
        self.unanswered: list[f.Frame] = []
        self.open_numbers: set[int] = set()
        self.next_number = 0

    def relay_sends(self, frame: f.Frame) -> None:
        self.to_client.append(self.relay.send(frame))

    def client_sends(self, frame: f.Frame) -> None:
        self.to_relay.append(self.client.send(frame))

    @precondition(lambda self: self.relay.state is State.OPENED)
    @rule()
    def relay_challenges(self) -> None:
        self.relay_sends(OTHERS[f.Challenge])

    @precondition(lambda self: self.client.state is State.CHALLENGED)
    @rule()
    def client_greets(self) -> None:
        self.client_sends(OTHERS[f.Authenticate if self.authenticated else f.Anonymous])

    @precondition(lambda self: self.relay.state in {State.GREETED_ANONYMOUS, State.GREETED_DEVICE})
    @rule()
    def relay_welcomes(self) -> None:
        self.relay_sends(OTHERS[f.Welcome])

    @precondition(
        lambda self: self.client.state in {State.ANONYMOUS, State.DEVICE, State.SUBSCRIBED}
    )
    @precondition(lambda self: self.client.pending_requests < 64)
    @rule(choice=st.integers(0, 100), counts=st.lists(st.integers(1, 3), min_size=1, max_size=3))
    def client_asks(self, choice: int, counts: list[int]) -> None:
        kinds = ANONYMOUS_REQUESTS if self.client.state is State.ANONYMOUS else DEVICE_REQUESTS
        request = numbered(REQUESTS[kinds[choice % len(kinds)]], self.next_number)
        if isinstance(request, f.Deposit):
            request = f.Deposit(
                request=self.next_number, is_retry=False, items=[item(count) for count in counts]
            )
        self.next_number += 1
        self.client_sends(request)
        self.open_numbers.add(self.next_number - 1)

    @precondition(lambda self: self.client.state is State.DEVICE)
    @precondition(lambda self: self.client.pending_requests < 64)
    @rule()
    def client_subscribes(self) -> None:
        self.client_sends(f.Subscribe(request=self.next_number))
        self.open_numbers.add(self.next_number)
        self.next_number += 1

    @precondition(lambda self: self.client.state in {State.DEVICE, State.SUBSCRIBED})
    @rule()
    def client_acks(self) -> None:
        self.client_sends(OTHERS[f.Ack])

    @precondition(lambda self: self.unanswered and self.relay.state is not State.CLOSED)
    @rule(data=st.data(), refuse=st.booleans())
    def relay_answers_any(self, data: st.DataObject, *, refuse: bool) -> None:
        at = data.draw(st.integers(0, len(self.unanswered) - 1))
        request: Any = self.unanswered.pop(at)
        if refuse:
            answer: f.Frame = f.Refused(
                request=request.request, code=12, reason="", retry_after_s=1
            )
        elif isinstance(request, f.Deposit):
            results = [[STORED] * len(each.targets) for each in request.items]
            answer = f.Deposited(request=request.request, results=results)
        else:
            answer = ANSWERS_WITHOUT_SHAPE[ANSWER_TO[type(request)]](request.request)
        self.relay_sends(answer)

    @precondition(lambda self: self.relay.state is State.SUBSCRIBED)
    @rule(drained=st.booleans())
    def relay_delivers(self, *, drained: bool) -> None:
        self.relay_sends(OTHERS[f.Drained if drained else f.Deliver])

    @precondition(lambda self: self.relay.state is not State.CLOSED)
    @precondition(lambda self: self.next_number > 5)
    @rule()
    def relay_closes(self) -> None:
        self.relay_sends(OTHERS[f.Close])

    @precondition(lambda self: self.to_client)
    @rule(count=st.integers(1, 5))
    def wire_reaches_the_client(self, count: int) -> None:
        for _ in range(min(count, len(self.to_client))):
            frame = self.client.receive(self.to_client.popleft())
            self.open_numbers.discard(getattr(frame, "request", -1))

    # A relay reads no further once it has sent its Close.
    @precondition(lambda self: self.to_relay and self.relay.state is not State.CLOSED)
    @rule(count=st.integers(1, 5))
    def wire_reaches_the_relay(self, count: int) -> None:
        for _ in range(min(count, len(self.to_relay))):
            frame = self.relay.receive(self.to_relay.popleft())
            if hasattr(frame, "request"):
                self.unanswered.append(frame)

    @precondition(lambda self: self.relay.state is State.CLOSED)
    @rule(kind=st.sampled_from(tuple(REQUESTS)))
    def what_comes_after_close_is_refused(self, kind: type[f.Frame]) -> None:
        with pytest.raises(RemoteProtocolError):
            self.relay.receive(encode(REQUESTS[kind]))
        with pytest.raises(LocalProtocolError):
            self.relay.send(OTHERS[f.Close])

    @invariant()
    def both_count_the_same(self) -> None:
        if not hasattr(self, "relay"):
            return
        assert self.client.pending_requests == len(self.open_numbers)
        if self.relay.state is not State.CLOSED:
            assert self.relay.pending_requests == len(self.unanswered)
        if not self.to_client and not self.to_relay:
            assert self.client.state is self.relay.state


Conversation.TestCase.settings = settings(
    max_examples=rounds(40, 2_000),
    stateful_step_count=rounds(60, 200),
    deadline=None,
    # Until both have greeted, one rule alone can go on: chance leaves it out in many a run.
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
TestConversation = Conversation.TestCase
