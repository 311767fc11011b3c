"""Planned against delivered: plan and patrol figures put side by side once, for pages, CSV and return."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from data_access import crimes, patrols, trends
from data_access.areas import hot_spots
from data_access.programmes import get_programme
from data_access.remembered import remembered
from domain.filters import Filters
from domain.periods import Period
from domain.roles import Permission
from domain.scope import Scope


@dataclass(frozen=True)
class Delivery:
    """Totals of one period. Minutes are patrol-minutes unless the name says person.

    ``suppressed``: what was delivered may not be shown to this viewer and is missing (NaN), never 0.
    """

    planned_minutes: float
    patrol_minutes: float
    person_minutes: float
    visits: float
    visits_at_dose: float
    visits_with_dose: float
    abstracted_minutes: float
    self_reported_minutes: float
    suppressed: bool = False

    @property
    def delivered_share(self) -> float | None:
        return self.patrol_minutes / self.planned_minutes if self.planned_minutes else None

    @property
    def compliance(self) -> float | None:
        return self.visits_at_dose / self.visits_with_dose if self.visits_with_dose else None


@remembered
def delivery_table(scope: Scope, filters: Filters, by: tuple[str, ...]) -> pd.DataFrame:
    """Columns: *by, patrol and plan sums, ``delivered_share``, ``compliance``, ``gps_share``, ``person_hours`` (fractions, hours).

    ``delivered_share`` is GPS-verified patrol-minutes over planned minutes; ``compliance`` is visits at or over
    the planned dose over all visits; ``gps_share`` is GPS-verified over GPS-verified plus self-reported minutes.
    Outside the operational roles suppressed_* says which columns are hidden in a row.
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
    _carry_hidden(frame)
    if "hot_spot" in by:
        spots = hot_spots(scope, filters.programme).set_index("code")["name"]
        frame["hot_spot_name"] = frame["hot_spot"].map(spots)
    if "provider" in by:
        programme = get_programme(scope, filters.programme)
        names = {patrols.ALL_PROVIDERS: "All providers"}
        frame["provider_name"] = [names.get(code) or programme.provider_name(code) for code in frame["provider"]]
        order = {p.code: i for i, p in enumerate(programme.providers)}
        frame = frame.sort_values(
            list(by), key=lambda s: s.map(order) if s.name == "provider" else s, ignore_index=True
        )
    return frame


def _carry_hidden(frame: pd.DataFrame) -> None:
    """What is worked out from a hidden figure is hidden like it."""
    if "suppressed_visits" not in frame:
        return
    frame["suppressed_compliance"] = frame["suppressed_visits_at_dose"]
    for column in ("delivered_share", "gps_share", "person_hours"):
        frame[f"suppressed_{column}"] = frame["suppressed_patrol_minutes"]


@remembered
def delivery_total(scope: Scope, filters: Filters) -> Delivery:
    """The totals over the filters' period and hot spots; 0 where nothing is loaded, NaN where hidden."""
    row = delivery_table(scope, filters, ()).iloc[0]

    def value(name: str) -> float:
        hidden = bool(row.get(f"suppressed_{name}", False))
        return float("nan") if hidden else 0.0 if pd.isna(row[name]) else float(row[name])

    return Delivery(
        value("planned_minutes"), value("patrol_minutes"), value("person_minutes"), value("visits"),
        value("visits_at_dose"), value("visits_with_dose"), value("abstracted_minutes"), value("self_reported_minutes"),
        suppressed=bool(row.get("suppressed_visits", False)),
    )  # fmt: skip


def overlap_table(scope: Scope, filters: Filters) -> pd.DataFrame:
    """One row: [overlap_minutes, patrol_minutes, share, suppressed]; empty without patrols."""
    total = delivery_total(scope, filters)
    columns = ["overlap_minutes", "patrol_minutes", "share", "suppressed"]
    if total.suppressed:
        return pd.DataFrame([(float("nan"), float("nan"), float("nan"), True)], columns=columns)
    found = patrols.provider_overlap(scope, filters)
    if not found.patrol_minutes:
        return pd.DataFrame(columns=columns)
    if scope.may(Permission.SEE_SMALL_COUNTS):
        return pd.DataFrame([(found.minutes, found.patrol_minutes, found.share, False)], columns=columns)
    minutes = float(round(found.minutes))
    return pd.DataFrame([(minutes, total.patrol_minutes, minutes / total.patrol_minutes, False)], columns=columns)


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
        wanted += [name for name in done if name in {f"suppressed_{column}" for column in wanted}]
        frame = frame.merge(done[wanted], on="hot_spot", how="left")
    return frame.sort_values("position", ignore_index=True)
