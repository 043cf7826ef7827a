"""The demo. On a terminal: the chat, as alice, with a bob who answers. Without one: the exchange,
played and checked, line by line; it exits 0 only if everything was as it says.

A relay with its embedded SQLite on loopback, two fresh profiles, each person its own process.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from town import RESTANTE, DemoError, Person, Relay, introduce, move_in, running_relay

LETTER_LINES = (
    "Poste restante — the post office holds your mail until you call for it.",
    "日本語: 局留め郵便。受取人が来るまで郵便局が預かります。",
    "Ελληνικά: η επιστολή περιμένει στο ταχυδρομείο.",
    "עברית: המכתב ממתין בדואר. العربية: الرسالة تنتظر في مكتب البريد.",
    "Emoji: 📮 → 🏤 → 👩🏽‍💻, combining: n̈ ệ, maths: ∀x ∃y: x ≤ y",
)
LETTER = "".join(f"{number:03} {line}\n" for number in range(24) for line in LETTER_LINES)
FIRST, SECOND = "Are you there, Bob?", "No matter. It will wait for you."
ANSWER = "Just came in. Found all three, the letter too."
BUCKETS = {4096, 16384, 65536}


def main() -> int:
    """Run the demo in a place of its own, and leave nothing behind."""
    with tempfile.TemporaryDirectory(prefix="restante-demo-") as place:
        try:
            with running_relay(Path(place)) as relay:
                return chat(relay) if sys.stdin.isatty() and sys.stdout.isatty() else play(relay)
        except DemoError as error:
            say(f"\nThis was not as it should be: {error}")
            return 1


def chat(relay: Relay) -> int:
    """Open the terminal interface as alice, against a bob who answers."""
    say("Setting up a relay and two people on this machine…")
    alice, bob = move_in(relay, "alice"), move_in(relay, "bob")
    introduce(alice, bob)
    robot = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("bob.py")), alice.address],
        env=bob.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        ended = subprocess.run(
            [*RESTANTE, "--profile", "alice", "chat"], env=alice.environment, check=False
        )
        return ended.returncode
    finally:
        robot.terminate()
        robot.wait(timeout=20)


def play(relay: Relay) -> int:
    """Play the exchange and check every claim."""
    say(f"A relay listens on {relay.address}. It needs no other service: one SQLite file.")
    alice, bob = move_in(relay, "alice"), move_in(relay, "bob")
    say(f"Two people took an account there, each by an invite: {alice.address}, {bob.address}.\n")
    for person, code in zip((alice, bob), introduce(alice, bob), strict=True):
        say(f"  {person.name}'s contact code, {len(code)} characters:\n    {code}")
    say("They swapped codes. A code pins the other's key: both are verified.\n")

    say("Bob is offline. Alice writes three messages:")
    for text in (FIRST, SECOND):
        alice.run("send", "Bob", text)
        say(f"  restante send Bob '{text}'")
    alice.run("send", "Bob", "-", stdin=LETTER.encode())
    say(f"  restante send Bob - < letter.txt    ({len(LETTER.encode()):,} bytes of UTF-8)\n")
    show_what_the_relay_holds(relay, alice, bob)

    say("Bob comes online:")
    bodies = [str(message["body"]) for message in bob.received()]
    for body in bodies:
        say(f"  alice: {shortened(body)}")
    check(bodies == [FIRST, SECOND, LETTER], "Bob read other messages than Alice wrote")
    say("Three messages, in order, every byte as it was written. He answers, and goes.\n")
    bob.run("send", "Alice", ANSWER)

    say("Alice comes online:")
    answers = alice.received()
    for message in answers:
        say(f"  bob: {message['body']}")
    check([message["body"] for message in answers] == [ANSWER], "Alice read another answer")
    for line in alice.run("history", "Bob").splitlines():
        if line.strip() and "[" in line:
            say(f"    {shortened(line)}")
    bob.received()  # the receipts that were on their way
    check(not relay.held(), "the relay kept envelopes that were called for")
    say("\nThe relay's mailboxes are empty again. Start your own: see README.md.")
    return 0


def show_what_the_relay_holds(relay: Relay, alice: Person, bob: Person) -> None:
    """Print the mailboxes from the relay's own file, and check that it can't read them."""
    held = relay.held()
    say("What the relay holds now, read from its database:")
    for size, payload in held:
        say(f"  {size:6,} bytes   {payload[:24].hex(' ', 2)} …")
    check(len(held) >= 3, "the relay doesn't hold what Alice sent")
    check({size for size, _ in held} <= BUCKETS, "an envelope has a size of its own")
    for secret in (FIRST, SECOND, LETTER_LINES[0], LETTER_LINES[1]):
        check(not relay.files_hold(secret.encode()), "the relay's files hold plaintext")
    for person in (alice, bob):
        check(
            not any(person.name.encode() in payload for _, payload in held),
            "an envelope names a person",
        )
    say("Sizes come in three buckets only; no file of the relay holds a word of it. Checked.\n")


def check(holds: bool, otherwise: str) -> None:
    """Insist on a claim."""
    if not holds:
        raise DemoError(otherwise)


def shortened(text: str) -> str:
    """Return one line of a text, for printing."""
    first, _, rest = text.partition("\n")
    return f"{first[:72]} … ({len(text):,} characters)" if rest.strip() else first[:100]


def say(text: str) -> None:
    """Print a line at once, whatever stdout is."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a stream, on a terminal
    sys.exit(main())
