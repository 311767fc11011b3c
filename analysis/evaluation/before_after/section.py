"""Did recorded crime change in the hot spots, and how sure can that be without comparison areas?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from analysis.evaluation.before_after.adjusting import span_of
from analysis.evaluation.before_after.counts import TwoCounts, exact_conditional
from analysis.evaluation.before_after.drift import PRIOR_SCALE, YearCount
from analysis.evaluation.before_after.etest import e_test
from analysis.evaluation.before_after.headline import candidates_of, headline, selection_months, totals, why_not
from analysis.evaluation.before_after.its import its
from analysis.evaluation.before_after.overlap import baseline_overlap
from analysis.evaluation.before_after.placebo import COLUMNS, placebo_dates
from analysis.evaluation.before_after.rates import naive_change, rate_ratio_tests
from analysis.evaluation.before_after.ratio import ESTIMAND, before_after_ratio
from analysis.evaluation.before_after.rtm import regression_of, regression_to_mean, spells_of
from analysis.evaluation.before_after.tipping import TippingPoint, tipping_point
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.record import Refusal, ResultRecord
from analysis.evaluation.section import Choices, Result, Section
from domain import formats
from domain.periods import Period, add_months, is_provisional, month_of, month_period, parse_month

YEAR = 12
# From the first stay-at-home order in England to the end of most legal limits on contact.
LOCKDOWNS = Period(date(2020, 3, 23), date(2021, 7, 18))
NO_CANDIDATES = "No places that could have been chosen are loaded (candidate places)."
PROVISIONAL = "The last {count} of the months loaded are provisional and left out of this estimate."


def section(inputs: Inputs, choices: Choices) -> Section:
    """Before and after; see :mod:`analysis.evaluation.section`. There is nothing to choose: the windows are fixed."""
    facts = _facts(inputs)
    reason = why_not(inputs)
    counts = totals(inputs)
    if reason or counts is None:
        reason = reason or "There are no windows to compare."
        refusals = {key: Refusal(ESTIMAND, reason) for key in _MAKERS}
        return Section("before-after", refusals, {"months": series(inputs)}, facts, tried=0)
    main = headline(inputs)
    placebo = _placebo(inputs)  # once: it makes the same estimate at every earlier date
    made: dict[str, Result] = {"default": main, "placebo-dates": placebo[0]}
    records = {key: made[key] if key in made else make(inputs, counts) for key, make in _MAKERS.items()}
    facts |= {
        "crimes_before": counts.before,
        "crimes_during": counts.during,
        "days_before": counts.exposure_before,
        "days_during": counts.exposure_during,
    }
    tipping = tipping_point(main)
    facts["tipping"] = tipping.reason if isinstance(tipping, Refusal) else tipping.sentence()
    tables = {
        "months": series(inputs), "season": season(inputs), "placebo": placebo[1], "candidates": candidate_table(inputs),
        "tipping": tipping_table(main, tipping),
    }  # fmt: skip
    return Section("before-after", records, tables, facts, tried=len(records))


def _facts(inputs: Inputs) -> dict[str, Any]:
    overlap = baseline_overlap(inputs.before, inputs.live_from) if inputs.before else None
    return {
        "area_name": inputs.area_name,
        "before_words": formats.period(inputs.before) if inputs.before else "the “before” window",
        "during_words": formats.period(inputs.during) if inputs.during else "the “during” window",
        "overlap": overlap.sentence() if overlap else "",
        "live_from": inputs.live_from.isoformat() if inputs.live_from else "",
        "provisional_from": inputs.provisional_from.isoformat() if inputs.provisional_from else "",
        "selection": formats.period(inputs.selection) if inputs.selection else "",
        "lockdowns": any(
            Period(first, last).overlap_days(LOCKDOWNS)
            for first, last in zip(inputs.years["first_day"], inputs.years["last_day"], strict=True)
        ),
    }


def _recorded(inputs: Inputs, _counts: TwoCounts) -> Result:
    return headline(inputs, adjusted=False)


def _with_prior(times: float) -> Callable[[Inputs, TwoCounts], Result]:
    """The headline with another belief about how much years differ; as a support it does not count as a finding."""

    def made(inputs: Inputs, _counts: TwoCounts) -> Result:
        result = headline(inputs, prior_scale=times * PRIOR_SCALE)
        return replace(result, method_key="") if isinstance(result, ResultRecord) else result

    return made


def _rtm(inputs: Inputs, _counts: TwoCounts) -> Result:
    candidates = candidates_of(inputs)
    if candidates is None:
        return Refusal("What choosing by past crime alone leads one to expect", NO_CANDIDATES)
    return regression_to_mean(candidates, list(inputs.cells["hot_spot"].unique()), span_of(inputs.cells))


def _its(inputs: Inputs, _counts: TwoCounts) -> Result:
    months = series(inputs)
    final = months[~months["provisional"]]
    start = inputs.live_from or (inputs.during.start if inputs.during else None)
    if start is None:
        return Refusal(ESTIMAND, "No first day of service is set.")
    result = its(final, month_of(start))
    left = len(months) - len(final)
    if isinstance(result, ResultRecord) and left:
        return replace(result, limits=(*result.limits, PROVISIONAL.format(count="month" if left == 1 else f"{left}")))
    return result


def _pre_selection(inputs: Inputs, _counts: TwoCounts) -> Result:
    if inputs.selection is None:
        return Refusal(ESTIMAND, "The period on which the places were chosen is not stated in the settings.")
    last = month_of(add_months(inputs.selection.start.replace(day=1), -1))
    return _other_baseline(inputs, last, "before the places were chosen")


def _before_service(inputs: Inputs, _counts: TwoCounts) -> Result:
    if inputs.live_from is None:
        return Refusal(ESTIMAND, "No first day of service is set.")
    last = month_of(add_months(inputs.live_from.replace(day=1), -1))
    return _other_baseline(inputs, last, "before the first day of service")


def _other_baseline(inputs: Inputs, last: str, words: str) -> Result:
    """The "during" window against the last 12 whole months up to ``last``, which hold every month of the year."""
    first = month_of(add_months(parse_month(last), 1 - YEAR))
    part = inputs.months[inputs.months["month"].between(first, last)].dropna(subset=["crimes"])
    part = part[part["hot_spot"].isin(set(inputs.cells["hot_spot"]))]
    spots = inputs.cells["hot_spot"].nunique()
    if len(part) < YEAR * spots:
        have = part["month"].nunique()
        return Refusal(
            ESTIMAND, f"A baseline from {words} needs 12 whole months for every place; {have} months are loaded."
        )
    columns = ["hot_spot", "month", "window", "crimes", "exposure_days"]
    during = inputs.cells[inputs.cells["window"] == "during"]
    cells = pd.concat([part.assign(window="before")[columns], during[columns]], ignore_index=True)
    result = before_after_ratio(
        cells,
        _years_up_to(inputs, last),
        selection=(selection_months(inputs) if words.startswith("before the places") else None),
    )
    if isinstance(result, Refusal):
        return result
    said = f"The baseline is {formats.month(first)} to {formats.month(last)}: the last 12 whole months {words}."
    return replace(result, limits=(said, *result.limits))


def _years_up_to(inputs: Inputs, last: str) -> list[YearCount]:
    """Spells of 12 months that end with ``last`` and the same month of earlier years, oldest first."""
    held = inputs.area_months().set_index("month")
    found: list[YearCount] = []
    while True:
        end = add_months(parse_month(last), -YEAR * len(found))
        months = Period(add_months(end, 1 - YEAR), end).months()
        if not set(months) <= set(held.index):
            return found[::-1]
        found.append(YearCount(int(held.loc[months, "crimes"].sum()), float(held.loc[months, "exposure_days"].sum())))


def _placebo(inputs: Inputs) -> tuple[Result, pd.DataFrame]:
    """On whole months: the windows' inner months, at every date whose windows end before the service."""
    empty = pd.DataFrame(columns=list(COLUMNS))
    if inputs.before is None or inputs.during is None:
        return Refusal(ESTIMAND, "There are no windows to compare."), empty
    inner = [period.inner_months() for period in (inputs.before, inputs.during)]
    if not all(inner):
        return Refusal(ESTIMAND, "A window holds no whole month, so it cannot be laid over earlier months."), empty
    own = inputs.months[inputs.months["hot_spot"].isin(set(inputs.cells["hot_spot"]))]
    start = inputs.live_from or inputs.during.start
    last = month_of(add_months(start.replace(day=1), -1))
    found = placebo_dates(own, inner[1][0], before=len(inner[0]), during=len(inner[1]), last_free_month=last)
    return found.record, found.dates


# Order in which a reader meets them; the headline first.
_MAKERS: dict[str, Callable[[Inputs, TwoCounts], Result]] = {
    "default": lambda inputs, counts: headline(inputs),
    "recorded": _recorded,
    "prior-half": _with_prior(0.5),
    "prior-double": _with_prior(2.0),
    "before-service": _before_service,
    "pre-selection": _pre_selection,
    "rtm": _rtm,
    "exact-conditional": lambda inputs, counts: exact_conditional(counts),
    "e-test": lambda inputs, counts: e_test(counts),
    "its": _its,
    "placebo-dates": lambda inputs, counts: _placebo(inputs)[0],
    "rate-ratio-tests": lambda inputs, counts: rate_ratio_tests(counts),
    "naive-change": lambda inputs, counts: naive_change(counts),
}


def series(inputs: Inputs) -> pd.DataFrame:
    """``month, crimes, exposure_days, window, provisional``: hot spots together, months that every hot spot has."""
    found = inputs.area_months()
    return found.assign(
        window=[_window(inputs, month) for month in found["month"]],
        provisional=[is_provisional(month, inputs.provisional_from) for month in found["month"]],
    )


def _window(inputs: Inputs, month: str) -> str:
    """The window that holds the whole month, "part" where one or both hold some days of it, else ""."""
    whole, windows = month_period(month), (("before", inputs.before), ("during", inputs.during))
    days = {name: period.overlap_days(whole) for name, period in windows if period}
    inside = next((name for name, held in days.items() if held == whole.days), "")
    return inside or ("part" if any(days.values()) else "")


def season(inputs: Inputs) -> pd.DataFrame:
    """``calendar_month`` (1-12), ``window``, ``rate``: crimes per 30 hot spot-days in that month of the year."""
    cells = inputs.cells.dropna(subset=["crimes"])
    month = cells["month"].str[-2:].astype(int)
    sums = (
        cells.assign(calendar_month=month)
        .groupby(["window", "calendar_month"], as_index=False)[["crimes", "exposure_days"]]
        .sum()
    )
    sums = sums[sums["exposure_days"] > 0]
    return sums.assign(rate=30 * sums["crimes"].astype(float) / sums["exposure_days"].astype(float))


def candidate_table(inputs: Inputs) -> pd.DataFrame:
    """``place, chosen, recorded, expected``: the "before" months, and what each place had to expect in such months."""
    columns = ["place", "chosen", "recorded", "expected"]
    candidates = candidates_of(inputs)
    if candidates is None:
        return pd.DataFrame(columns=columns)
    spells = spells_of(candidates, list(inputs.cells["hot_spot"].unique()), span_of(inputs.cells))
    if isinstance(spells, str) or spells.counts[spells.chosen, -1].sum() == 0:
        return pd.DataFrame(columns=columns)
    expected = regression_of(spells).expected
    found = pd.DataFrame(
        {"place": spells.places, "chosen": spells.chosen, "recorded": spells.counts[:, -1], "expected": expected}
    )
    return found.sort_values(["recorded", "place"], ascending=[False, True]).reset_index(drop=True)


def tipping_table(main: Result, tipping: TippingPoint | Refusal) -> pd.DataFrame:
    """``comparators, ratio, low, high``: the headline held against comparison places that changed by a ratio."""
    columns = ["comparators", "ratio", "low", "high"]
    if isinstance(main, Refusal) or isinstance(tipping, Refusal):
        return pd.DataFrame(columns=columns)
    end = tipping.estimate - 0.1 if tipping.direction == "lower" else tipping.estimate + 0.1
    steps = np.round(np.linspace(1.0, max(0.1, end), 13), 3)
    rows = [(float(c), main.estimate / c, main.ci_low / c, main.ci_high / c) for c in steps]
    return pd.DataFrame(rows, columns=columns)
