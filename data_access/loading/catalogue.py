"""The kinds of file the portal reads: how each is read and what storing it means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from data_access.loading.areas import write_areas
from data_access.loading.ping_rows import write_pings
from data_access.loading.readers import (
    case_studies,
    comparators,
    conditions,
    costs,
    crimes,
    engagements,
    hot_spots,
    pings,
    plan,
    police_uk,
    weights,
)
from data_access.loading.reading import Context, Parsed
from data_access.loading.sets import write_case_studies, write_weights
from data_access.loading.writing import Writer, write_rows


@dataclass(frozen=True)
class Kind:
    read: Callable[[Context], Parsed]
    write: Writer


def _unused(_context: Context) -> Parsed:
    raise AssertionError("The programme document has its own way in: documents.load_programme.")


KINDS: dict[str, Kind] = {
    "programme": Kind(_unused, lambda *_: _unused(_[2])),  # type: ignore[arg-type,return-value]
    "hot-spots": Kind(hot_spots.read, write_areas),
    "police-uk": Kind(police_uk.read, write_rows("police-uk")),
    "crimes": Kind(crimes.read, write_rows("crimes")),
    "pings": Kind(pings.read, write_pings),
    "plan": Kind(plan.read, write_rows("plan")),
    "costs": Kind(costs.read, write_rows("costs")),
    "engagements": Kind(engagements.read, write_rows("engagements")),
    "weights": Kind(weights.read, write_weights),
    "comparators": Kind(comparators.read, write_rows("comparators")),
    "conditions": Kind(conditions.read, write_rows("conditions")),
    "case-studies": Kind(case_studies.read, write_case_studies),
}
