"""A kind of import contract for modules that share the beginning of their name.

The store keeps the relay's modules (`relay_*`) and the client's (`client_*`) in one package, and
import-linter's wildcards stand for whole names only. Used by `.importlinter`.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from importlinter import Contract, ContractCheck, fields, output

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grimp import ImportGraph


class PatternContract(Contract):
    """Modules of `source_patterns` import none of `forbidden_patterns`, not indirectly either."""

    type_name = "pattern"

    source_patterns = fields.SetField(subfield=fields.StringField())
    forbidden_patterns = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look for a chain of imports from any source to any forbidden module."""
        del verbose
        # import-linter's fields are declared as fields and hold their parsed values.
        sources = _matching(graph.modules, self.source_patterns)  # type: ignore[arg-type]
        forbidden = _matching(graph.modules, self.forbidden_patterns)  # type: ignore[arg-type]
        chains = [
            chain
            for source in sources
            for target in forbidden
            if (chain := graph.find_shortest_chain(importer=source, imported=target))
        ]
        return ContractCheck(kept=not chains, metadata={"chains": chains})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each chain on a line."""
        for chain in check.metadata["chains"]:
            output.print_error(" -> ".join(chain))


def _matching(modules: Iterable[str], patterns: Iterable[str]) -> list[str]:
    return sorted(
        module for module in modules if any(fnmatchcase(module, pattern) for pattern in patterns)
    )
