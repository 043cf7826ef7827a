"""A process that changes a passphrase and is killed: `crashing_keeping.py DIR OLD NEW POINT PASS`.

An empty OLD or NEW is none, `-` for NEW destroys the profile; without a POINT it goes to its end.
It is killed at the point's PASS, counted from 1.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from restante.client.keeping.changing import keep_otherwise
from restante.client.keeping.protection import open_key
from restante.client.keeping.wiping import wipe
from restante.client.profile import Profile
from restante.crypto.passphrase import Passphrase, Stretching
from restante.store import failpoints

CHEAP = Stretching(passes=1, memory_bytes=8192)


def main() -> None:
    directory, old, new, point, at_pass = sys.argv[1:]
    passes = 0

    def observe(reached: str) -> None:
        nonlocal passes
        passes += reached == point
        if reached == point and passes == int(at_pass):
            os.kill(os.getpid(), signal.SIGKILL)

    failpoints.observe(observe)
    profile = Profile(name="default", directory=Path(directory))
    if new == "-":
        wipe(profile)
        return
    key = open_key(profile, Passphrase(old) if old else None)
    chosen = Passphrase(new) if new else None
    keep_otherwise(profile, key, "passphrase" if new else "file", chosen, stretching=CHEAP)


if __name__ == "__main__":
    main()
