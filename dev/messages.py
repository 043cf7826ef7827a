"""The template of the catalogue, read out of the sources, and the translations made of it.

`make messages` writes locale/restante.pot anew, brings each locale/NAME.po up to it, and compiles
that to where the program looks. Rule: every sentence that passes `_`, `plural` or `mark` is in it,
what a key does (the third of `Binding`), which is translated where it is shown, and what the engine
says (engine_sentences.py).
Spec: docs/translating.md.
"""

from __future__ import annotations

import io
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from dev.engine_sentences import engine_sentences
from restante.client.language import DOMAIN, OURS

ROOT: Final = Path(__file__).parent.parent
TEMPLATE: Final = ROOT / "locale" / f"{DOMAIN}.pot"
PLACES: Final = ("restante/client/tui", "restante/client/plain")
KEYWORDS: Final = {"_": None, "mark": None, "plural": (1, 2), "Binding": (3,)}
NEVER: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""When the template was made: the same sentences make the same file."""

_HEADER: Final = (
    f"# What {DOMAIN.capitalize()} says. Made by `make messages`; see docs/translating.md."
)


def template() -> Catalog:
    """Return every sentence there is, with the modules that say it."""
    catalogue = Catalog(
        project="Restante",
        header_comment=_HEADER,
        creation_date=NEVER,
        revision_date=NEVER,
        charset="utf-8",
    )
    for place in PLACES:
        found = extract_from_dir(
            ROOT / place,
            method_map=[("**.py", "python")],
            keywords=KEYWORDS,
            strip_comment_tags=True,
        )
        for name, _line, message, _comments, _context in sorted(found, key=lambda each: each[:2]):
            catalogue.add(message, locations=[(f"{place}/{name}", 1)], flags=_flags(message))
    for where, sentence in engine_sentences(ROOT):
        catalogue.add(sentence, locations=[(where, 1)], flags=_flags(sentence))
    return catalogue


def spelled(catalogue: Catalog) -> str:
    """Return a catalogue as text."""
    written = io.BytesIO()
    write_po(written, catalogue, width=100, include_lineno=False, sort_output=False)
    lines = written.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith('"Generated-By:'))


def compiled(catalogue: Catalog) -> bytes:
    """Return a catalogue as gettext reads it."""
    written = io.BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def main(arguments: list[str]) -> int:
    """Write the template, and every translation; with --check only say whether it is fresh."""
    made = template()
    if "--check" in arguments:
        is_fresh = TEMPLATE.read_text(encoding="utf-8") == spelled(made)
        if not is_fresh:
            print("Sentences have changed. Run: make messages")
        return 0 if is_fresh else 1
    TEMPLATE.parent.mkdir(exist_ok=True)
    TEMPLATE.write_text(spelled(made), encoding="utf-8")
    print(f"{TEMPLATE.relative_to(ROOT)}: {len(made)} sentences")
    for source in sorted(TEMPLATE.parent.glob("*.po")):
        with source.open("rb") as file:
            theirs = read_po(file, locale=source.stem)
        theirs.update(made, no_fuzzy_matching=True)
        source.write_text(spelled(theirs), encoding="utf-8")
        target = OURS / source.stem / "LC_MESSAGES" / f"{DOMAIN}.mo"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(compiled(theirs))
        done = sum(bool(each.id and all(_forms(each.string))) for each in theirs)
        print(f"{source.relative_to(ROOT)}: {done} of {len(made)} translated")
    return 0


def _forms(string: object) -> list[str]:
    return [string] if isinstance(string, str) else list(map(str, string or ("",)))  # type: ignore[call-overload]


def _flags(message: object) -> tuple[str, ...]:
    texts = message if isinstance(message, tuple) else (message,)
    has_fields = any(re.search(r"\{[a-z_]+\}", str(each)) for each in texts)
    return ("python-brace-format",) if has_fields else ()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
