"""Planned against delivered: plan and patrol figures put side by side once, for pages, CSV and return."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from data_access import crimes, patrols, trends
from data_access.areas import hot_spots
from data_access.programmes import get_programme
from domain.filters import Filters
from domain.periods import Period
from domain.roles import Permission
from domain.scope import Scope


@dataclass(frozen=True)
class Delivery:
    """Totals of one period. Minutes are patrol-minutes unless the name says person."""

    planned_minutes: float
    patrol_minutes: float
    person_minutes: float
    visits: int
    visits_at_dose: int
    visits_with_dose: int
    abstracted_minutes: float
    self_reported_minutes: float

    @property
    def delivered_share(self) -> float | None:
        return self.patrol_minutes / self.planned_minutes if self.planned_minutes else None

    @property
    def compliance(self) -> float | None:
        return self.visits_at_dose / self.visits_with_dose if self.visits_with_dose else None


def delivery_table(scope: Scope, filters: Filters, by: tuple[str, ...]) -> pd.DataFrame:
    """Columns: *by, patrol and plan sums, ``delivered_share``, ``compliance``, ``gps_share``, ``person_hours`` (fractions, hours).

    ``delivered_share`` is GPS-verified patrol-minutes over planned minutes; ``compliance`` is visits at or over
    the planned dose over all visits; ``gps_share`` is GPS-verified over GPS-verified plus self-reported minutes.
    """
    done, planned = patrols.patrol_table(scope, filters, by), patrols.plan_table(scope, filters, by)
    if by:
        names = [c for c in ("hot_spot_name", "provider_name") if c in planned and c in done]
        frame = done.merge(planned.drop(columns=names), on=list(by), how="outer")
    else:
        frame = pd.concat([done, planned], axis=1)
    frame.attrs["notes"] = [*done.attrs.get("notes", ()), *planned.attrs.get("notes", ())]
    frame["delivered_share"] = (frame["patrol_minutes"] / frame["planned_minutes"]).where(frame["planned_minutes"] > 0)
    frame["compliance"] = (frame["visits_at_dose"] / frame["visits_with_dose"]).where(frame["visits_with_dose"] > 0)
    counted = frame["patrol_minutes"] + frame["self_reported_minutes"].fillna(0.0)
    frame["gps_share"] = (frame["patrol_minutes"] / counted).where(counted > 0)
    frame["person_hours"] = frame["person_minutes"] / 60
    if "hot_spot" in by:
        spots = hot_spots(scope, filters.programme).set_index("code")["name"]
        frame["hot_spot_name"] = frame["hot_spot"].map(spots)
    if "provider" in by:
        programme = get_programme(scope, filters.programme)
        frame["provider_name"] = frame["provider"].map(programme.provider_name)
        order = {p.code: i for i, p in enumerate(programme.providers)}
        frame = frame.sort_values(
            list(by), key=lambda s: s.map(order) if s.name == "provider" else s, ignore_index=True
        )
    return frame


def delivery_total(scope: Scope, filters: Filters) -> Delivery:
    """The totals over the filters' period and hot spots; 0 where nothing is loaded."""
    row = delivery_table(scope, filters, ()).fillna(0.0).iloc[0]
    return Delivery(
        float(row["planned_minutes"]), float(row["patrol_minutes"]), float(row["person_minutes"]), int(row["visits"]),
        int(row["visits_at_dose"]),
        int(row["visits_with_dose"]), float(row["abstracted_minutes"]), float(row["self_reported_minutes"]),
    )  # fmt: skip


def overlap_table(scope: Scope, filters: Filters) -> pd.DataFrame:
    """One row: [overlap_minutes, patrol_minutes, share]; empty without patrols."""
    found = patrols.provider_overlap(scope, filters)
    rows = [(found.minutes, found.patrol_minutes, found.share)] if found.patrol_minutes else []
    return pd.DataFrame(rows, columns=["overlap_minutes", "patrol_minutes", "share"])


def hot_spot_measures(scope: Scope, filters: Filters, comparison: Period) -> pd.DataFrame:
    """One row a hot spot, every measure the map can show; the order is the programme's own numbering.

    Columns: hot_spot, hot_spot_name, position, geometry, area_m2, crimes, crimes_then, change, harm_days,
    harm_per_crime, asb_incidents, patrol_minutes, planned_minutes, delivered_share, visits, suppressed.
    """
    spots = hot_spots(scope, filters.programme)
    if filters.hot_spots:
        spots = spots[spots["code"].isin(filters.hot_spots)]
    spots = spots.rename(columns={"code": "hot_spot", "name": "hot_spot_name"})[
        ["hot_spot", "hot_spot_name", "position", "geometry", "area_m2"]
    ]
    now = crimes.crime_table(scope, filters, ("hot_spot",)).drop(columns="hot_spot_name", errors="ignore")
    frame = spots.merge(now, on="hot_spot", how="left")
    loaded = set(trends.months_loaded(scope, filters.programme))
    if set(comparison.months()) <= loaded:
        then = crimes.crime_table(scope, filters.with_period(comparison), ("hot_spot",))
        frame = frame.merge(
            then[["hot_spot", "crimes", "suppressed"]].rename(
                columns={"crimes": "crimes_then", "suppressed": "suppressed_crimes_then"}
            ),
            on="hot_spot",
            how="left",
        )
    else:
        frame["crimes_then"] = float("nan")
    frame["change"] = (frame["crimes"] / frame["crimes_then"] - 1).where(frame["crimes_then"] > 0)
    scored = frame["crimes"] - frame["not_scored"]
    frame["harm_per_crime"] = (frame["harm_days"] / scored).where(scored > 0)
    frame.loc[~(scored > 0), "harm_days"] = float("nan")
    if scope.may(Permission.VIEW_PATROLS):
        done = delivery_table(scope, filters, ("hot_spot",))
        wanted = ["hot_spot", "patrol_minutes", "planned_minutes", "delivered_share", "visits"]
        frame = frame.merge(done[wanted], on="hot_spot", how="left")
    return frame.sort_values("position", ignore_index=True)
