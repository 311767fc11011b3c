"""The programme in numbers: before and during the service, cost of presence, dose. Each with unit and window.

Everything comes from the same functions as the pages; nothing here knows what the numbers should be.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from data_access.costs import compared_rates, cost_by_provider
from data_access.crimes import crime_table
from data_access.patrols import coverage, patrol_table, plan_table
from data_access.programmes import AsAt, data_as_at, get_programme
from domain import formats
from domain.filters import Filters
from domain.periods import Period
from domain.programme import Programme, Window
from domain.roles import Permission
from domain.scope import Scope

DOSE_DEFINITION = "GPS-verified patrol-minutes over planned minutes, abstracted minutes included in the plan"
HARM = "crime harm index days"


@dataclass(frozen=True)
class Figure:
    """``value`` None means not available and ``note`` says why; of an estimate it says the range. ``decimals``: as published."""

    key: str
    label: str
    value: float | None
    unit: str
    window: Period | None
    decimals: int
    definition: str = ""
    note: str = ""

    @property
    def rounded(self) -> float | None:
        return None if self.value is None else round(self.value, self.decimals) if self.decimals else round(self.value)

    def as_dict(self) -> dict[str, Any]:
        window = {"from": self.window.start.isoformat(), "to": self.window.end.isoformat()} if self.window else None
        found = {"value": self.value, "rounded": self.rounded, "unit": self.unit, "window": window}
        extras = {"definition": self.definition, "note": self.note}
        return {"label": self.label, **found, **{k: v for k, v in extras.items() if v}}

    def sentence(self) -> str:
        where = f", {formats.period(self.window)}" if self.window else ""
        text = formats.number(self.value, self.decimals) if self.value is not None else formats.UNAVAILABLE
        unit = self.unit if self.unit.startswith("%") else f" {self.unit}"
        return f"{self.label}: {text}{unit}{where}{f' ({self.note})' if self.note else ''}"


@dataclass(frozen=True)
class Headline:
    programme: str
    name: str
    demonstration: bool
    before: Window | None
    during: Window | None
    figures: tuple[Figure, ...]
    notes: tuple[str, ...]
    as_at: AsAt

    def figure(self, key: str) -> Figure:
        return next(f for f in self.figures if f.key == key)

    def as_dict(self) -> dict[str, Any]:
        """JSON-serialisable; figures by key, each with value, rounded (as published), unit and window."""
        as_at = {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in asdict(self.as_at).items()}
        return {
            "programme": self.programme,
            "name": self.name,
            "demonstration": self.demonstration,
            "windows": {"before": _window(self.before), "during": _window(self.during)},
            "figures": {f.key: f.as_dict() for f in self.figures},
            "notes": list(self.notes),
            "data_as_at": as_at,
            "data_sha256": self.as_at.data_sha256,
        }


def _window(window: Window | None) -> dict[str, Any] | None:
    if window is None:
        return None
    p = window.period
    return {"label": window.label, "from": p.start.isoformat(), "to": p.end.isoformat(), "days": p.days}


def headline(scope: Scope, code: str) -> Headline:
    """Crimes and harm before and during, cost per minute by provider, dose delivered, each with its window."""
    scope.require(Permission.VIEW_OVERVIEW)
    programme = get_programme(scope, code)
    notes: list[str] = []
    figures: list[Figure] = []
    if programme.before and programme.during:
        figures += _before_and_during(scope, programme, notes)
    else:
        notes.append("The programme sets no before and during windows, so nothing is compared.")
    if programme.during:
        filters = Filters(code, programme.during.period)
        figures += _costs(scope, filters, notes) + _dose(scope, programme, filters, notes)
    overlap = programme.baseline_overlap_days()
    if overlap:
        notes.append(
            f"The service was already live on {overlap} days of the window before, so the comparison is not with "
            "a time without it."
        )
    window = programme.before.period if programme.before else None
    figures.append(Figure("baseline_overlap_days", "Baseline days with the service live", overlap, "days", window, 0))
    return Headline(
        code, programme.name, programme.demonstration, programme.before, programme.during, tuple(figures),
        tuple(dict.fromkeys(notes)), data_as_at(scope, code),
    )  # fmt: skip


def _value(raw: Any) -> float | None:
    """A plain number; whole ones as int, missing ones as None."""
    if raw is None or pd.isna(raw):
        return None
    number = float(raw)
    return int(number) if number.is_integer() and math.isfinite(number) else number


def _before_and_during(scope: Scope, programme: Programme, notes: list[str]) -> list[Figure]:
    found: dict[str, dict[str, float | None]] = {}
    figures = []
    for name, window in (("before", programme.before), ("during", programme.during)):
        assert window is not None  # noqa: S101 - the caller has checked; mypy has not
        frame = crime_table(scope, Filters(programme.code, window.period))
        notes.extend(frame.attrs["notes"])
        row, period = frame.iloc[0], frame.attrs["period"]
        scored = _value(row["crimes"] - row["not_scored"])
        harm = _value(row["harm_days"])
        per_crime = harm / scored if harm is not None and scored else None
        found[name] = {"crimes": _value(row["crimes"]), "harm": harm, "harm_per_crime": per_crime}
        why = "counts under 5 are not shown to your role" if row["suppressed"] else ""
        figures += [
            Figure(f"crimes_{name}", f"Recorded crimes {name}", found[name]["crimes"], "crimes", period, 0, note=why),
            Figure(f"harm_days_{name}", f"Harm {name}", harm, HARM, period, 0, note=why),
            Figure(
                f"harm_per_crime_{name}", f"Harm per crime {name}", per_crime, f"{HARM} per scored crime", period, 1
            ),
            Figure(f"not_scored_{name}", f"Crimes not scored {name}", _value(row["not_scored"]), "crimes", period, 0),
        ]
    words = {"crimes": "recorded crimes", "harm": "harm", "harm_per_crime": "harm per crime"}
    for key, word in words.items():
        then, now = found["before"][key], found["during"][key]
        change = 100 * (now - then) / then if then and now is not None else None
        figures.append(Figure(f"{key}_change_percent", f"Change in {word}", change, "%", period, 0))
    return figures


def _costs(scope: Scope, filters: Filters, notes: list[str]) -> list[Figure]:
    rates = cost_by_provider(scope, filters)
    notes.extend(rates.attrs["notes"])
    period, figures = rates.attrs["period"], []
    for row in rates.itertuples():
        minute, hour = _value(row.cost_per_patrol_minute_gbp), _value(row.cost_per_person_hour_gbp)
        why = "" if minute is not None else "no spend or no tracked minutes in the window"
        figures += [
            Figure(
                f"cost_per_patrol_minute_gbp:{row.provider}", f"{row.provider_name}, cost", minute,
                "£ per patrol-minute in hot spots", period, 2, note=why,
            ),
            Figure(
                f"cost_per_person_hour_gbp:{row.provider}", f"{row.provider_name}, cost", hour,
                "£ per person-hour in hot spots", period, 2, note=why,
            ),
        ]  # fmt: skip
    compared = compared_rates(scope, filters, rates)
    notes.extend(n for n in compared.attrs["notes"] if n not in notes)
    for row in compared.itertuples():
        figures.append(Figure(
            f"percent_cheaper:{row.provider}", f"{row.provider_name}, cheaper per patrol-minute than {row.reference_name}",
            100 * row.percent_cheaper, "%", period, 1, note=_range(row),
        ))  # fmt: skip
    return figures


def _range(row: Any) -> str:
    """Of a comparison with estimates in it; "" where every tracker is dense."""
    low, high = _value(row.percent_cheaper_low), _value(row.percent_cheaper_high)
    if low is None or high is None:
        return ""
    return f"like for like, 95% range {formats.number(100 * low, 1)} to {formats.number(100 * high, 1)}%"


def _dose(scope: Scope, programme: Programme, filters: Filters, notes: list[str]) -> list[Figure]:
    done = patrol_table(scope, filters, ("provider",))
    plan = plan_table(scope, filters, ("provider",))
    period = done.attrs["period"]
    notes.extend(done.attrs["notes"] + plan.attrs["notes"])
    both = plan.merge(done, on="provider", how="left")
    both = both[both["planned_minutes"] > 0]
    figures = []
    for row in both.itertuples():
        figures += _dose_figures(
            f":{row.provider}", programme.provider_name(row.provider), row.planned_minutes, row.patrol_minutes, period
        )
    planned = both["planned_minutes"].sum() if len(both) else None
    # A provider with a plan but without trackers is left out of the sum's numerator: it delivered nothing verified.
    overall = both["patrol_minutes"].sum(min_count=1) if len(both) else None
    figures += _dose_figures("", "All providers with a plan", planned, overall, period)
    days = coverage(scope, filters)
    figures.append(Figure(
        "coverage_percent", "Hot spot-days with any patrol", None if days.share is None else 100 * days.share,
        "% of hot spot-days", period, 0, note="" if days.share is not None else "no tracker files cover the window",
    ))  # fmt: skip
    return figures


def _dose_figures(suffix: str, who: str, planned: Any, done: Any, period: Period) -> list[Figure]:
    planned, done = _value(planned), _value(done)
    share = 100 * done / planned if planned and done is not None else None
    why = "" if share is not None else "no plan or no tracker files in the window"
    return [
        Figure(f"planned_minutes{suffix}", f"{who}, planned", planned, "minutes", period, 0, note=why if planned is None else ""),
        Figure(f"patrol_minutes{suffix}", f"{who}, delivered", done, "patrol-minutes", period, 0, note=why if done is None else ""),
        Figure(f"dose_delivered_percent{suffix}", f"{who}, dose delivered", share, "% of planned minutes", period, 0, DOSE_DEFINITION, why),
    ]  # fmt: skip
