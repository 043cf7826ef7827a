"""Bob, who answers: a bot of thirty lines over the command line, as anybody could write one.

Usage: python demo/bob.py ALICE. The environment says which home; the profile is "bob".
"""

from __future__ import annotations

import json
import subprocess
import sys

from town import RESTANTE

BOB = [*RESTANTE, "--profile", "bob"]
ANSWERS = (
    "Got it. The relay saw 4,096 bytes of noise.",
    "Still here. Try ^g, or F1 for every key.",
    "I am a script: demo/bob.py. `restante tail --json` reads, `restante send` writes.",
    "Close your laptop if you like. What I write waits for you: poste restante.",
)


def main() -> int:
    """Answer each text once, until ended."""
    (alice,) = sys.argv[1:]
    subprocess.run([*BOB, "send", alice, "Hello Alice! Write me something."], check=True)
    count = 0
    with subprocess.Popen([*BOB, "tail", "--json"], stdout=subprocess.PIPE) as tail:
        for line in tail.stdout or ():
            if json.loads(line)["type"] == "message":
                answer = ANSWERS[count % len(ANSWERS)]
                count += 1
                subprocess.run([*BOB, "send", alice, answer], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
