"""Monthly series with their limits, and the sentences that say what they show.

The XmR limits come from a frozen baseline: the 24 months before the service went live, or the first 24
months loaded where there is no service. Months that the data do not wholly cover are left out.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.evaluation.monitoring.xmr import Signal, xmr
from data_access.crimes import crime_table
from data_access.loads import undersupplied_months
from data_access.programmes import get_programme
from data_access.reading import crimes_covered, opened
from data_access.remembered import remembered
from domain import formats
from domain.filters import Filters
from domain.periods import Period, add_months, month_end, month_of, parse_month
from domain.programme import Programme
from domain.roles import Permission
from domain.scope import Scope

BASELINE_MONTHS = 24
MINIMUM_BASELINE = 12
UNSTEADY_SHARE = 1 / 3  # of the baseline's months flagged by its own limits


def whole_months(filters: Filters) -> Filters:
    """The filters widened to whole months: a part month beside whole ones would read as a fall."""
    period = filters.period
    return filters.with_period(Period(period.start.replace(day=1), month_end(period.end.replace(day=1))))


def _with_rates(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.copy()
    frame["scored"] = frame["crimes"] - frame["not_scored"]
    frame["harm_per_crime"] = (frame["harm_days"] / frame["scored"]).where(frame["scored"] > 0)
    frame.loc[frame["scored"] <= 0, "harm_days"] = float("nan")
    return frame


def baseline_months(programme: Programme, months: list[str]) -> list[str]:
    """The months the limits are worked out from; frozen, so that later months cannot move them."""
    if programme.service_live_from:
        last = month_of(add_months(programme.service_live_from.replace(day=1), -1))
        return [m for m in months if m <= last][-BASELINE_MONTHS:]
    return months[:BASELINE_MONTHS]


def limits_caption(programme: Programme) -> str:
    """How the dotted limits were made, or that there are none."""
    when = "before the service went live" if programme.service_live_from else "loaded first"
    return (
        f"Dotted lines are the limits of ordinary month-to-month variation (XmR: mean ± 2.66 mean moving ranges) over up to {BASELINE_MONTHS} months {when}; "
        "a diamond marks a month or run that ordinary variation would seldom give. Limits are not drawn with fewer than 12 such months."
    )


@remembered
def months_loaded(scope: Scope, code: str) -> list[str]:
    """Months that a load of recorded crime covers, first to last: what period controls offer."""
    with opened(scope, code, Permission.OWN_ACCOUNT) as o:
        return sorted({m for period in crimes_covered(o).periods for m in period.months()})


@remembered
def monthly(scope: Scope, filters: Filters) -> pd.DataFrame:
    """Crimes, ASB incidents, harm and XmR limits by whole month.

    Columns: month, crimes, asb_incidents, harm_days, harm_per_crime, not_scored, scored, centre, lower, upper, signal.
    """
    whole = whole_months(filters)
    counted = crime_table(scope, whole, ("month",))
    frame = _with_rates(counted)
    frame.attrs["notes"] = [*_widened(filters, whole), *counted.attrs.get("notes", ())]
    limits = _limits(scope, filters)
    for name in ("centre", "lower", "upper"):
        frame[name] = limits.get(name, float("nan"))
    frame["signal"] = frame["month"].isin(limits.get("flagged", ()))
    frame.attrs["no_limits"] = limits.get("reason", "")
    frame.attrs["unsteady"] = limits.get("unsteady", False)
    return frame


def _limits(scope: Scope, filters: Filters) -> dict[str, Any]:
    """XmR limits of the frozen baseline and the months they flag; worked out over all months, whatever is shown."""
    loaded = months_loaded(scope, filters.programme)
    base = baseline_months(get_programme(scope, filters.programme), loaded)
    if len(base) < MINIMUM_BASELINE:
        return {"reason": "too few earlier months are loaded to say what ordinary variation is"}
    whole = Period(parse_month(base[0]), month_end(parse_month(loaded[-1])))
    series = crime_table(scope, filters.with_period(whole), ("month",))
    if series["crimes"].isna().any():
        hidden = series["suppressed"].any()
        why = "some months are hidden from your role" if hidden else "some months are not loaded"
        return {"reason": f"{why}, so ordinary variation is not worked out"}
    chart = xmr([float(v) for v in series["crimes"]], baseline=len(base))
    flagged = {m for m, signal in zip(series["month"], chart.signals, strict=True) if signal != Signal.COMMON_CAUSE}
    # Limits describe ordinary variation only if the months they are made from were steady themselves.
    unsteady = sum(m in flagged for m in base) > UNSTEADY_SHARE * len(base)
    lower = max(chart.lower, 0.0)
    return {"centre": chart.centre, "lower": lower, "upper": chart.upper, "flagged": flagged, "unsteady": unsteady}


def _widened(filters: Filters, whole: Filters) -> list[str]:
    if whole.period == filters.period:
        return []
    return [
        f"Whole months are drawn ({formats.period(whole.period)}), so they hold more than {formats.period(filters.period)} alone."
    ]


def monthly_with_harm(scope: Scope, filters: Filters) -> pd.DataFrame:
    """The monthly frame, or an empty one where no crime is scored: no harm is shown without weights."""
    frame = monthly(scope, filters)
    return frame if frame["harm_days"].notna().any() else frame.iloc[0:0]


def monthly_by_hot_spot(scope: Scope, filters: Filters) -> pd.DataFrame:
    """month, hot_spot, hot_spot_name, crimes, asb_incidents (suppressed as the viewer's role demands)."""
    return crime_table(scope, whole_months(filters), ("month", "hot_spot"))


def monthly_by_group(scope: Scope, filters: Filters) -> pd.DataFrame:
    """month, offence_group, crimes; ASB incidents appear as their own group."""
    return _incidents_as_group(crime_table(scope, whole_months(filters), ("month", "offence_group")))


def _incidents_as_group(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.copy()
    asb = frame["asb_incidents"].fillna(0) > 0
    frame.loc[asb & (frame["crimes"].fillna(0) == 0), "crimes"] = frame["asb_incidents"]
    return frame


def by_offence_group(scope: Scope, filters: Filters, comparison: Period) -> pd.DataFrame:
    """offence_group, crimes, crimes_then, change (fraction); largest first."""
    now = _incidents_as_group(crime_table(scope, filters, ("offence_group",)))
    then = _incidents_as_group(crime_table(scope, filters.with_period(comparison), ("offence_group",)))
    then = then[["offence_group", "crimes", "suppressed"]].rename(
        columns={"crimes": "crimes_then", "suppressed": "suppressed_crimes_then"}
    )
    both = now.merge(then, on="offence_group", how="outer")
    covered = _covered(scope, filters.programme, comparison)
    # A group that one period never saw is a true zero there, unless it is hidden or not loaded.
    for column, flag, known in (("crimes", "suppressed", True), ("crimes_then", "suppressed_crimes_then", covered)):
        hidden = both[flag].fillna(False).astype(bool)
        both[column] = both[column].astype(float).where(both[column].notna() | hidden, 0.0) if known else float("nan")
        both[flag] = hidden
    both["change"] = (both["crimes"] / both["crimes_then"] - 1).where(both["crimes_then"] > 0)
    return both.sort_values("crimes", ascending=False, na_position="last", ignore_index=True)


def _covered(scope: Scope, code: str, period: Period) -> bool:
    """Whether data are loaded for every month of the period: an unloaded year is not a year without crime."""
    loaded = set(months_loaded(scope, code))
    return bool(loaded) and set(period.months()) <= loaded


@remembered
def totals(scope: Scope, filters: Filters) -> dict[str, float]:
    """crimes, harm_days, scored, harm_per_crime, not_scored, asb_incidents over the period; NaN where not loaded."""
    if not _covered(scope, filters.programme, filters.period):
        return dict.fromkeys(
            ("crimes", "harm_days", "scored", "harm_per_crime", "not_scored", "asb_incidents"), float("nan")
        )
    row = _with_rates(crime_table(scope, filters, ())).iloc[0]
    return {
        k: float(row[k]) for k in ("crimes", "harm_days", "scored", "harm_per_crime", "not_scored", "asb_incidents")
    }


def change_sentence(scope: Scope, filters: Filters, comparison: Period, key: str, what: str, unit: str) -> str:
    """Now, then and the difference, with no word of effect; says why when there is nothing to compare."""
    now, then = totals(scope, filters)[key], totals(scope, filters.with_period(comparison))[key]
    decimals = 1 if key == "harm_per_crime" else 0
    if now != now:
        return f"{what} cannot be given for {formats.period(filters.period)}: not every month is loaded, or no crime is scored."
    first = f"{what} was {formats.number(now, decimals)} {unit} in {formats.period(filters.period)}"
    if then != then or then == 0:
        return f"{first}. There is nothing to compare it with: {formats.period(comparison)} is not wholly loaded."
    move = formats.signed_percent(now / then - 1)
    move = "about the same" if move == formats.LOW else move
    return f"{first}, against {formats.number(then, decimals)} in {formats.period(comparison)} ({move})."


def crimes_sentence(frame: pd.DataFrame, programme: Programme, filters: Filters) -> str:
    """How many months of the last twelve lie outside ordinary variation."""
    if frame["upper"].isna().all():
        hidden = frame["crimes"].isna().any()
        total = (
            ""
            if hidden
            else f"{formats.number(float(frame['crimes'].sum()))} recorded crimes in {formats.period(whole_months(filters).period)}; "
        )
        reason = frame.attrs.get("no_limits") or "ordinary variation is not worked out"
        text = f"{total}{reason}."
        return text[0].upper() + text[1:]
    recent = frame.tail(12)
    low = int((recent["crimes"] < recent["lower"]).sum())
    high = int((recent["crimes"] > recent["upper"]).sum())
    runs = int(recent["signal"].sum()) - low - high
    span = f"the last {len(recent)} months shown ({formats.month(recent['month'].iloc[0])} to {formats.month(recent['month'].iloc[-1])})"
    if not low and not high and runs <= 0:
        return f"In {span} there is no change that ordinary month-to-month variation would not explain."
    parts = []
    if low:
        parts.append(f"{low} {'lies' if low == 1 else 'lie'} below the lower limit")
    if high:
        parts.append(f"{high} {'lies' if high == 1 else 'lie'} above the upper limit")
    if runs > 0:
        parts.append(f"{runs} {'belongs' if runs == 1 else 'belong'} to a run on one side of the mean or a trend")
    said = f"Of {span}, {formats.joined(parts)}."
    if frame.attrs.get("unsteady"):
        return (
            f"{said} But the earlier months were not steady themselves, so these limits are a weak guide; "
            "the evaluation allows for such drift. A chart cannot say why."
        )
    return f"{said} That is more than ordinary variation would usually give; a chart cannot say why."


def spread_sentence(frame: pd.DataFrame, area_word: str) -> str:
    """The largest and smallest totals among hot spots."""
    sums = frame.groupby("hot_spot_name")["crimes"].sum(min_count=1).sort_values(ascending=False)
    if len(sums) < 2:
        return f"{formats.number(float(sums.iloc[0]))} recorded crimes."
    hidden = (
        " Some months are suppressed for your role, so totals by place are not given here."
        if frame["crimes"].isna().any()
        else ""
    )
    if hidden:
        return f"Monthly counts of {len(sums)} {area_word}.{hidden}"
    top, share = sums.index[0], sums.iloc[0] / sums.sum() if sums.sum() else 0
    return f"{top} has most: {formats.number(float(sums.iloc[0]))} of {formats.number(float(sums.sum()))} recorded crimes ({formats.percent(float(share))}); {sums.index[-1]} has fewest ({formats.number(float(sums.iloc[-1]))})."


def group_sentence(frame: pd.DataFrame) -> str:
    known = frame.dropna(subset=["crimes"])
    if known.empty:
        return "Every group is suppressed for your role in this period."
    top = known.iloc[0]
    text = f"The largest group is {str(top['offence_group']).lower()}: {formats.number(float(top['crimes']))}"
    return text + (
        f", against {formats.number(float(top['crimes_then']))} in the comparison period."
        if top["crimes_then"] == top["crimes_then"]
        else "; the comparison period is not wholly loaded."
    )


def largest_group_sentence(frame: pd.DataFrame) -> str:
    sums = frame.groupby("offence_group")["crimes"].sum(min_count=1).dropna().sort_values(ascending=False)
    if sums.empty:
        return "Every monthly count by group is suppressed for your role."
    return f"{len(sums)} groups; the largest is {str(sums.index[0]).lower()}."


def supply_warnings(scope: Scope, code: str) -> list[str]:
    """One sentence a month whose extract looks short of rows."""
    return [str(item[-1]) for item in undersupplied_months(scope, code)]
