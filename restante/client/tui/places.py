"""A place as somebody types it. Pure.

Rule: numbers only; no name of a place is ever looked up anywhere. Spec: docs/tui.md, section 4.
"""

from __future__ import annotations

import re

from restante.values import dataclass

_PLACE = re.compile(
    r"(?:geo:)?\s*(?P<latitude>[+-]?\d{1,2}(?:\.\d+)?)°?\s*[,;\s]\s*"
    r"(?P<longitude>[+-]?\d{1,3}(?:\.\d+)?)°?"
    r"(?:;u=(?P<accuracy>\d{1,7})(?:\.\d+)?)?(?:;\S*)?(?:[\s,]+(?P<label>\S.*))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedPlace:
    """Degrees WGS 84; `label` may be empty."""

    latitude: float
    longitude: float
    accuracy_m: int | None
    label: str


def read_place(text: str) -> TypedPlace | None:
    """Read `-34.906, -56.199 The harbour` or `geo:-34.906,-56.199;u=20`; None if it is no place."""
    found = _PLACE.fullmatch(text.strip())
    if found is None:
        return None
    latitude, longitude = float(found["latitude"]), float(found["longitude"])
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return TypedPlace(
        latitude=latitude,
        longitude=longitude,
        accuracy_m=None if found["accuracy"] is None else int(found["accuracy"]),
        label=(found["label"] or "").strip(),
    )
