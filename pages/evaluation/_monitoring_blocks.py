"""Blocks of the monitoring page: icons, one XmR chart, the running WDD, and the charts beside them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from analysis.evaluation.calibration.designs import MONTHS
from analysis.evaluation.calibration.table import row
from analysis.evaluation.monitoring.section import NO_MONTHS
from components import figures, palette
from components.block import Block
from components.columns import count, decimal, share, text
from components.view import View
from domain import formats
from domain.periods import parse_month
from domain.roles import Permission
from pages.evaluation._monitoring_icons import VARIATION, icon_list
from pages.evaluation._page import section_of, table_of

NAME = "monitoring"
REVIEW = Permission.INSPECT_EVALUATION
ALL = "all"


def _facts(view: View) -> Any:
    return section_of(view, NAME).facts


def _no_charts(view: View) -> tuple[str, str]:
    return str(
        _facts(view).get("no_charts", NO_MONTHS)
    ), "Load recorded crime for at least 12 months before the service."


def _middle(months: pd.Series) -> list[str]:
    return [parse_month(m).replace(day=15).isoformat() for m in months]


# --- icons ---------------------------------------------------------------------------------------------------


def _icons_sentence(frame: pd.DataFrame, view: View) -> str:
    found = _facts(view)
    unsteady = found["unsteady"]
    said = (
        f"{found['flagging']} of {found['charts']} charts flag at least one month after their baseline; if nothing had "
        f"changed, about {formats.number(found['expected_false'], 1)} would."
    )
    if unsteady:
        said += (
            f" Before the service {formats.joined(unsteady)} {'was' if len(unsteady) == 1 else 'were'} not steady under "
            "their own limits, so a flag there says little."
        )
    return said


ICONS = Block(
    id="monitoring-icons",
    title="Every chart at a glance",
    permission=REVIEW,
    frame=table_of(NAME, "icons"),
    sentence=_icons_sentence,
    caption=lambda view: (
        "Circle: whether the last month differs from ordinary variation (~ no; arrow: which way). Square: whether ordinary "
        "variation alone keeps to the target chosen above."
    ),
    columns=lambda view: [
        text("name", "Series"), text("month", "Last month", formats.month), decimal("value", "Value", 0),
        text("variation", "Variation"), text("assurance", "Target"), decimal("target", "Target value"),
        decimal("centre", "Mean of the baseline"), decimal("lower", "Lower limit"), decimal("upper", "Upper limit"),
        count("flagged", "Months flagged"), count("months", "Months since the baseline"),
        share("false_alarms", "Charts flagging when nothing happens"), share("drifting", "The same, months leaning on each other"),
    ],
    picture=lambda frame, view: icon_list(frame),
    if_empty=_no_charts,
    why="A reader of many charts needs to know first which of them show anything.",
    misleads="Many charts find something by chance alone; compare the number that flag with the number expected.",
    methods=("xmr",),
)  # fmt: skip


# --- one XmR chart -------------------------------------------------------------------------------------------


def _xmr_frame(view: View) -> pd.DataFrame:
    frame = section_of(view, NAME).tables["xmr"]
    if frame.empty:
        return frame
    asked = view.query.get("chart", "") or ALL
    return frame[frame["chart"] == (asked if asked in set(frame["chart"]) else frame["chart"].iloc[0])]


def _xmr_sentence(frame: pd.DataFrame, view: View) -> str:
    since = frame[~frame["baseline"] & frame["value"].notna()]
    flagged = since[since["signal"] != "common cause"]
    name = str(frame["name"].iloc[0])
    if flagged.empty:
        said = f"{name}: none of {len(since)} months since the baseline differs from ordinary variation."
    else:
        low = int((flagged["signal"] == "improvement").sum())
        said = f"{name}: {len(flagged)} of {len(since)} months since the baseline differ from ordinary variation, {low} of them lower and {len(flagged) - low} higher."
    base = frame[frame["baseline"] & frame["value"].notna()]
    early = int((base["signal"] != "common cause").sum())
    if early:
        said += (
            f" Of the {len(base)} months of the baseline itself {early} {'differs' if early == 1 else 'differ'} too, so what is taken "
            "as ordinary was not steady, and a flag means less."
        )
    missing = int(frame["value"].isna().sum())
    gaps = f" {missing} months are not loaded; they are gaps, not zeros." if missing else ""
    row = section_of(view, NAME).tables["icons"].set_index("chart").loc[frame["chart"].iloc[0]]
    return (
        f"{said}{gaps} {formats.percent(row['false_alarms'])} of such charts flag some month when nothing has changed, "
        f"{formats.percent(row['drifting'])} where each month leans on the last. A flag says that months differ, not why."
    )


def _xmr_figure(frame: pd.DataFrame, view: View) -> go.Figure:
    unit = str(frame["unit"].iloc[0])
    figure = figures.monthly_line(
        months=list(frame["month"]), values=list(frame["value"]), measure=unit.capitalize(), unit=unit,
        service_start=view.programme.service_live_from, provisional_from=view.as_at.provisional_from,
        signals=list(frame["signal"] != "common cause"),
    )  # fmt: skip
    for name, dash in (("upper", "dot"), ("centre", "solid"), ("lower", "dot")):
        figure.add_scatter(
            x=_middle(frame["month"]), y=list(frame[name]), mode="lines", showlegend=False, hoverinfo="skip",
            line={"color": palette.QUIET, "width": 1, "dash": dash, "shape": "hvh"},
        )  # fmt: skip
    return figure


def _xmr_caption(view: View) -> str:
    frame = _xmr_frame(view)
    reasons = [f"{formats.month(r.month)}: {r.rebased}" for r in frame.itertuples() if r.rebased]
    rebased = f" Limits set anew by hand: {'; '.join(reasons)}." if reasons else " Limits have not been set anew."
    return (
        "Solid line: mean of the baseline (up to 24 months before the service); dotted: mean ± 2.66 mean moving ranges; diamond: "
        f"flagged by one of the four NHS rules. The limits are frozen.{rebased}"
    )


XMR = Block(
    id="monitoring-xmr",
    title="Month by month, within the limits of ordinary variation",
    permission=REVIEW,
    frame=_xmr_frame,
    sentence=_xmr_sentence,
    caption=_xmr_caption,
    columns=lambda view: [
        text("month", "Month", formats.month), decimal("value", "Value", 0), decimal("centre", "Mean"),
        decimal("lower", "Lower limit"), decimal("upper", "Upper limit"), text("signal", "Signal", lambda v: VARIATION[v][2] if v in VARIATION else str(v)),
        text("reasons", "Rule", lambda v: v or formats.NOT_APPLICABLE),
        text("provisional", "May still change", lambda v: "yes" if v else "no"),
    ],
    figure=_xmr_figure,
    if_empty=_no_charts,
    why="It keeps a good or bad month from being read as a change.",
    misleads="Season and slow drift set the rules off without any service; a chart has no comparison area.",
    methods=("xmr",),
)  # fmt: skip


# --- running WDD ---------------------------------------------------------------------------------------------


def _running_figure(frame: pd.DataFrame, view: View) -> go.Figure:
    figure = figures.blank()
    x = list(frame["look"])
    last = frame.iloc[-1]
    reach = 1.6 * max(abs(last["low"]), abs(last["high"]), frame["estimate"].abs().max(), 1.0)
    for side in (-1, 1):
        figure.add_scatter(
            x=x, y=list(side * frame["bound"] * frame["se"]), mode="lines", showlegend=False, hoverinfo="skip",
            line={"color": palette.QUIET, "width": 1, "dash": "dot"},
        )  # fmt: skip
    figure.add_scatter(
        x=x, y=list(frame["estimate"]), mode="lines+markers", showlegend=False,
        marker={"size": 8, "color": palette.DARK_BLUE}, line={"color": palette.DARK_BLUE, "width": 2},
        error_y={"type": "data", "symmetric": False, "array": list(frame["high"] - frame["estimate"]),
                 "arrayminus": list(frame["estimate"] - frame["low"]), "color": palette.INK, "thickness": 1},
        hovertemplate="look %{x}: %{y:,.0f} crimes<extra></extra>",
    )  # fmt: skip
    figure.add_hline(y=0, line={"color": palette.INK, "width": 1})
    figure.update_yaxes(range=[-reach, reach], rangemode="normal", title_text="crimes so far, below 0 fewer")
    figure.update_xaxes(title_text="look (months of service)", dtick=max(1, len(x) // 12))
    return figure


def _running_sentence(frame: pd.DataFrame, view: View) -> str:
    outside = frame[frame["crossed"]]
    nearest = frame.loc[(frame["z"].abs() / frame["bound"]).idxmax()]
    said = (
        f"It was outside its bounds at {len(outside)} of {len(frame)} looks, first in {formats.month(outside['month'].iloc[0])}."
        if len(outside)
        else f"It was outside its bounds at none of {len(frame)} looks."
    )
    return (
        f"{said} It came furthest in {formats.month(nearest['month'])}: {abs(nearest['z']):.1f} standard errors from no change, "
        f"where the bound stood at {nearest['bound']:.1f}."
    )


def _why_bounds() -> str:
    """What looking every month does was measured with the plain test of two counts, which knows no noise but chance."""
    found = row("every-month", MONTHS)
    if found is None:
        return "Looking every month with an ordinary 5% test cries wolf far more often than 5%; these bounds do not."
    return (
        f"A plain 5% test of two counts, looked at every month, signalled in {formats.percent(found.alarms)} of simulated programmes in "
        "which nothing happened; these bounds spend at most 5% over all looks."
    )


RUNNING = Block(
    id="monitoring-running",
    title="The running comparison inside its bounds",
    permission=REVIEW,
    frame=table_of(NAME, "looks"),
    sentence=_running_sentence,
    caption=lambda view: (
        f"Crimes in the hot spots less what they would have been had they changed as {_facts(view)['control_words']}, summed since the start "
        f"over whole months. Dotted: bounds that all {_facts(view).get('planned', '')} planned looks together cross in at most 5% of cases "
        "when nothing happens; lines: intervals as wide. At a look with no bound that data could cross, 8 standard errors are drawn."
    ),
    columns=lambda view: [
        text("month", "Month", formats.month), count("look", "Look"), decimal("estimate", "Crimes, below 0 fewer"),
        decimal("low", "Interval from"), decimal("high", "to"), decimal("z", "z", 2), decimal("bound", "Bound on z", 2),
        share("time", "Share of planned information"), text("crossed", "Outside the bounds", lambda v: "yes" if v else "no"),
    ],
    figure=_running_figure,
    if_empty=lambda view: (str(_facts(view)["claim"]), "It needs whole months before and since the start, with a control."),
    why=_why_bounds(),
    misleads="A control that drifts away from the hot spots, or crime that moved into it, looks like a change.",
    methods=("running-wdd", "alpha-spending"),
)  # fmt: skip


# --- beside them ---------------------------------------------------------------------------------------------


def _laney_sentence(frame: pd.DataFrame, view: View) -> str:
    since = frame[~frame["baseline"] & frame["rate"].notna()]
    out, spread = int((since["outside"] != 0).sum()), float(frame["sigma_z"].iloc[0])
    more = "more than" if spread > 1 else "no more than"
    return (
        f"{out} of {len(since)} months since the baseline {'lies' if out == 1 else 'lie'} outside the limits. From one month to the next rates of the "
        f"baseline differed {more} chance makes them (sigma z {spread:.2f}; 1 is chance alone); slower changes of level are not in it."
    )


def _laney_figure(frame: pd.DataFrame, view: View) -> go.Figure:
    figure = figures.monthly_line(
        months=list(frame["month"]), values=list(frame["rate"]), measure="Crimes per 100 hot spot-days", unit="crimes",
        service_start=view.programme.service_live_from, provisional_from=view.as_at.provisional_from,
        signals=list(frame["outside"] != 0),
    )  # fmt: skip
    for name, dash in (("upper", "dot"), ("centre", "solid"), ("lower", "dot")):
        line = {"color": palette.QUIET, "width": 1, "dash": dash, "shape": "hvh"}
        figure.add_scatter(
            x=_middle(frame["month"]), y=list(frame[name]), mode="lines", showlegend=False, hoverinfo="skip", line=line
        )
    return figure


LANEY = Block(
    id="monitoring-laney",
    title="Rates, with limits that know their exposure",
    permission=REVIEW,
    frame=table_of(NAME, "laney"),
    sentence=_laney_sentence,
    caption=lambda view: "Laney u' chart: mean ± 3 standard deviations, widened by how much rates varied before the service.",
    columns=lambda view: [
        text("month", "Month", formats.month), decimal("rate", "Crimes per 100 hot spot-days", 1), decimal("centre", "Mean"),
        decimal("lower", "Lower limit"), decimal("upper", "Upper limit"),
        text("outside", "Outside", lambda v: {1: "above", -1: "below"}.get(int(v), "no")),
    ],
    figure=_laney_figure,
    if_empty=_no_charts,
    why="Months and areas are not of one size; a rate compares them fairly.",
    misleads="Only single months outside the limits count; slow change is not flagged.",
    methods=("laney-u",),
)  # fmt: skip


def _funnel_sentence(frame: pd.DataFrame, view: View) -> str:
    out = list(frame.loc[frame["outside"], "hot_spot"])
    base = f"All hot spots together changed by a ratio of {frame['common'].iloc[0]:.2f}."
    if not out:
        return f"{base} No hot spot differs from that by more than its numbers explain (99.8% limits)."
    return f"{base} Outside the 99.8% limits: {formats.joined(out)}."


def _funnel_figure(frame: pd.DataFrame, view: View) -> go.Figure:
    figure = figures.blank()
    for name, dash in (("low998", "dot"), ("high998", "dot"), ("low95", "dash"), ("high95", "dash")):
        line = {"color": palette.QUIET, "width": 1, "dash": dash}
        figure.add_scatter(
            x=list(frame["total"]), y=list(frame[name]), mode="lines", line=line, showlegend=False, hoverinfo="skip"
        )
    figure.add_scatter(
        x=list(frame["total"]), y=list(frame["ratio"]), mode="markers+text", text=list(frame["hot_spot"]),
        textposition="top center", showlegend=False, marker={"size": 10, "color": palette.DARK_BLUE},
        hovertemplate="%{text}: %{y:.2f}<extra></extra>",
    )  # fmt: skip
    figure.add_hline(y=1, line={"color": palette.INK, "width": 1})
    figure.update_xaxes(title_text="crimes before and during together")
    figure.update_yaxes(title_text="change over the common change")
    return figure


FUNNEL = Block(
    id="monitoring-funnel",
    title="Hot spots compared with each other",
    permission=REVIEW,
    frame=table_of(NAME, "funnel"),
    sentence=_funnel_sentence,
    caption=lambda view: "Change of each hot spot over the change of all. Dashed: 95% limits, dotted: 99.8%, exact, widened where places scatter more than chance.",
    columns=lambda view: [
        text("hot_spot", "Hot spot"), count("before", "Crimes before"), count("during", "Crimes during"),
        decimal("ratio", "Change over the common change", 2), decimal("low95", "95% limit from", 2), decimal("high95", "to", 2),
        decimal("low998", "99.8% limit from", 2), decimal("high998", "to", 2),
    ],
    figure=_funnel_figure,
    if_empty=lambda view: ("Fewer than two hot spots have crimes in both windows.", "A funnel compares places with each other."),
    why="A hot spot with few crimes swings widely by chance; the funnel shows how widely.",
    misleads="With many hot spots some lie outside the 95% limits by chance. Outside is a reason to look, not a finding.",
    methods=("funnel",),
)  # fmt: skip


def _scan_sentence(frame: pd.DataFrame, view: View) -> str:
    clear = frame[frame["holm"] < 0.05]
    if clear.empty:
        return f"In none of {len(frame)} hot spots are the busiest 3 months since the baseline busier than chance usually makes them."
    names = [f"{r.hot_spot} ({formats.month(r.from_month)} to {formats.month(r.to_month)})" for r in clear.itertuples()]
    return f"Busier than chance usually makes them, allowing for {len(frame)} hot spots looked at: {formats.joined(names)}."


SCAN = Block(
    id="monitoring-scan",
    title="The busiest three months of each hot spot",
    permission=REVIEW,
    frame=table_of(NAME, "scan"),
    sentence=_scan_sentence,
    caption=lambda view: "Naus scan statistic, the window sliding freely; expectation from the baseline. Adjusted: Holm, over the hot spots.",
    columns=lambda view: [
        text("hot_spot", "Hot spot"), text("from_month", "From", formats.month), text("to_month", "To", formats.month),
        count("crimes", "Crimes"), decimal("expected", "Expected in 3 months"), decimal("phi", "Overdispersion phi", 2),
        decimal("p_chance", "p, chance alone", 3), decimal("p", "p, allowing for phi", 3), decimal("holm", "adjusted p", 3),
    ],
    table_open=True,
    if_empty=_no_charts,
    why="A burst of crime catches the eye; this says how often a burst as large comes by itself.",
    misleads="Season and a level that moved since the baseline are not in the expectation.",
    methods=("naus-scan", "holm"),
)  # fmt: skip

BLOCKS = (RUNNING, ICONS, XMR, LANEY, FUNNEL, SCAN)
