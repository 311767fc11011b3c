"""One chart a series: limits, signals, icons, false-alarm rate; and the other monitoring methods as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from analysis.evaluation.comparators.phi import overdispersion
from analysis.evaluation.monitoring.false_alarms import FalseAlarms, false_alarms
from analysis.evaluation.monitoring.laney import laney_u
from analysis.evaluation.monitoring.rebase import Rebase, Stretch, xmr_rebased
from analysis.evaluation.monitoring.scan import busiest_stretch, naus_scan
from analysis.evaluation.monitoring.series import Floats, Monthly
from analysis.evaluation.monitoring.xmr import Signal, assurance, limits_are_meaningful
from analysis.evaluation.pooling.multiplicity import holm
from domain.periods import is_provisional

# Correlation of one month with the next in the second false-alarm rate: what hot spots often have.
DRIFTING = 0.3
SCAN_MONTHS = 3
# Share of the baseline's own months that its limits may flag before they stop describing ordinary variation.
UNSTEADY = 1 / 3


@dataclass(frozen=True)
class Chart:
    """A series under its limits; ``target`` is in the units of the values, None where none is set."""

    series: Monthly
    stretches: tuple[Stretch, ...]
    target: float | None
    rate: FalseAlarms
    drifting: FalseAlarms

    @property
    def last(self) -> Stretch:
        return self.stretches[-1]

    @property
    def signals(self) -> list[Signal]:
        return [signal for stretch in self.stretches for signal in stretch.chart.signals]

    @property
    def flagged(self) -> int:
        """Months after the baseline that show a special cause."""
        pairs = zip(self.signals, self.series.monitored, strict=True)
        return sum(signal is not Signal.COMMON_CAUSE for signal, counts in pairs if counts)

    @property
    def unsteady(self) -> bool:
        flags = [
            s is not Signal.COMMON_CAUSE for s, base in zip(self.signals, self.series.baseline, strict=True) if base
        ]
        return bool(flags) and sum(flags) > UNSTEADY * len(flags)

    def icon(self) -> dict[str, Any]:
        """The row of the icon summary: the last month that is known."""
        known = np.flatnonzero(np.isfinite(self.series.values))
        at = int(known[-1])
        held = next(stretch for stretch in self.stretches if stretch.start <= at < stretch.stop)
        chart = held.chart
        return {
            "chart": self.series.key, "name": self.series.name, "unit": self.series.unit, "month": self.series.months[at],
            "value": float(self.series.values[at]), "variation": self.signals[at].value,
            "assurance": assurance(chart, self.target).value,
            "target": float("nan") if self.target is None else self.target, "centre": chart.centre,
            "lower": max(0.0, chart.lower), "upper": chart.upper, "flagged": self.flagged,
            "months": int((self.series.monitored & np.isfinite(self.series.values)).sum()),
            "false_alarms": self.rate.any_month, "drifting": self.drifting.any_month,
        }  # fmt: skip


def chart_of(series: Monthly, rebases: Sequence[Rebase], target: float | None) -> Chart | None:
    """The chart, or None with fewer than 12 known months in the baseline or a series that never varied."""
    if not series.usable:
        return None
    base = int(np.flatnonzero(series.baseline)[-1]) + 1
    try:
        stretches = xmr_rebased(series.values, series.months, rebases, baseline=base)
    except ValueError:
        return None
    first = stretches[0].chart
    if not limits_are_meaningful(first):
        return None
    before = series.values[:base]
    known = before[np.isfinite(before)]
    aim = None if target is None else target * first.centre
    mean, phi = _size(series, before, known)
    rates = [false_alarms(len(series.months), base, mean=mean, phi=phi, rho=rho) for rho in (0.0, DRIFTING)]
    return Chart(series, stretches, aim, *rates)


def _size(series: Monthly, before: Floats, known: Floats) -> tuple[float, float]:
    """(mean, phi) of the counts that stand in for the series when false alarms are simulated."""
    if series.unit == "recorded crimes":
        return max(0.5, float(known.mean())), overdispersion(before)
    # Harm is no count: counts whose relative spread is the same set the rules off alike.
    return max(0.5, float(known.mean() ** 2 / max(known.var(ddof=1), 1e-9))), 1.0


def xmr_table(charts: Sequence[Chart], provisional_from: date | None) -> pd.DataFrame:
    """[chart, name, unit, month, value, centre, lower, upper, signal, reasons, baseline, provisional, rebased]."""
    rows = []
    for chart in charts:
        s = chart.series
        for stretch in chart.stretches:
            c = stretch.chart
            for i in range(stretch.start, stretch.stop):
                j = i - stretch.start
                rows.append({
                    "chart": s.key, "name": s.name, "unit": s.unit, "month": s.months[i], "value": float(s.values[i]),
                    "centre": c.centre, "lower": max(0.0, c.lower), "upper": c.upper, "signal": c.signals[j].value,
                    "reasons": "; ".join(c.reasons[j]), "baseline": bool(s.baseline[i]),
                    "provisional": is_provisional(s.months[i], provisional_from), "rebased": stretch.reason if i == stretch.start else "",
                })  # fmt: skip
    return pd.DataFrame(rows)


def laney_table(series: Monthly, provisional_from: date | None) -> pd.DataFrame:
    """[month, rate, centre, lower, upper, outside, sigma_z, baseline, provisional]: crimes per 100 hot spot-days."""
    if not series.usable:
        return pd.DataFrame()
    try:
        found = laney_u(series.values, series.exposure, baseline=series.baseline)
    except ValueError:
        return pd.DataFrame()
    frame = pd.DataFrame({
        "month": series.months, "rate": found.rates, "centre": found.centre, "lower": found.lower, "upper": found.upper,
        "outside": found.outside, "sigma_z": found.sigma_z, "baseline": series.baseline,
        "provisional": [is_provisional(month, provisional_from) for month in series.months],
    })  # fmt: skip
    return frame.assign(**{name: 100 * frame[name] for name in ("rate", "centre", "lower", "upper")})


def scan_table(series: Sequence[Monthly]) -> pd.DataFrame:
    """[hot_spot, from_month, to_month, crimes, expected, phi, p_chance, p, holm]: the busiest 3 months since the baseline.

    ``p`` divides count and expectation by phi, so that months which cluster anyway do not count as news.
    """
    spots = [s for s in series if s.key.startswith("spot:")] or list(series[:1])
    rows = []
    for s in spots:
        since, base = s.values[s.monitored], s.values[s.baseline]
        if not s.usable or not np.nanmean(base) > 0:
            continue
        expected = float(np.nanmean(base))
        found = busiest_stretch(since, SCAN_MONTHS, expected)
        if found is None:
            continue
        months = np.asarray(s.months)[s.monitored]
        phi = overdispersion(base)
        windows = int(np.isfinite(since).sum()) / SCAN_MONTHS
        scaled = max(1, int(found.count / phi))
        rows.append({
            "hot_spot": s.name, "from_month": str(months[found.start]),
            "to_month": str(months[found.start + SCAN_MONTHS - 1]), "crimes": found.count, "expected": found.expected,
            "phi": phi, "p_chance": found.p, "p": naus_scan(scaled, found.expected / phi, windows),
        })  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame if frame.empty else frame.assign(holm=holm(frame["p"].to_numpy(float)))
