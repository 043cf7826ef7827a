"""Running a relay.

Rule: parses and hands on; what a command does is imported when it runs. Spec: docs/cli.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from restante.relay.verbs.run import Run, verb

verbs = click.Group()


@verb(verbs)
@click.option("--listen", metavar="HOST:PORT", help="Where to listen (127.0.0.1:7441).")
@click.option("--data", metavar="DIR", help="Where the relay keeps its database.")
@click.option("--database", metavar="URL", help="postgresql://..., for several relays together.")
@click.option("--tls-cert", metavar="FILE", help="TLS certificate chain, PEM.")
@click.option("--tls-key", metavar="FILE", help="Its private key, PEM.")
@click.option("--name", "names", multiple=True, metavar="HOST[:PORT]", help="How clients call it.")
@click.option("--open-registration", is_flag=True, help="Let anybody take a name, without invite.")
@click.option("--settings", "path", metavar="FILE", help="Settings in TOML; options win over it.")
def serve(
    run: Run,
    path: str | None,
    names: tuple[str, ...],
    open_registration: bool,
    database: str | None,
    **more: Any,
) -> int:
    """Run a relay until SIGTERM or Ctrl-C. Variables RESTANTE_RELAY_* set what options don't."""
    from restante.relay import commands
    from restante.relay.settings import public_database_url, read_settings

    if database is not None:
        more["database_url"] = public_database_url(database)
    given = more | {"names": list(names) or None, "open_registration": open_registration or None}
    settings = read_settings(Path(path) if path else None, **given)
    return commands.serve(settings, json_lines=run.is_json)
