"""How many bytes something has, written for people. Pure."""

from __future__ import annotations


def size_text(count_bytes: float) -> str:
    """Write `640 B`, `12.3 kB`, `1.0 GB`."""
    for unit in ("B", "kB", "MB"):
        if count_bytes < 1000:
            return f"{count_bytes:.0f} {unit}" if unit == "B" else f"{count_bytes:.1f} {unit}"
        count_bytes /= 1000
    return f"{count_bytes:.1f} GB"
