"""Patrol days: is crime lower on days with patrol than on other days of the same hot spots?"""

from __future__ import annotations

import math
from typing import Any

import dash
import pandas as pd
from dash import html

from analysis.evaluation.patrol_days import claim
from analysis.evaluation.record import Refusal, ResultRecord
from analysis.evaluation.section import Section
from components.block import Block
from components.columns import Column, count, decimal, text
from components.view import View
from domain import formats
from domain.roles import Permission
from pages.evaluation import _patrol_days_figures as charts
from pages.evaluation._page import Choice, ReviewPage, review_page, section_of, table_of
from pages.evaluation._records import agreement_sentence, checks_block, estimates_block, why_none

NAME = "patrol-days"
LABELS = {
    "default": "Default", "ri": "Whole days shuffled", "week": "Clustered by week", "spot_effects": "Hot spot effects only",
    "itt": "Planned patrols", "patrol_1_day_ago": "Patrol a day ago", "patrol_2_days_ago": "Patrol two days ago",
    "earlier": "Control: before the service", "tomorrow": "Control: patrol tomorrow", "later": "Outcome: after the service",
    "by_start": "Outcome: by start time", "whole_day": "Outcome: whole day", "pooled": "All days in one pot",
    "cluster_spot": "Clustered by hot spot", "lags_held": "Patrols of the two days before held",
}  # fmt: skip
MAIN = {
    key: LABELS[key] for key in ("default", "ri", "week", "spot_effects", "lags_held", "itt", "pooled", "cluster_spot")
}
OUTCOMES = {key: LABELS[key] for key in ("default", "later", "by_start", "whole_day")}
PROBES = {key: LABELS[key] for key in ("patrol_1_day_ago", "patrol_2_days_ago", "earlier", "tomorrow")}
INSPECT = Permission.INSPECT_EVALUATION


def _section(view: View) -> Section:
    return section_of(view, NAME)


def _lead(view: View, section: Section) -> list[Any]:
    body: list[Any] = [html.P(claim.headline_claim(section).sentence, className="lead", id="patrol-days-claim")]
    if len(section.records) == 1:
        return body
    records = section.records
    return [
        *body,
        html.P(claim.shuffle_sentence(section.headline, records["ri"]), id="patrol-days-shuffled-claim"),
        html.P(claim.lags_sentence(records.get("patrol_1_day_ago"), records.get("patrol_2_days_ago"))),
        html.P(claim.controls_sentence(records["earlier"], records["tomorrow"]), id="patrol-days-controls-claim"),
    ]


# --- every estimate -------------------------------------------------------------------------------------------

FOREST = estimates_block(
    id="patrol-days-estimates", section=NAME, title="Patrol days against other days, every estimate", labels=MAIN,
    why="A finding that hangs on one way of counting uncertainty, or on one choice of strata, is no finding.",
    misleads="The estimates share their data, so that they agree does not make any of them right: an event that moved "
    "both patrols and crime on a day would move them all.",
    methods=(
        "patrol-days", "patrol-days-ri", "patrol-days-week", "patrol-days-spot-effects", "patrol-days-itt",
        "patrol-days-pooled", "patrol-days-cluster-spot", "patrol-days-t-test",
    ),
)  # fmt: skip
OTHER_OUTCOMES = estimates_block(
    id="patrol-days-outcomes", section=NAME, title="Other hours and other ways of counting", labels=OUTCOMES,
    why="Crime that moved into the evening would show after the service; a whole-day count mixes in crimes from before it.",
    misleads="Hours after the service hold fewer crimes, so their intervals are wide: no difference found is not no difference.",
    methods=("patrol-days", "aoristic"),
)  # fmt: skip
CONTROLS = estimates_block(
    id="patrol-days-controls", section=NAME, title="Earlier patrols, and where patrols cannot have made a difference",
    labels=PROBES,
    sentence=lambda frame, view: _controls_reading(frame, view),
    why="If crime differs where patrols cannot have moved it, patrol days are unlike other days, and so may the headline be.",
    misleads="A wide interval around no difference proves nothing; patrols that follow crime make tomorrow's differ.",
    methods=("patrol-days-lags", "negative-controls"),
)  # fmt: skip


def _controls_reading(frame: pd.DataFrame, view: View) -> str:
    records = _section(view).records
    if "earlier" not in records:
        return agreement_sentence(frame)
    lags = claim.lags_sentence(records.get("patrol_1_day_ago"), records.get("patrol_2_days_ago"))
    return f"{lags} {claim.controls_sentence(records['earlier'], records['tomorrow'])}"


# --- where every place-day went -------------------------------------------------------------------------------


def _flow_sentence(frame: pd.DataFrame, view: View) -> str:
    by = dict(zip(frame["step"], frame["hot_spot_days"], strict=True))
    eligible, analysed = next(iter(by.values())), by["Analysed"]
    return (
        f"Of {formats.number(eligible)} eligible hot spot-days {formats.number(analysed)} "
        f"({formats.percent(analysed / eligible)}) are in the default estimate; the table gives the reason for the rest."
    )


FLOW = Block(
    id="patrol-days-flow", title="Where every hot spot-day went", permission=INSPECT,
    frame=table_of(NAME, "flow", ("step", "hot_spot_days", "why")), sentence=_flow_sentence,
    caption=lambda view: "Eligible = no tracker data + known; known = analysed + the three reasons for leaving out below it.",
    columns=lambda view: [text("step", "Step"), count("hot_spot_days", "Hot spot-days"), text("why", "Why")],
    table_open=True, if_empty=why_none(NAME),
    why="Days that quietly drop out can make any result; here they must add up or the figure is not made.",
    misleads="A day without a tracker file may have had a patrol; it is left out, not counted as a day without.",
    methods=("patrol-days",),
)  # fmt: skip


# --- are the days alike ---------------------------------------------------------------------------------------


def _balance_sentence(frame: pd.DataFrame, view: View) -> str:
    far = frame[frame["notable"]]
    if far.empty:
        return f"On none of {len(frame)} features do days with patrol and days without differ by more than 0.1 standard deviations."
    still = int((frame["within"].abs() > 0.1).sum())
    names = formats.joined(list(far["what"]))
    return (
        f"On {len(far)} of {len(frame)} features days with patrol differ from days without by more than 0.1 standard "
        f"deviations: {names}. Inside a hot spot's four weeks {still} still do; the model adjusts for weekday and for the "
        "conditions loaded, not for anything else."
    )


BALANCE = Block(
    id="patrol-days-balance", title="Are days with patrol like days without?", permission=INSPECT,
    frame=table_of(NAME, "balance", ("group", "what", "with_patrol", "without", "difference", "within", "notable")),
    sentence=_balance_sentence,
    caption=lambda view: "Difference of the means over their pooled standard deviation; grey: within 0.1 either way. "
    "Filled: after the mean of each hot spot's four weeks is taken from every day, as the estimate does.",
    columns=lambda view: [
        text("what", "Feature"), text("group", "Group"), decimal("with_patrol", "Mean, patrol days", 3),
        decimal("without", "Mean, other days", 3), decimal("difference", "Standardised difference", 2),
        decimal("within", "Within four weeks", 2),
    ],
    figure=lambda frame, view: charts.balance(frame), if_empty=why_none(NAME),
    why="The comparison is fair only as far as patrol days are like other days, apart from what is adjusted for.",
    misleads="Only what is measured can be shown; days may differ in what nobody recorded.",
    methods=("patrol-days",),
)  # fmt: skip


# --- shuffled days --------------------------------------------------------------------------------------------


def _shuffled_sentence(frame: pd.DataFrame, view: View) -> str:
    found = _section(view)
    return claim.shuffle_sentence(found.headline, found.records["ri"])


def _shuffled_caption(view: View) -> str:
    facts = _section(view).facts
    how = "All" if facts.get("exact") else f"{formats.number(facts.get('arrangements', 0) - 1)} drawn"
    seed = "" if facts.get("exact") else f" (seed {facts.get('seed')})"
    return (
        f"{how} arrangements{seed} in which whole days exchanged their patrols within weekday and four weeks; "
        f"{formats.number(facts.get('movable_days', 0))} of {formats.number(facts.get('days', 0))} days can move. The ratios "
        "here are one-step estimates from those moves alone, so they can differ from the headline, which also uses "
        "differences between weekdays and weeks."
    )


SHUFFLED = Block(
    id="patrol-days-shuffled", title="The days as they were among shuffled days", permission=INSPECT,
    frame=table_of(NAME, "randomisation", ("low", "high", "arrangements", "holds_observed")), sentence=_shuffled_sentence,
    caption=_shuffled_caption,
    columns=lambda view: [
        decimal("low", "Ratio from", 3), decimal("high", "to", 3), count("arrangements", "Arrangements"),
        text("holds_observed", "Days as they were", lambda v: "here" if v else ""),
    ],
    figure=lambda frame, view: charts.shuffled(frame, float(_section(view).facts["one_step_ratio"])), if_empty=why_none(NAME),
    why="It needs no formula for the uncertainty: if days as they were lie deep in the pile, chance alone gives as much.",
    misleads="Patrols were not drawn by lot, so the shuffle stands for chance, not for the choice of days.",
    methods=("patrol-days-ri",),
)  # fmt: skip


# --- without each part ----------------------------------------------------------------------------------------


def _left_out_sentence(frame: pd.DataFrame, what: str) -> str:
    known = frame.dropna(subset=["ratio"])
    if known.empty:
        return f"Without any one {what} there is no estimate; the table says why."
    low, high = known["ratio"].min(), known["ratio"].max()
    clear = int(((known["high"] < 1) | (known["low"] > 1)).sum())
    return (
        f"Leaving out one {what} at a time, the ratio runs from {formats.number(low, 2)} to {formats.number(high, 2)}; "
        f"{clear} of {len(known)} intervals leave out 1."
    )


def _left_out(name: str, what: str, words: Any) -> Block:
    def figure(frame: pd.DataFrame, view: View) -> Any:
        record = _section(view).headline
        full = record.estimate if isinstance(record, ResultRecord) else math.nan
        return charts.left_out(frame, full, [words(v, view) for v in frame["left_out"]])

    return Block(
        id=f"patrol-days-without-{what.replace(' ', '-')}", title=f"Without one {what} at a time", permission=INSPECT,
        frame=table_of(NAME, name, ("left_out", "ratio", "low", "high", "events", "reason")),
        sentence=lambda frame, view: _left_out_sentence(frame, what),
        caption=lambda view: "The default estimate on the rest of the data; dashed: the estimate with all.",
        columns=lambda view: [
            text("left_out", "Left out", lambda v: words(v, view)), decimal("ratio", "Ratio", 2),
            decimal("low", "95% interval from", 2), decimal("high", "to", 2), count("events", "Events"),
            text("reason", "Why there is no estimate"),
        ],
        figure=figure, if_empty=why_none(NAME),
        why=f"A result that one {what} carries says little about the others.",
        misleads="The estimates overlap almost wholly in their data; their spread is not a measure of uncertainty.",
        methods=("patrol-days",),
    )  # fmt: skip


WITHOUT_SPOT = _left_out(
    "without_one_hot_spot", "hot spot", lambda v, view: view.defaults.hot_spot_names.get(str(v), str(v))
)
WITHOUT_MONTH = _left_out("without_one_month", "month", lambda v, view: formats.month(str(v)))


# --- the raw table --------------------------------------------------------------------------------------------


def _raw_frame(view: View) -> pd.DataFrame:
    facts = _section(view).facts
    columns = ["days", "hot_spot_days", "events", "per_100"]
    if "patrol_days" not in facts:
        return pd.DataFrame(columns=columns)
    rows = []
    for name, days, events in (
        ("With patrol", facts["patrol_days"], facts["patrol_events"]),
        ("Without", facts["other_days"], facts["other_events"]),
    ):
        rows.append((name, days, events, 100 * events / days if days else math.nan))
    return pd.DataFrame(rows, columns=columns)


def _raw_sentence(frame: pd.DataFrame, view: View) -> str:
    facts = _section(view).facts
    test = _section(view).records.get("t_test")
    ratio = facts["crude_ratio"]
    said = (
        "Unadjusted, no ratio can be given."
        if ratio is None
        else f"Unadjusted, the ratio is {formats.number(ratio, 2)}."
    )
    if test is None or isinstance(test, Refusal):
        return said
    return (
        f"{said} A t test on daily counts, as some studies use, gives {formats.number(test.estimate, 3)} {test.unit} "
        f"(95% interval {formats.number(test.ci_low, 3)} to {formats.number(test.ci_high, 3)}, p = {test.p:.3f})."
    )


RAW = Block(
    id="patrol-days-raw", title="The counts, unadjusted", permission=INSPECT, frame=_raw_frame, sentence=_raw_sentence,
    caption=lambda view: "Crimes without an exact time count by the share of their interval inside the service window, so "
    "sums need not be whole.",
    columns=lambda view: [
        text("days", "Days"), count("hot_spot_days", "Hot spot-days"), decimal("events", "Crimes", 1),
        Column("per_100", "Crimes per 100 hot spot-days", lambda v: formats.number(v, 1), numeric=True, csv_decimals=4),
    ],
    table_open=True, if_empty=why_none(NAME),
    why="Anyone can check these against the records.",
    misleads="Patrols go where and when crime is expected: unadjusted, such comparisons signal 12 to 42% of the time when "
    "nothing happened.",
    methods=("patrol-days-t-test", "patrol-days-pooled", "aoristic"),
)  # fmt: skip

CHECKS = checks_block(id="patrol-days-checks", section=NAME, labels=LABELS)

PAGE = ReviewPage(
    slug="patrol-days", path="/evaluation/patrol-days", name="Patrol days",
    question="Is crime lower on days with patrol than on other days in the same hot spots?", section=NAME, lead=_lead,
    blocks=(FOREST, FLOW, BALANCE, SHUFFLED, CONTROLS, OTHER_OUTCOMES, WITHOUT_SPOT, WITHOUT_MONTH, RAW, CHECKS),
    choices=(
        Choice(
            "outcome", "Crimes counted",
            lambda view: [
                ("", "in the service window"), ("by-start", "in it by start time alone"), ("later", "after it, to 02:00"),
                ("whole-day", "on the whole day"),
            ],
        ),
        Choice(
            "strata", "Days compared within",
            lambda view: [("", "four weeks of a hot spot"), ("week", "one week of a hot spot"), ("none", "a hot spot")],
        ),
    ),
)  # fmt: skip

dash.register_page(__name__, **review_page(PAGE))
