"""A relay in a process of its own, for the benchmark: the real one, with its own limits or plenty.

`python -m benchmarks.relay_process DATA SMALLEST_BUCKET CORE own|plenty [CERT KEY]`. A smallest
bucket other than the protocol's is put in before the protocol is imported: 300 B payloads are for
comparison with other servers; clients send 4 KiB.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from restante.protocol import limits

if TYPE_CHECKING:
    from restante.relay.limits import Limits


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM."""
    data, smallest, core, given, *tls = arguments
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core)})
    if given == "own" and hasattr(os, "nice"):
        with suppress(PermissionError):
            os.nice(-15)  # other work of the machine is no part of a flood
    if int(smallest) != limits.BUCKETS[0]:
        limits.BUCKETS = (int(smallest), *limits.BUCKETS)  # type: ignore[assignment,misc]
    # Only now: the types of frames are made from the buckets.
    from restante.relay.commands import serve
    from restante.relay.limits import Limits
    from restante.relay.settings import Settings

    settings = Settings(
        data=data,
        database_url=os.environ.get("RESTANTE_BENCH_DATABASE", ""),
        listen="127.0.0.1:0",
        open_registration=True,
        log_level="warning",
        tls_cert=tls[0] if tls else "",
        tls_key=tls[1] if tls else "",
        limits=Limits() if given == "own" else _plenty(Limits),
    )
    return serve(settings, json_lines=True)


def _plenty(limits: type[Limits]) -> Limits:
    """Return limits that nothing measured meets."""
    plenty = 10**9
    return limits(
        mailbox_bytes=plenty * 1000,
        mailbox_envelopes=plenty,
        account_bytes=plenty * 1000,
        account_envelopes=plenty,
        deposits_per_mailbox=plenty,
        connections_per_network=plenty,
        connects_per_network=plenty,
        deposits_per_network=plenty,
        requests_per_network=plenty,
        request_burst=plenty,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
