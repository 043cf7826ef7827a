"""The relay's settings, as a file.

Rule: parses and hands on; what a command does is imported when it runs. Spec: docs/cli.md.
"""

from __future__ import annotations

from pathlib import Path

import click

from restante.errors import ExitCode
from restante.relay.verbs.run import Run, verb

verbs = click.Group()


@verb(verbs)
@click.option(
    "--settings",
    "path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Settings in TOML that differ from the defaults.",
)
def config(run: Run, path: Path | None) -> int:
    """Print all settings with their reasons, as a file to begin with.

    With --settings: a file of yours, with all that it leaves to the defaults.
    """
    import msgspec

    from restante.relay.settings import Settings, read_settings
    from restante.relay.settings_page import settings_page

    settings = Settings() if path is None else read_settings(path, environment={})
    fields = {"type": "relay_settings", "settings": msgspec.to_builtins(settings)}
    run.out.data(fields, settings_page(settings).rstrip("\n"))
    return ExitCode.OK
