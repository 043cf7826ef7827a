"""The file of settings that a relay prints: whole, with reasons, and read back as it was."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from restante.relay.limits import Limits
from restante.relay.settings import Settings, read_settings
from restante.relay.settings_page import reasons, settings_page

OWN = Settings(
    data="/var/lib/restante",
    names=["relay.example", 'odd"name'],
    certified=True,
    trusted_proxies=["10.0.0.0/8"],
    limits=Limits(idle_s=7, deposits_per_network=1),
)


@pytest.mark.parametrize("kind", [Settings, Limits])
def test_every_setting_has_a_reason(kind: type[msgspec.Struct]) -> None:
    names = {field.name for field in msgspec.structs.fields(kind)} - {"limits"}
    assert names == reasons(kind).keys()


@pytest.mark.parametrize("settings", [Settings(), OWN])
def test_a_printed_file_is_read_back_as_it_was(settings: Settings) -> None:
    assert msgspec.convert(tomllib.loads(settings_page(settings)), Settings) == settings


def test_what_is_commented_out_is_the_default() -> None:
    page = re.sub(r"^# (\w+ = )", r"\1", settings_page(Settings()), flags=re.MULTILINE)
    said = tomllib.loads(page)
    assert said == msgspec.to_builtins(Settings()), "each setting is there, with its default"


def test_no_line_is_longer_than_a_terminal_shows() -> None:
    assert max(map(len, settings_page(OWN).splitlines())) <= 100


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    path = tmp_path / "relay.toml"
    path.write_text(settings_page(msgspec.structs.replace(OWN, names=["relay.example"])))
    assert read_settings(path, environment={}).limits == OWN.limits
