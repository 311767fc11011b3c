"""Is the month unlike the months before it? XmR limits, whose signal needs a look at the data before signing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.evaluation.monitoring.xmr import Signal, limits_are_meaningful, xmr
from data_access import trends
from data_access.delivery import delivery_table
from domain import formats
from domain.periods import Period, add_months
from reports.checks.looked import Looked
from reports.checks.model import CheckResult, Finding, Severity, finding, not_made

KEY, TITLE = "outliers", "Unusual months"
EARLIER = trends.BASELINE_MONTHS
LEAST = trends.MINIMUM_BASELINE
LOOK = (
    "Check that the month's files are whole and loaded once, then write what you checked. A chart cannot say why a month "
    "differs, so give no cause for it."
)  # fmt: skip


@dataclass(frozen=True)
class Measure:
    name: str
    unit: str
    where: str
    decimals: int
    series: tuple[tuple[str, float], ...]  # months before and the month itself, oldest first; only months with a value


def outliers(look: Looked) -> CheckResult:
    """A signal in recorded crime, harm, harm per crime or patrol-minutes needs a reason."""
    found = [judge(m, look.month) for m in measures(look)]
    held, unheld = [x.words for x in found if x.made], [x.words for x in found if not x.made]
    left = f" Not held against any: {formats.joined(unheld)}." if unheld else ""
    about = (
        f"{len(held)} of {len(found)} measures were held against XmR limits (mean ± 2.66 mean moving ranges) of "
        f"up to {EARLIER} months just before, at least {LEAST}: {formats.joined(held) or 'none'}.{left} Section F compares "
        "recorded crime with the frozen months before the service instead; this check asks whether the month itself is odd."
    )
    return CheckResult(KEY, TITLE, about, tuple(x.finding for x in found if x.finding))


@dataclass(frozen=True)
class Judged:
    words: str
    made: bool
    finding: Finding | None


def measures(look: Looked) -> tuple[Measure, ...]:
    start = add_months(look.period.start, -EARLIER)
    shown = look.over(Period(start, look.period.end))
    crimes = trends.monthly(look.scope, shown)
    live = look.programme.service_live_from
    patrols = delivery_table(look.scope, shown, ("month",))
    if live is not None:
        first = add_months(live.replace(day=1), 0 if live.day == 1 else 1)  # a part month is no month to compare with
        patrols = patrols[patrols["month"] >= f"{first:%Y-%m}"]
    return (
        Measure("recorded crime", "crimes", "F", 0, _series(crimes, "crimes")),
        Measure("harm", "days", "F", 0, _series(crimes, "harm_days")),
        Measure("harm per scored crime", "days", "F", 1, _series(crimes, "harm_per_crime")),
        Measure("patrol-minutes", "minutes", "C", 0, _series(patrols, "patrol_minutes")),
    )


def _series(frame: pd.DataFrame, column: str) -> tuple[tuple[str, float], ...]:
    held = frame[frame[column].notna()]
    return tuple((str(m), float(v)) for m, v in zip(held["month"], held[column], strict=True))


def judge(measure: Measure, month: str) -> Judged:
    """Pure: the month's value against limits of the months before it."""
    m, values = measure, dict(measure.series)
    if month not in values:
        why = f"{m.name} has no value in {formats.month(month)}."
        return Judged(
            f"{m.name} not",
            False,
            not_made(KEY, m.name, why, "Load the month's files, or say why there are none.", m.where),
        )
    before = [v for at, v in m.series if at < month]
    chart = xmr([*before, values[month]], baseline=len(before)) if len(before) >= LEAST else None
    if chart is None or not limits_are_meaningful(chart):
        why = f"{m.name} has {formats.counted(len(before), 'earlier month')} with a value, and limits need {LEAST} that differ."
        what = "Compare the month with the last few by eye, and write that you have."
        return Judged(m.name, False, not_made(KEY, m.name, why, what, m.where))
    value, low, high = values[month], max(chart.lower, 0.0), chart.upper
    shown = [formats.number(value, m.decimals), *(formats.number(v, m.decimals + 1) for v in (low, high))]
    words = f"{m.name} {shown[0]} (limits {shown[1]} to {shown[2]})"
    if chart.latest is Signal.COMMON_CAUSE:
        return Judged(words, True, None)
    sentence = (
        f"In {formats.month(month)} {m.name} was {shown[0]}; {_why(value, low, high, chart.reasons[-1])} "
        f"(limits {shown[1]} to {shown[2]} {m.unit}, from {len(before)} earlier months)."
    )
    return Judged(words, True, finding(KEY, m.name, Severity.REASON, sentence, LOOK, m.where, m.name, *shown))


def _why(value: float, low: float, high: float, reasons: Sequence[str]) -> str:
    if value < low or value > high:
        return f"that is {'below' if value < low else 'above'} what ordinary variation between months would give"
    return f"by itself it lies within the limits, but it belongs to a pattern ({formats.joined(list(reasons))})"
