"""Hot spot-days made ready for a model: complete rows, strata, clusters, terms that the data can tell apart."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.evaluation.record import Check

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
BLOCK_DAYS = 28
# Conditions of the day, used wherever they were loaded (METHODS: holiday, event, weather beside the last 7 days).
CONDITIONS = ("previous_7_days", "holiday", "event", "rain_mm", "temperature_c")
# A condition known for fewer of the days than this would cost more days than it adjusts for.
LEAST_KNOWN = 0.9
# Share of its own variance that a term must keep beside those before it.
_TOO_LITTLE = 1e-9
NO_EVENTS = "strata without events, dropped"
NO_VARIATION = "strata without both patrol and no-patrol days (no information on patrol)"


def usable_conditions(panel: pd.DataFrame) -> tuple[str, ...]:
    """Those of ``CONDITIONS`` that the panel holds for at least nine days in ten."""
    return tuple(c for c in CONDITIONS if c in panel and len(panel) and panel[c].notna().mean() >= LEAST_KNOWN)


def with_days(panel: pd.DataFrame) -> pd.DataFrame:
    """The panel with ``local_date`` as datetime64, so that it is converted once however many models follow."""
    if pd.api.types.is_datetime64_any_dtype(panel["local_date"]):
        return panel
    return panel.assign(local_date=pd.to_datetime(panel["local_date"]).astype("datetime64[s]"))


def block_days(strata: str) -> int | None:
    """Days of a block: "4 weeks" 28, "week" 7, "10 days" 10; None for "none" (one stratum a hot spot)."""
    if strata == "none":
        return None
    found = re.fullmatch(r"(\d+)?\s*(week|day)s?", strata)
    if not found or not int(found[1] or 1):
        raise ValueError(f"strata={strata!r}: “4 weeks”, “week”, “10 days”, “none”, “pooled” or a column is needed.")
    return int(found[1] or 1) * (7 if found[2] == "week" else 1)


def stratum_codes(panel: pd.DataFrame, strata: str) -> Codes:
    """Stratum numbers 0..S-1 of each row (blocks of days count from the first day of the panel)."""
    if strata == "pooled":
        return np.zeros(len(panel), np.int64)
    if strata in panel:
        return pd.factorize(panel[strata])[0].astype(np.int64)
    spot, length = pd.factorize(panel["hot_spot"])[0].astype(np.int64), block_days(strata)
    if length is None or not len(panel):
        return spot
    days = panel["local_date"]
    block = ((days - days.min()).dt.days // length).to_numpy(np.int64)
    found: Codes = pd.factorize(spot * (block.max() + 1) + block)[0].astype(np.int64)
    return found


def cluster_codes(rows: pd.DataFrame, cluster: str) -> Codes:
    """Cluster numbers of each row: "day", "week" (Monday to Sunday), "hot spot" (or "spot") or a column."""
    if cluster == "week":
        # 5 January 1970 was a Monday.
        labels = (rows["local_date"] - pd.Timestamp("1970-01-05")).dt.days // 7
    else:
        names = {"day": "local_date", "spot": "hot_spot", "hot spot": "hot_spot"}
        name = names.get(cluster, cluster)
        if name not in rows:
            raise ValueError(f"cluster={cluster!r}: “day”, “week”, “hot spot” or a column of the panel is needed.")
        labels = rows[name]
    return pd.factorize(labels)[0].astype(np.int64)


@dataclass(frozen=True)
class Prepared:
    """Complete rows with their strata; ``alive`` marks rows of strata in which anything happened."""

    complete: pd.DataFrame
    outcome: str
    strata_words: str
    codes: Codes  # of every complete row
    missing: int  # rows left out because a value is not known
    settled: npt.NDArray[np.bool_]  # rows whose conditions settle that nothing happened (see _settled_rows)

    @cached_property
    def alive(self) -> npt.NDArray[np.bool_]:
        y = self.complete[self.outcome].to_numpy(float)
        totals = np.bincount(self.codes, weights=y) if len(y) else np.zeros(0)
        found: npt.NDArray[np.bool_] = (totals[self.codes] > 0) & ~self.settled
        return found

    @cached_property
    def rows(self) -> pd.DataFrame:
        return self.complete[self.alive].reset_index(drop=True)

    @cached_property
    def strata(self) -> Codes:
        return pd.factorize(self.codes[self.alive])[0].astype(np.int64)

    @cached_property
    def y(self) -> Floats:
        return self.rows[self.outcome].to_numpy(float)

    @property
    def total(self) -> int:
        return len(np.unique(self.codes))

    @property
    def no_events(self) -> int:
        return self.total - len(np.unique(self.strata))

    @cached_property
    def weekdays(self) -> dict[str, Floats]:
        day = self.rows["local_date"].dt.day_of_week.to_numpy()
        return {f"weekday {n}": (day == n).astype(float) for n in range(1, 7)}

    def column(self, name: str) -> Floats:
        return self.rows[name].to_numpy(float)

    def digest(self, *treatments: str) -> str:
        """SHA-256 of places, days, outcome and treatments analysed."""
        codes, spots = pd.factorize(self.rows["hot_spot"])
        names = [str(spot) for spot in spots]
        labels = sorted(names)
        place = np.array([labels.index(name) for name in names], float)[codes] if len(codes) else codes
        day = self.rows["local_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
        found = hashlib.sha256("|".join(labels).encode())
        for part in (place, day, self.y, *(self.rows[name] for name in treatments)):
            found.update(np.ascontiguousarray(np.asarray(part, "<f8")).tobytes())
        return found.hexdigest()


def prepare(
    panel: pd.DataFrame,
    outcome: str,
    treatments: Sequence[str],
    covariates: Sequence[str],
    strata: str,
    *,
    weekday: bool = True,
    exposure: str | None = None,
) -> Prepared:
    """Rows on which the outcome and every other column are known (and the exposure is not 0), with their strata."""
    panel = with_days(panel)
    known = panel[[outcome, *treatments, *covariates]].notna().all(axis=1)
    if exposure:
        known &= panel[exposure].fillna(0) > 0
    complete = panel[known].reset_index(drop=True)
    words = {"none": "hot spot", "pooled": "all days together"}.get(strata, f"hot spot x {strata}")
    # Blocks count from the first day loaded, whichever rows are complete.
    codes = stratum_codes(panel, strata)[known.to_numpy()] if len(panel) else np.zeros(0, np.int64)
    nuisance = [complete[name].to_numpy(float) for name in covariates]
    if weekday:
        day = complete["local_date"].dt.day_of_week.to_numpy()
        nuisance += [(day == n).astype(float) for n in range(1, 7)]
    settled = _settled_rows(complete[outcome].to_numpy(float), nuisance, codes)
    return Prepared(complete, outcome, words, codes, int((~known).sum()), settled)


def _settled_rows(y: Floats, terms: Sequence[Floats], codes: Codes) -> npt.NDArray[np.bool_]:
    """Rows that a condition's level settles: no event ever fell on, say, a holiday, so its level runs to zero.

    The best fit gives such rows a mean of 0 and the rest the fit without them (Correia, Guimaraes & Zylkin 2019), so they
    are left out rather than the whole estimate refused.
    """
    settled = np.zeros(len(y), bool)
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(codes[order]) > 0])[: len(y)]
    sizes = np.diff(np.r_[starts, len(y)])
    changed = bool(len(y))
    while changed:
        changed = False
        for term in terms:
            for z in (term, -term):
                lowest = np.minimum.reduceat(np.where(settled, np.inf, z)[order], starts)
                above = np.empty(len(y), bool)
                above[order] = z[order] > np.repeat(lowest, sizes) + 1e-12
                above &= ~settled
                if above.any() and y[above].sum() == 0:
                    # Strata without an event are left out anyway; only a term that matters elsewhere counts as a change.
                    settled |= above
                    changed = True
    return settled


@dataclass(frozen=True)
class Variation:
    """How far the strata with events can speak about a treatment."""

    total: int
    no_events: int
    no_variation: int
    informative_events: tuple[float, float] | None  # (with, without) where both occur; None for an amount
    words: str

    @classmethod
    def of(cls, prepared: Prepared, treatment: str) -> Variation:
        value, y, strata = prepared.column(treatment), prepared.y, prepared.strata
        by = pd.Series(value).groupby(strata)
        varies = (by.max() > by.min()).to_numpy(bool)[strata] if len(y) else np.zeros(0, bool)
        flat = len(np.unique(strata[~varies]))
        two_sided = None
        if set(np.unique(value)) <= {0.0, 1.0}:
            given = value > 0
            two_sided = (float(y[varies & given].sum()), float(y[varies & ~given].sum()))
        return cls(prepared.total, prepared.no_events, flat, two_sided, prepared.strata_words)

    def checks(self) -> tuple[Check, ...]:
        return (
            Check(
                f"strata ({self.words})",
                float(self.total),
                None,
                meaning=f"Days are compared only inside one stratum ({self.words}).",
            ),
            Check(NO_EVENTS, float(self.no_events), None, meaning="A stratum without a crime says nothing either way."),
            Check(
                NO_VARIATION,
                float(self.no_variation),
                self.no_variation < self._most,
                needed=f"under {self._most:g}: half of those with events",
                meaning="Where patrols came every day or never, there is nothing to compare.",
            ),
        )

    @property
    def _most(self) -> float:
        return max(1, self.total - self.no_events) / 2

    def reason_to_refuse(self) -> str:
        if self.total == 0:
            return "There are no hot spot-days to compare."
        if self.total == self.no_events:
            return "No crime was recorded in the service window on any of these days."
        if self.no_events + self.no_variation >= self.total:
            inside = "the same four weeks" if self.words == "hot spot x 4 weeks" else f"one stratum ({self.words})"
            return f"No hot spot has both days with patrol and days without within {inside}."
        if self.informative_events and min(self.informative_events) == 0:
            side = "without" if self.informative_events[0] == 0 else "with"
            return f"Every crime that can be compared fell on days {side} patrol, so the ratio has no finite estimate."
        return ""


def independent_terms(terms: Mapping[str, Floats], strata: Codes) -> tuple[Floats, tuple[str, ...], tuple[str, ...]]:
    """(x, names kept, names left out): terms that vary within strata and add to those before them.

    The order matters: what is asked about comes last, so that it proves a variation of its own.
    """
    n, names = len(strata), list(terms)
    size = np.maximum(np.bincount(strata), 1) if n else np.ones(1)
    within = np.zeros((len(names), n))
    for row, column in zip(within, terms.values(), strict=True):
        row[:] = column - (np.bincount(strata, weights=column) / size)[strata]
        length = np.linalg.norm(row)
        # Rounding leaves a hair of variation in a term that has none.
        row *= 0.0 if length < 1e-9 * max(1.0, float(np.abs(column).max(initial=0))) * math.sqrt(n) else 1 / length
    left = within @ within.T
    kept: list[str] = []
    left_out: list[str] = []
    for i, name in enumerate(names):
        if left[i, i] < _TOO_LITTLE:
            left_out.append(name)
            continue
        kept.append(name)
        left -= np.outer(left[:, i], left[i]) / left[i, i]
    x = np.column_stack([terms[name] for name in kept]) if kept else np.zeros((n, 0))
    return x, tuple(kept), tuple(left_out)
