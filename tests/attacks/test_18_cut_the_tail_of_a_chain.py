"""Attack 18: the relay drops the last messages before an answer, hoping that nobody misses them.

Held by: every header says how long its sender's previous chain was.
"""

from __future__ import annotations

from tests.crypto.people import a_person, meet, open_message, seal


def test_the_next_chain_shows_what_the_last_one_lost() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    first = seal(alices, b"arrives")
    bobs = open_message(bobs, first.envelope).session
    alices = first.session
    cut = []
    for number in range(3):
        sealed = seal(alices, b"dropped %d" % number)
        alices = sealed.session
        cut.append(sealed.envelope)
    answer = seal(bobs, b"answer")
    alices = open_message(alices, answer.envelope).session
    opened = open_message(answer.session, seal(alices, b"later").envelope)
    assert opened.newly_missing == 3
    assert {envelope[:16] for envelope in cut} < opened.session.expected_tags()
