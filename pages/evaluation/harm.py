"""Harm, for reviewers: total, number and severity, and how far single crimes decide the result."""

from __future__ import annotations

import dash
import pandas as pd
from dash import html

from analysis.evaluation.section import Section
from components import palette
from components.block import Block
from components.columns import count, decimal, share, text
from components.figures import dots_with_intervals
from components.view import View
from domain import formats
from domain.roles import Permission
from pages.evaluation._page import Choice, ReviewPage, review_page, section_of
from pages.evaluation._records import TICKS, checks_block, estimates_block

LABELS = {
    "ppml": "Patrol days: harm", "ri": "The same, days shuffled", "days_count": "of which: number of crimes",
    "days_severity": "of which: harm per crime", "days_capped": "Patrol days, at most 365 days a crime",
    "days_bootstrap": "Patrol days, weeks drawn again", "days_as_counts": "Patrol days, harm read as counts",
    "total": "Before and during: harm", "count": "of which: scored crimes", "severity": "of which: harm per scored crime",
    "capped": "Before and during, at most 365 days a crime", "bootstrap_total": "Before and during, weeks drawn again",
    "as_counts": "Before and during, harm read as counts",
}  # fmt: skip


def _lead(view: View, section: Section) -> list[html.P]:
    said = (section.facts["claim"], section.facts["days_claim"])
    return [html.P(said[0], className="lead", id="harm-claim"), html.P(said[1], id="harm-days-claim")]


def _leverage_sentence(frame, view: View) -> str:  # type: ignore[no-untyped-def]
    parts = [
        f"{row['compared']}: the {formats.number(row['dropped'])} gravest hold {formats.percent(row['share'])} of the harm"
        for row in frame.to_dict("records")
        if row["dropped"] == 3
    ]
    return f"{'; '.join(parts).capitalize()}." if parts else "The table shows the result without the gravest crimes."


def _gravest_sentence(frame, view: View) -> str:  # type: ignore[no-untyped-def]
    last = frame.groupby("window", sort=False).tail(1).to_dict("records")
    parts = [f"the {row['rank']} gravest {row['window']} hold {formats.percent(row['cumulative'])}" for row in last]
    return f"Of the harm of their window, {formats.joined(parts)}."


LEVERAGE = Block(
    id="harm-leverage",
    title="The result without the gravest crimes",
    permission=Permission.INSPECT_EVALUATION,
    frame=lambda view: section_of(view, "harm").tables["leverage"],
    sentence=_leverage_sentence,
    caption=lambda view: "Before and during: single crimes left out. Patrol days: the hot spot-days with most harm.",
    columns=lambda view: [
        text("compared", "Comparison"), count("dropped", "Left out"),
        count("dropped_first", "of these before, or on days without patrol"),
        count("dropped_second", "of these during, or on days with patrol"), share("share", "Share of harm", 1),
        decimal("ratio", "Ratio without them", 2), decimal("low", "95% interval from", 2), decimal("high", "to", 2),
    ],
    table_open=True,
    if_empty=lambda view: ("There is no harm to leave anything out of.", "Load a harm index (kind weights)."),
    why="A few crimes carry much of any harm index, so a result that needs them is a result about them.",
    misleads="The crimes left out were real: this is a test of robustness, not a better estimate.",
    methods=("harm-leverage",),
)  # fmt: skip
SPLIT = Block(
    id="harm-parts", title="Harm = number of crimes x harm per crime", permission=Permission.INSPECT_EVALUATION,
    frame=lambda view: section_of(view, "harm").tables.get("split", pd.DataFrame()),
    sentence=lambda frame, view: str(section_of(view, "harm").facts["claim"]),
    caption=lambda view: "Ratios during / before with 95% intervals; the ratio of harm is the product of the other two.",
    columns=lambda view: [
        text("part", "Part"), decimal("before", "Before", 1), decimal("during", "During", 1), decimal("ratio", "Ratio", 2),
        decimal("low", "95% interval from", 2), decimal("high", "to", 2),
    ],
    figure=lambda frame, view: dots_with_intervals(
        labels=list(frame["part"]), values=list(frame["ratio"]), lows=list(frame["low"]), highs=list(frame["high"]),
        unit="ratio, log scale: below 1 means less", colours=[palette.TURQUOISE] * len(frame), symbols=["square"] * len(frame),
        reference=1.0, log=True, texts=[f"{v:.2f}" for v in frame["ratio"]],
    ).update_xaxes(tickvals=list(TICKS), ticktext=[f"{v:g}" for v in TICKS]),
    if_empty=lambda view: ("Harm cannot be split.", "Load a harm index (kind weights)."),
    why="Harm may fall because there were fewer crimes or because they were less grave: these are two findings.",
    misleads="Harm per crime rests on few grave crimes, so it moves a lot by chance.", methods=("harm-split",),
)  # fmt: skip
GRAVEST = Block(
    id="harm-gravest", title="The gravest crimes of each window", permission=Permission.INSPECT_EVALUATION,
    frame=lambda view: section_of(view, "harm").tables.get("gravest", pd.DataFrame()), sentence=_gravest_sentence,
    caption=lambda view: "Rank within the window, weight in days, share of the window's harm alone and with those above it.",
    columns=lambda view: [
        text("window", "Window"), count("rank", "Rank"), decimal("harm_days", "Harm (days)", 0),
        share("share", "Share", 1), share("cumulative", "With those above", 1),
    ],
    if_empty=lambda view: ("No crime has a harm weight.", "Load a harm index (kind weights)."),
    why="It shows on how few crimes a harm figure rests.",
    misleads="Weights are sentences for a first offender, not what a victim suffered.", methods=("harm-leverage",),
)  # fmt: skip
ESTIMATES = estimates_block(
    id="harm-estimates", section="harm", title="Every estimate of harm side by side", labels=LABELS,
    why="A result that holds only for one way of counting harm is not much of a result.",
    misleads="Harm read as counts has by far the narrowest interval and is wrong: harm days are weights, not events.",
    methods=("harm-ppml", "harm-ri", "harm-split", "harm-capped", "harm-bootstrap", "harm-as-counts"),
)  # fmt: skip
PAGE = ReviewPage(
    slug="harm", path="/evaluation/harm", name="Harm", question="Did harm change, or only the number of crimes?",
    section="harm", lead=_lead, blocks=(SPLIT, ESTIMATES, LEVERAGE, GRAVEST, checks_block(id="harm-checks", section="harm", labels=LABELS)),
    choices=(Choice("cap", "Each crime counts at most", lambda view: [("", "no cap"), ("365", "365 days")]),),
)  # fmt: skip
dash.register_page(__name__, **review_page(PAGE))
