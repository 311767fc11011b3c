"""Blocks of Delivery and data quality: was the service delivered, and are the records of before and during alike?"""

from __future__ import annotations

from functools import partial

import pandas as pd
import plotly.graph_objects as go

from components import figures, palette
from components.block import Block
from components.columns import Column, count, decimal, share, text
from components.figures.series import mark_provisional, mark_service_start
from components.view import View
from data_access import loads
from data_access.delivery import delivery_table
from data_access.evaluation import quality
from domain import formats
from domain.filters import Filters
from domain.periods import Period, parse_month
from domain.roles import Permission

Inspect = partial(Block, permission=Permission.INSPECT_EVALUATION)
NO_DURING = (
    "This programme has no “during” window in its settings, or no plan and tracker files are loaded for it.",
    "Add the windows under [evaluation] in the programme file, or load plans and tracker files (kinds plan and pings).",
)


def _all_months(view: View) -> str:
    return f"{view.defaults.area_name} and around it, every month loaded"


def _during(view: View) -> Period | None:
    return view.programme.during.period if view.programme.during else None


def _filters(view: View, period: Period) -> Filters:
    return Filters(view.programme.code, period)


def _part(count_of: float, whole: float) -> str:
    return (
        f"{formats.number(count_of)} of {formats.number(whole)} ({formats.percent(count_of / whole) if whole else '–'})"
    )


# --- delivery ---------------------------------------------------------------------------------------------


def _months(view: View) -> pd.DataFrame:
    period = _during(view)
    return delivery_table(view.scope, _filters(view, period), ("month",)) if period else pd.DataFrame()


def _months_sentence(frame: pd.DataFrame, view: View) -> str:
    planned, done = float(frame["planned_minutes"].sum()), float(frame["patrol_minutes"].sum())
    if not planned:
        return f"{formats.number(done)} patrol-minutes were delivered; no plan is loaded, so no share can be given."
    known = frame.dropna(subset=["delivered_share"])
    low, high = known.loc[known["delivered_share"].idxmin()], known.loc[known["delivered_share"].idxmax()]
    return (
        f"GPS verifies {_part(done, planned)} of the planned minutes, from {formats.percent(low['delivered_share'])} in "
        f"{formats.month(low['month'])} to {formats.percent(high['delivered_share'])} in {formats.month(high['month'])}."
    )


DOSE = Inspect(
    id="evaluation-delivery-by-month",
    title="Planned and delivered minutes by month",
    frame=_months,
    sentence=_months_sentence,
    caption=lambda view: "All providers together, in the “during” window; minutes are patrol-minutes verified by GPS.",
    columns=lambda view: [
        text("month", "Month", formats.month),
        decimal("planned_minutes", "Planned (minutes)", 0),
        decimal("patrol_minutes", "Delivered (patrol-minutes)", 0),
        share("delivered_share", "Delivered, % of planned"),
        count("visits", "Visits"),
        share("compliance", "Visits at or over planned dose, %"),
        decimal("abstracted_minutes", "Abstracted (minutes)", 0),
        share("gps_share", "GPS-verified, % of all reported"),
    ],
    figure=lambda frame, view: figures.planned_and_delivered(
        periods=[formats.month(m) for m in frame["month"]],
        planned=list(frame["planned_minutes"]),
        delivered=list(frame["patrol_minutes"]),
        unit="patrol-minutes",
    ),
    if_empty=lambda view: NO_DURING,
    why="A service that was not delivered cannot have changed anything, and one that changed in size is several services.",
    misleads=(
        "Walking between hot spots takes time, so 100% of a shift cannot be reached. A tracker left in a vehicle looks like no "
        "patrol, so the true share is likely to be higher than the verified one."
    ),
)


def _spots(view: View) -> pd.DataFrame:
    period = _during(view)
    return quality.coverage_by_hot_spot(view.scope, view.programme.code, period) if period else pd.DataFrame()


def _spots_sentence(frame: pd.DataFrame, view: View) -> str:
    days, known = float(frame["covered_days"].sum()), float(frame["known_days"].sum())
    if not known:
        return "No tracker data are loaded, so it is not known on which days there was a patrol."
    ranked = frame.dropna(subset=["covered_share"]).sort_values("covered_share")
    low, high = ranked.iloc[0], ranked.iloc[-1]
    said = f"There was a patrol on {_part(days, known)} of hot spot-days"
    if len(ranked) == 1:
        return f"{said}."
    return (
        f"{said}, from {formats.percent(low['covered_share'])} in {low['hot_spot_name']} to "
        f"{formats.percent(high['covered_share'])} in {high['hot_spot_name']}."
    )


COVERAGE = Inspect(
    id="evaluation-coverage-by-hot-spot",
    title="Days with a patrol, by hot spot",
    frame=_spots,
    sentence=_spots_sentence,
    caption=lambda view: (
        "Share of days of the “during” window, with tracker data, that had a GPS-verified visit of any provider."
    ),
    columns=lambda view: [
        text("hot_spot_name", "Hot spot"),
        count("covered_days", "Days with a patrol"),
        count("known_days", "Days with tracker data"),
        share("covered_share", "Days with a patrol, %"),
        decimal("planned_minutes", "Planned (minutes)", 0),
        decimal("patrol_minutes", "Delivered (patrol-minutes)", 0),
        share("delivered_share", "Delivered, % of planned"),
    ],
    figure=lambda frame, view: figures.ranked_bars(
        labels=list(frame["hot_spot_name"]),
        values=[100 * v for v in frame["covered_share"]],
        unit="days with a patrol, % of days",
        texts=[formats.percent(v) for v in frame["covered_share"]],
    ),
    if_empty=lambda view: NO_DURING,
    why="The comparison of patrol days needs both kinds of day in every hot spot; a hot spot patrolled daily says nothing in it.",
    misleads="A day counts with one visit of any length; how long patrols stayed is on the page Dosage response.",
)


# --- trackers ---------------------------------------------------------------------------------------------


def _trackers(view: View) -> pd.DataFrame:
    period = _during(view)
    if period is None:
        return pd.DataFrame(columns=["provider_name"])
    return quality.tracker_gaps(view.scope, view.programme.code, period)


def _trackers_sentence(frame: pd.DataFrame, view: View) -> str:
    silent = float(frame["silent_days"].sum())
    open_days = float(frame["planned_days"].sum() - frame["abstracted_days"].sum())
    gaps, tracked = float(frame["gap_minutes"].sum()), float(frame["tracked_minutes"].sum())
    said = f"On {_part(silent, open_days)} of provider-days with a plan that was not abstracted, no tracker recorded a minute in a hot spot."
    if not gaps + tracked:
        return said
    return f"{said} Inside shifts {formats.percent(gaps / (gaps + tracked), 1)} of the time has no position."


TRACKERS = Inspect(
    id="evaluation-missing-gps",
    title="Shifts and minutes without a tracker position",
    frame=_trackers,
    sentence=_trackers_sentence,
    caption=lambda view: (
        "Provider-days of the “during” window. Time without a position: between two positions too far apart to be credited."
    ),
    columns=lambda view: [
        text("provider_name", "Provider"),
        count("planned_days", "Days with a plan"),
        count("abstracted_days", "Of which wholly abstracted"),
        count("silent_days", "Other days without a GPS minute"),
        share("silent_share", "Those, % of days not abstracted"),
        decimal("tracked_minutes", "Minutes with a position", 0),
        decimal("gap_minutes", "Minutes without", 0),
        share("gap_share", "Minutes without, %", 1),
    ],
    table_open=True,
    if_empty=lambda view: NO_DURING,
    why="A day on which trackers failed counts as a day without patrol, which draws both kinds of day towards each other.",
    misleads=(
        "A day without a position may be a shift that was never worked or a tracker that failed; the data cannot tell which."
    ),
)


# --- records of crime -------------------------------------------------------------------------------------


def _records(view: View) -> pd.DataFrame:
    return quality.records_by_month(view.scope, view.programme.code)


def _pooled(frame: pd.DataFrame, window: str, of: str, part: str) -> float | None:
    rows = frame[frame["window"] == window]
    whole = float(rows[of].sum())
    return float((rows[part].fillna(0) * rows[of]).sum()) / whole if whole else None


def _records_sentence(frame: pd.DataFrame, view: View) -> str:
    said = []
    for words, of, part in (
        ("of records have coordinates", "records", "located_share"),
        ("of records have a time of day", "records", "timed_share"),
        ("of crimes have no harm weight", "crimes", "not_scored_share"),
    ):
        before, during = (_pooled(frame, window, of, part) for window in ("before", "during"))
        if before is not None and during is not None:
            said.append(f"{formats.percent(before, 1)} and {formats.percent(during, 1)} {words}")
    return f"Before and during: {'; '.join(said)}." if said else "No month of the windows is loaded."


def _records_figure(frame: pd.DataFrame, view: View) -> go.Figure:
    figure = figures.blank(400)
    days = [parse_month(m).replace(day=15).isoformat() for m in frame["month"]]
    names = [formats.month(m) for m in frame["month"]]
    for column, name, colour, dash in (
        ("located_share", "with coordinates", palette.DARK_BLUE, "solid"),
        ("timed_share", "with a time of day", palette.TURQUOISE, "dash"),
        ("not_scored_share", "crimes without a harm weight", palette.DARK_PINK, "dot"),
    ):
        figure.add_scatter(
            x=days, y=[100 * v for v in frame[column]], name=name, mode="lines", line={"color": colour, "dash": dash, "width": 2},
            customdata=names, hovertemplate=f"%{{customdata}}: %{{y:,.1f}}% {name}<extra></extra>",
        )  # fmt: skip
    months = list(frame["month"])
    mark_service_start(figure, view.programme.service_live_from, months, "service starts")
    mark_provisional(figure, view.as_at.provisional_from, months)
    figure.update_yaxes(title_text="% of records", range=[0, 101])
    figure.update_layout(legend={"y": -0.16, "yanchor": "top"}, margin={"t": 46, "b": 96})
    return figure


RECORDS = Inspect(
    id="evaluation-record-quality",
    title="Records with a place, a time and a harm weight, by month",
    covers=_all_months,
    frame=_records,
    sentence=_records_sentence,
    caption=lambda view: (
        "Records: crimes and anti-social behaviour incidents of every loaded file, inside and outside the hot spots."
    ),
    columns=lambda view: [
        text("month", "Month", formats.month),
        text("window", "Window", lambda w: w or formats.NOT_APPLICABLE),
        count("records", "Records"),
        share("located_share", "With coordinates, %", 1),
        share("timed_share", "With a time of day, %", 1),
        count("crimes", "Crimes"),
        count("not_scored", "Without a harm weight"),
        share("not_scored_share", "Without a harm weight, %", 1),
    ],
    figure=_records_figure,
    if_empty=lambda view: ("No crimes are loaded.", "Load the force's extract (kind crimes)."),
    why=(
        "A record without coordinates lies in no hot spot. If fewer records had a place during the service, crime would seem to "
        "have fallen there though it had not."
    ),
    misleads="A steady share is no proof: the records that lack a place may be of another kind in one year than in the next.",
)


def _supply(view: View) -> pd.DataFrame:
    found = loads.undersupplied_months(view.scope, view.programme.code)
    frame = pd.DataFrame([(m.month, m.rows, m.expected) for m in found], columns=["month", "rows", "expected"])
    return frame.assign(short=1 - frame["rows"] / frame["expected"])


SUPPLY = Inspect(
    id="evaluation-short-months",
    title="Months that look short of records",
    covers=_all_months,
    frame=_supply,
    sentence=lambda frame, view: (
        f"{formats.joined([formats.month(m) for m in frame['month']])} {'has' if len(frame) == 1 else 'have'} fewer records "
        "than the months around lead one to expect. Nothing was corrected."
    ),
    caption=lambda view: (
        "Flagged when more than 10% (20% at the ends of the series) and four standard deviations below."
    ),
    columns=lambda view: [
        text("month", "Month", formats.month),
        count("rows", "Records"),
        decimal("expected", "Expected from the months around", 0),
        share("short", "Short by, %"),
    ],
    table_open=True,
    if_empty=lambda view: (
        "No loaded month is short of records by more than the months around it and chance would explain.",
        "A shortage that lasts longer than two months would not be seen by this rule.",
    ),
    why="A month of a late or cut extract reads as a fall of crime.",
    misleads="The rule sees single months only: a change of recording that lasts looks like a change of crime.",
)


# --- late records -----------------------------------------------------------------------------------------


def _revisions(view: View) -> pd.DataFrame:
    return quality.revisions(view.scope, view.programme.code)


def _revisions_sentence(frame: pd.DataFrame, view: View) -> str:
    late = frame[(frame["age_days"] >= 0) & frame["change"].notna()]
    moved = late[late["rows_after"] != late["rows_before"]]
    said = (
        f"Later files gave {len(frame)} {'month' if len(frame) == 1 else 'months'} anew; {len(moved)} of them changed"
    )
    if moved.empty:
        return f"{said}."
    widest = moved.loc[moved["change"].abs().idxmax()]
    return f"{said}, the most {formats.month(widest['month'])}: {formats.signed_percent(widest['change'], 1)}."


def _revisions_figure(frame: pd.DataFrame, view: View) -> go.Figure:
    known = frame.dropna(subset=["change"])
    figure = figures.blank(360)
    figure.add_scatter(
        x=list(known["age_days"]), y=[100 * v for v in known["change"]], mode="markers", showlegend=False,
        marker={"size": 10, "color": palette.DARK_BLUE}, customdata=[formats.month(m) for m in known["month"]],
        hovertemplate="%{customdata}, %{x} days after its end: %{y:+.1f}%<extra></extra>",
    )  # fmt: skip
    figure.add_hline(y=0, line={"color": palette.INK, "width": 1})
    figure.update_xaxes(title_text="days from the end of the month to the later file")
    figure.update_yaxes(title_text="change in records, %", rangemode="normal")
    return figure


def _one_file(view: View) -> tuple[str, str]:
    weeks = view.programme.provisional_weeks
    return (
        "No month has been given twice by crime files, so late records cannot be counted, and the files carry no date of recording.",
        f"The last {weeks} weeks are marked as provisional on every chart. Loading a newer extract that covers the same months shows here "
        "how much they changed.",
    )


REVISIONS = Inspect(
    id="evaluation-revisions",
    title="How much later files changed months already loaded",
    covers=_all_months,
    frame=_revisions,
    sentence=_revisions_sentence,
    caption=lambda view: (
        f"The last {view.programme.provisional_weeks} weeks of recorded crime are treated as provisional."
    ),
    columns=lambda view: _revision_columns(),
    figure=_revisions_figure,
    if_empty=_one_file,
    why="Crimes recorded late are missing from the newest months, which then look quieter than they were.",
    misleads="Changes of classification and merged records move the count too; this is not the recording delay of single crimes.",
)


def _revision_columns() -> list[Column]:
    return [
        text("month", "Month", formats.month),
        count("rows_before", "Records in the earlier file"),
        count("rows_after", "in the later file"),
        Column("change", "Change, %", lambda v: formats.signed_percent(v, 1), numeric=True, scale=100),
        count("age_days", "Days from the end of the month to the later file"),
        text("loaded_at", "Loaded", formats.local_time),
    ]


ALL = (DOSE, COVERAGE, TRACKERS, RECORDS, SUPPLY, REVISIONS)
