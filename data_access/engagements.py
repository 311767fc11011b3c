"""What happened during patrols: enforcement and engagement counts, one measure a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy import func, select

from data_access import schema
from data_access.reading import (
    Opened,
    check_dims,
    covered,
    finished,
    named,
    note_gaps,
    opened,
    viewer_period,
    zero_filled,
)
from data_access.remembered import remembered
from domain.filters import Filters
from domain.measures import BY_CODE, MEASURES
from domain.periods import Period, month_of
from domain.roles import Permission
from domain.scope import Scope

DIMS = ("month", "provider", "hot_spot", "measure")
NO_HOT_SPOT = ""  # recorded without a hot spot

_engagement = schema.engagement.c


@remembered
def engagement_table(
    scope: Scope, filters: Filters, by: Sequence[str] = ("measure",), *, measures: Sequence[str] = ()
) -> pd.DataFrame:
    """Counts of each measure: [*by, section, label, count].

    ``by`` must name measure, because measures do not add up; it may add month, provider and hot_spot (code,
    empty where none was recorded). Measures that the programme has never reported are absent (they are not
    available, not zero); those it has are zero-filled. Operational roles only: most counts are below five.
    """
    by = tuple(by)
    check_dims(by, DIMS)
    if "measure" not in by:
        raise ValueError(f"by={by}: “measure” is needed, because different measures do not add up.")
    with opened(scope, filters.programme, Permission.VIEW_OVERVIEW, Permission.SEE_SMALL_COUNTS) as o:
        period = viewer_period(o, filters.period, False)
        held = _measures_held(o, measures)
        cells, levels = _cells(o, period, held)
        if filters.hot_spots and (cells["hot_spot"] == NO_HOT_SPOT).any():
            o.notes.append("Counts recorded without a hot spot are left out, because hot spots are chosen.")
        frame = _filled(o, cells, {**levels, "measure": held}, by, filters, period)
        frame.insert(len(by), "section", [_of(m, "section") for m in frame["measure"]])
        frame.insert(len(by) + 1, "label", [_of(m, "label") for m in frame["measure"]])
        note_gaps(o, _covered(o), period, "engagement counts")
        return finished(named(frame, o.areas()), o, period)


def _of(measure: str, what: str) -> str:
    return str(getattr(BY_CODE[measure], what)) if measure in BY_CODE else measure


def _covered(o: Opened) -> Any:
    return covered(o, ("engagements",), _engagement.local_date)


def _measures_held(o: Opened, wanted: Sequence[str]) -> list[str]:
    query = select(_engagement.measure).where(_engagement.programme_id == o.programme_id).distinct()
    found = set(o.conn.execute(query).scalars())
    order = [m.code for m in MEASURES]
    return [m for m in [*order, *sorted(found - set(order))] if m in found and (not wanted or m in wanted)]


def _cells(o: Opened, period: Period, held: Sequence[str]) -> tuple[pd.DataFrame, dict[str, list[Any]]]:
    areas = o.areas()
    frame = o.frame(
        select(
            _engagement.measure, _engagement.local_date, _engagement.provider, _engagement.area_id,
            func.sum(_engagement.count).label("count"),
        )
        .where(
            _engagement.programme_id == o.programme_id,
            _engagement.local_date.between(period.start, period.end),
            _engagement.measure.in_(held),
        )
        .group_by(_engagement.measure, _engagement.local_date, _engagement.provider, _engagement.area_id)
    )  # fmt: skip
    codes = dict(zip(areas["id"], areas["code"], strict=True))
    frame["hot_spot"] = [codes.get(i, NO_HOT_SPOT) for i in frame["area_id"]]
    frame["month"] = [month_of(day) for day in frame["local_date"]]
    known = [p.code for p in o.programme.providers]
    levels: dict[str, list[Any]] = {
        "month": period.months(),
        "provider": known + sorted(set(frame["provider"]) - set(known)),
        "hot_spot": list(areas["code"]) + ([NO_HOT_SPOT] if (frame["hot_spot"] == NO_HOT_SPOT).any() else []),
    }
    return frame, levels


def _filled(
    o: Opened, cells: pd.DataFrame, levels: dict[str, list[Any]], by: tuple[str, ...], filters: Filters, period: Period
) -> pd.DataFrame:
    """Every measure held, with its zeros, measure by measure."""
    columns = [*by, "count"]
    if not levels["measure"]:
        return pd.DataFrame(columns=columns)
    own = cells[cells["hot_spot"].isin(filters.hot_spots)] if filters.hot_spots else cells
    wanted = {**levels, "hot_spot": list(filters.hot_spots) or levels["hot_spot"]}
    order = ("measure", *(d for d in by if d != "measure"))
    frame = zero_filled(own, order, {d: wanted[d] for d in order}, ["count"], _covered(o), period)
    if not frame["count"].isna().any():
        frame["count"] = frame["count"].astype("int64")
    return frame[columns]
