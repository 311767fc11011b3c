"""``Inputs`` of the evaluation from the database."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from analysis.evaluation.inputs import BAND_COUNTS, DAYS, SPEND, Inputs
from data_access.costs import cost_by_provider
from data_access.engine import get_engine
from data_access.evaluation import inputs_days, inputs_months
from data_access.evaluation.inputs_places import Lender, lenders, places
from data_access.evaluation.windows import (
    MONTH_ONLY,
    NO_SERVICE_WINDOW,
    NO_WINDOWS,
    provisional_from,
    service_minutes,
    windows,
)
from data_access.programmes import AsAt, data_as_at, get_programme
from data_access.reading import Covered, Opened, crimes_covered, opened
from data_access.schema_evaluation import COMPARATOR
from domain import formats
from domain.filters import Filters
from domain.periods import Period
from domain.programme import Programme
from domain.roles import Permission
from domain.scope import Scope

NO_CRIMES = "No crimes are loaded for the windows of this programme."
NO_WEIGHTS = "No crime inside the hot spots has a harm weight. Load a harm index (kind weights)."
NO_SPEND = "No spend by provider is loaded for the “during” window (kind costs)."
NO_POINTS = (
    "These data move every crime to a nearby shared map point and count areas that lie side by side, so crimes cannot "
    "be counted in rings of 100 metres around them. Load the force's dated extract with its own coordinates."
)
NOTHING_OUTSIDE = "No crime outside the hot spots has a place, so nothing can be counted around them."


def evaluation_inputs(scope: Scope, code: str) -> Inputs:
    """Everything that the evaluation of the programme rests on, unsuppressed; for INSPECT_EVALUATION alone."""
    scope.require(Permission.INSPECT_EVALUATION)
    return unsuppressed_inputs(scope, code)


def unsuppressed_inputs(scope: Scope, code: str) -> Inputs:
    """The same for those who release figures under disclosure control; the frames never leave data_access."""
    scope.require(Permission.VIEW_EVALUATION)
    return inputs_of(version(scope, code)).inputs


def data_version(scope: Scope, code: str) -> str:
    """The hash of what the evaluation rests on: comments and counts of tries name it."""
    scope.require(Permission.VIEW_EVALUATION)
    return inputs_of(version(scope, code)).hash


@dataclass(frozen=True)
class Version:
    """What decides the inputs: the same version always gives the same ones, whoever asks."""

    database: str
    held: AsAt
    programme: Programme
    lent: tuple[Lender, ...]


@dataclass(frozen=True)
class Kept:
    inputs: Inputs
    hash: str


def version(scope: Scope, code: str) -> Version:
    """The version of now; a handful of short queries."""
    programme = get_programme(scope, code)
    return Version(str(get_engine().url), data_as_at(scope, code), programme, lenders(programme))


@lru_cache(maxsize=8)
def inputs_of(of: Version) -> Kept:
    """Read and hashed once, until loads or settings change."""
    found = _inputs(of.held, of.programme, of.lent)
    return Kept(found, found.data_hash())


def _inputs(held: AsAt, programme: Programme, lent: tuple[Lender, ...]) -> Inputs:
    inside = Scope("evaluation", None, frozenset({programme.code}), frozenset(Permission))
    with opened(inside, programme.code) as o:
        found = _Reading(o, programme)
        spans, reasons = windows(programme), found.reasons
        frames = found.by_month(spans, lent)
        days, without = found.days(spans.get("during"))
        scored, not_scored = inputs_months.scored(o, spans)
        if scored.empty:
            reasons["scored"] = NO_WEIGHTS if spans else NO_WINDOWS
    spend = _spend(inside, programme, spans.get("during"))
    if spend.empty:
        reasons["spend"] = NO_SPEND if spans else NO_WINDOWS
    return Inputs(
        programme_code=programme.code,
        area_name=programme.area_name,
        area_word="areas" if programme.resolution == "month" else "hot spots",
        resolution=programme.resolution,
        before=spans.get("before"),
        during=spans.get("during"),
        live_from=programme.service_live_from,
        selection=programme.evaluation.selection,
        service_window=service_minutes(programme),
        provisional_from=provisional_from(programme, found.cover),
        days=days,
        days_without_trackers=without,
        scored=scored,
        not_scored=not_scored,
        spend=spend,
        weight_edition=held.weight_edition,
        rebases=tuple((x.month, x.reason, x.decided.isoformat()) for x in programme.evaluation.rebases),
        reasons=reasons,
        **frames,
    )


class _Reading:
    """One open programme and what was found missing on the way."""

    def __init__(self, o: Opened, programme: Programme) -> None:
        self.o, self.programme, self.areas = o, programme, o.areas()
        self.cover: Covered = crimes_covered(o)
        self.reasons: dict[str, str] = {}

    def by_month(self, spans: dict[str, Period], lent: tuple[Lender, ...]) -> dict[str, pd.DataFrame]:
        months = inputs_months.months(self.o, self.areas, self.cover)
        others, no_comparators = places(self.o, months, lent)
        found = {
            "months": months,
            "cells": inputs_months.cells(self.o, self.areas, self.cover, spans),
            "places": others,
            "bands": self._bands(spans),
            "years": inputs_months.years(self.o, self.areas, self.cover, spans.get("before")),
        }
        no_windows = NO_CRIMES if spans else NO_WINDOWS
        for name, why in (("months", NO_CRIMES), ("cells", no_windows), ("bands", no_windows)):
            if found[name].empty:
                self.reasons.setdefault(name, why)
        if not (others["role"] == COMPARATOR).any():
            self.reasons["places"] = no_comparators
        return found

    def _bands(self, spans: dict[str, Period]) -> pd.DataFrame:
        if self.programme.resolution == "month":
            self.reasons["bands"] = NO_POINTS
        elif spans:
            frame = inputs_months.bands(self.o, self.cover, spans)
            if frame.loc[frame["band"] != "inside", "crimes"].sum():
                return frame
            self.reasons["bands"] = NOTHING_OUTSIDE
        return pd.DataFrame(columns=list(BAND_COUNTS))

    def days(self, during: Period | None) -> tuple[pd.DataFrame, int]:
        window = service_minutes(self.programme)
        if self.programme.resolution == "month":
            self.reasons["days"] = MONTH_ONLY
        elif during is None:
            self.reasons["days"] = NO_WINDOWS
        elif window is None:
            self.reasons["days"] = NO_SERVICE_WINDOW
        else:
            frame, without = inputs_days.days(self.o, self.areas, self.cover, during, window)
            if frame.empty:
                what = "tracker data" if without == during.days else "crimes together with tracker data"
                self.reasons["days"] = (
                    f"No {what} are loaded for {formats.period(during)}, so patrol days are not known."
                )
            return frame, without
        return pd.DataFrame(columns=list(DAYS)), 0


def _spend(inside: Scope, programme: Programme, during: Period | None) -> pd.DataFrame:
    """``SPEND`` of the "during" window: providers with both spend and minutes."""
    if during is None:
        return pd.DataFrame(columns=list(SPEND))
    rates = cost_by_provider(inside, Filters(programme.code, during))
    rates = rates[rates["cost_gbp"].notna() & rates["patrol_minutes"].notna()]
    kinds = {p.code: p.kind for p in programme.providers}
    frame = pd.DataFrame({
        "provider": rates["provider"], "kind": rates["provider"].map(kinds),
        "spend_gbp": rates["cost_gbp"], "patrol_minutes": rates["patrol_minutes"],
    })  # fmt: skip
    return frame.reset_index(drop=True)[list(SPEND)]
