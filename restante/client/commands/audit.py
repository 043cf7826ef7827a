"""`restante relay audit`: what the relay holds of one's account.

Rule: the relay's word, row by row, then what is not as it should be. Spec: docs/cli.md.
"""

from __future__ import annotations

from restante.client.commands.output import Output
from restante.client.oneshot import Caller
from restante.errors import ExitCode

_WIDEST = 48


def audit(out: Output, caller: Caller) -> ExitCode:
    """Print all that the relay says it holds; end with 4 if something is not as it should be."""
    found = caller.call("account_audit")
    for table in found["tables"]:
        rows = "1 row" if table["rows"] == 1 else f"{table['rows']} rows"
        lines = [f"{table['table']}: {rows}"]
        for row in table["sample"]:
            cells = zip(table["columns"], row, strict=False)
            shown = [f"{name}={_cut(text)}" for name, text in cells if text]
            lines.append("  " + "  ".join(shown))
        if hidden := table["rows"] - len(table["sample"]):
            lines.append(f"  and {hidden} more")
        out.data({"type": "held", **table}, "\n".join(lines))
    findings = found["findings"]
    out.data({"type": "audit", "address": found["address"], "findings": findings}, None)
    if not findings:
        out.note("This is all that the relay says it holds, and it is as it should be.")
        return ExitCode.OK
    return out.failed(ExitCode.UNTRUSTED, " ".join(findings))


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
