"""How fresh the figures of a document are, in the words that all documents share."""

from __future__ import annotations

from data_access.programmes import AsAt
from domain import formats
from domain.periods import Period


def reach(as_at: AsAt, *, with_load: bool = False) -> str:
    """ "recorded crime to 31 Jan 2024, trackers to 31 Jan 2024"; ``with_load``: and "last load 3 Feb 2024"."""
    parts = [
        *([f"recorded crime to {formats.day(as_at.crimes_to)}"] if as_at.crimes_to else []),
        *([f"trackers to {formats.day(as_at.pings_to)}"] if as_at.pings_to else []),
        *([f"last load {formats.day(as_at.last_load)}"] if with_load and as_at.last_load else []),
    ]
    return ", ".join(parts) or "no data loaded"


def provisional(as_at: AsAt, period: Period) -> list[str]:
    """That a period's counts may still rise; nothing where they are settled."""
    if as_at.provisional_from is None or period.end < as_at.provisional_from:
        return []
    since = formats.day(as_at.provisional_from)
    return [f"Provisional: records may still arrive for days from {since}, so recent counts can rise."]


def borrowed_weights(as_at: AsAt) -> list[str]:
    """What makes every figure of harm provisional, whatever the period."""
    return [f"Harm weights: {as_at.weight_basis}"] if as_at.weight_fallback else []
