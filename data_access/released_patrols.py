"""Patrols as funders and partners may see them: small counts of visits hidden, months only once they are over.

Providers are released for all hot spots together and hot spots for all providers together (as places and offence
groups are, see disclosure): crossed, the rows of a month would be a handful of visits of a few people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd

from data_access import released
from data_access.disclosure import SUPPRESS_BELOW
from data_access.engine import utc_now
from data_access.reading import Covered, Opened, pings_covered, viewer_period, whole_months
from data_access.visit_rows import COUNTS, MINUTES
from domain import formats
from domain.filters import Filters
from domain.periods import Period, month_of, month_period
from domain.roles import Permission

ALL_PROVIDERS = "all providers"
_DOSE = ("visits", "visits_at_dose")
PATROLS = released.Measures(
    counts=_DOSE,
    hidden_by={**dict.fromkeys([*MINUTES, "visits"], ("visits",)), "visits_with_dose": _DOSE, "visits_at_dose": _DOSE},
    what="hot spots and providers",
)
HIDDEN_NOTE = f"Counts of 1 to {SUPPRESS_BELOW - 1} visits are not shown to your role, nor what would tell them."


def is_protected(o: Opened) -> bool:
    return not o.scope.may(Permission.SEE_SMALL_COUNTS)


def patrol_period(o: Opened, period: Period) -> Period:
    """``viewer_period`` of patrols. Outside SEE_DAYS months that are not over are left out and said: whoever came back
    every day could subtract yesterday's figures."""
    found = viewer_period(o, period, False)
    if o.scope.may(Permission.SEE_DAYS):
        return found
    last = pings_covered(o).last_day
    held = [m for m in found.months() if not _is_over(m, last)]
    over = [m for m in found.months() if m not in held]
    if not held or held[0] > month_of(utc_now().date()):
        return found  # months to come hold no patrols, and their plan is no secret
    said = formats.joined([formats.month(m) for m in held])
    o.notes.append(
        f"Your role sees patrols of a month once it is over; {said} {'is' if len(held) == 1 else 'are'} not."
    )
    wide = whole_months(found)
    return Period(wide.start, month_period(over[-1]).end) if over else wide


def _is_over(month: str, last_day: date | None) -> bool:
    end = month_period(month).end
    return end < utc_now().date() or (last_day is not None and last_day >= end)


def months_over(cover: Covered) -> Covered:
    """The coverage without the months that are not over."""
    months = {m for p in cover.periods for m in p.months() if _is_over(m, cover.last_day)}
    return replace(cover, periods=tuple(month_period(m) for m in sorted(months)))


def chosen_spots(o: Opened, filters: Filters) -> tuple[str, ...]:
    """The hot spots asked for; none when they are all of them."""
    every = set(o.areas()["code"])
    return () if every <= set(filters.hot_spots) else tuple(c for c in filters.hot_spots if c in every)


def crosses(o: Opened, filters: Filters, by: tuple[str, ...]) -> bool:
    """Whether providers are asked for by hot spot: they are then shown together."""
    return is_protected(o) and "provider" in by and ("hot_spot" in by or bool(chosen_spots(o, filters)))


def table(
    o: Opened, filters: Filters, period: Period, by: tuple[str, ...], provider: str | None, count: released.Count,
    levels: Callable[[str], list[Any]],
) -> pd.DataFrame:  # fmt: skip
    """[*by, minutes (whole), counts, suppressed_*]: released cells, in the order of ``levels`` of each dimension.

    ``count`` gives exact figures of all hot spots and providers for a period and dimensions.
    """
    spots, merged = chosen_spots(o, filters), crosses(o, filters, by)
    inner = tuple(d for d in by if not (merged and d == "provider"))
    dims = [
        d for d, on in (("hot_spot", spots or "hot_spot" in by), ("provider", provider or "provider" in inner)) if on
    ]
    cover = months_over(pings_covered(o))
    family = released.build(count, cover, o.programme, dims[0] if dims else None, PATROLS)
    chosen = spots or ((provider,) if provider else ())
    frame = released.table(family, dims[0] if dims else None, inner, chosen, period, o.notes)
    if len(dims) > 1:  # one provider in some hot spots: nothing that is released
        frame[list(PATROLS.columns)] = float("nan")
    if inner:
        rows = pd.MultiIndex.from_product([levels(d) for d in inner], names=inner).to_frame(index=False)
        frame = rows.merge(frame, on=list(inner), how="left")
    if merged:
        frame.insert(by.index("provider"), "provider", ALL_PROVIDERS)
        o.notes.append("Your role sees providers for all hot spots together only, so they are one row here.")
    return _finish(o, frame, cover, period)


def _finish(o: Opened, frame: pd.DataFrame, cover: Covered, period: Period) -> pd.DataFrame:
    months = [m for m in whole_months(period).months() if cover.has_month(m)]
    known = frame["month"].isin(months) if "month" in frame else pd.Series(bool(months), index=frame.index)
    for column in PATROLS.columns:
        frame[column] = frame[column].astype(float).where(known)
        frame[f"suppressed_{column}"] = frame[column].isna() & known
    frame[MINUTES] = frame[MINUTES].round()
    if frame[[f"suppressed_{c}" for c in COUNTS]].any(axis=None):
        o.notes.append(HIDDEN_NOTE)
    # The middle visit's exact length is one visit's.
    frame["median_visit_minutes"] = float("nan")
    frame["suppressed_median_visit_minutes"] = known
    return frame.drop(columns="suppressed", errors="ignore")
