"""Dosage response: do more patrol minutes go with fewer crimes?"""

from __future__ import annotations

from typing import Any

import dash
import pandas as pd
from dash import html

from analysis.evaluation.patrol_days import claim
from analysis.evaluation.patrol_days.dosage import category_labels
from analysis.evaluation.section import Section
from components.block import Block
from components.columns import count, decimal, text
from components.view import View
from domain import formats
from domain.roles import Permission
from pages.evaluation import _patrol_days_figures as charts
from pages.evaluation._page import ReviewPage, review_page, section_of, table_of
from pages.evaluation._records import checks_block, estimates_block, why_none

NAME = "dosage-response"
LABELS = {
    "linear": "10 minutes more", "itt": "10 planned minutes more", "trend": "One category more", "spline": "On the curve",
    "first": "First plan", "second": "Second plan", "second / first": "Second / first",
}  # fmt: skip
INSPECT = Permission.INSPECT_EVALUATION


def _section(view: View) -> Section:
    return section_of(view, NAME)


def _lead(view: View, section: Section) -> list[Any]:
    body: list[Any] = [html.P(claim.dosage_claim(section.headline).sentence, className="lead", id="dosage-claim")]
    if len(section.records) > 1:
        body.append(html.P(claim.shape_sentence(section.records["trend"], section.records["spline"])))
    return body


def _curve_sentence(frame: pd.DataFrame, view: View) -> str:
    record = _section(view).records["spline"]
    said = claim.shape_sentence(_section(view).records["trend"], record)
    if not hasattr(record, "estimate"):
        return f"{said} {record.reason}"
    size = claim.size_words(record.estimate)
    interval = claim.interval_words(record.ci_low, record.ci_high)
    return f"{record.estimand}: {size} (95% interval {interval}). {said}"


CURVE = Block(
    id="dosage-curve", title="Crime by patrol minutes, as a curve", permission=INSPECT,
    frame=table_of(NAME, "curve", ("minutes", "ratio", "low", "high")), sentence=_curve_sentence,
    caption=lambda view: "Line: ratio to a day without patrol; band: 95% interval, for one point at a time. Bars: hot "
    "spot-days with so many minutes, in steps of five (days without patrol are not drawn).",
    columns=lambda view: [
        decimal("minutes", "Patrol minutes", 0), decimal("ratio", "Ratio", 2), decimal("low", "95% interval from", 2),
        decimal("high", "to", 2),
    ],
    figure=lambda frame, view: charts.dosage_curve(frame, _section(view).tables["rug"]), if_empty=why_none(NAME),
    why="Whether a short visit goes with as few crimes as a long one decides what a plan should ask for.",
    misleads="Where bars are short the curve is drawn by few days. Patrols stay where something happens, which makes long "
    "visits look worse than they are.",
    methods=("dosage-spline",),
)  # fmt: skip


def _categories_sentence(frame: pd.DataFrame, view: View) -> str:
    known = frame[frame["minutes"] != "0"].dropna(subset=["ratio"])
    clear = known[(known["high"] < 1) | (known["low"] > 1)]
    if known.empty:
        return "No category can be compared with days without patrol; the table says why."
    found = (
        "none has"
        if clear.empty
        else f"{formats.joined(list(clear['minutes']))} has"
        if len(clear) == 1
        else f"{len(clear)} have"
    )
    return f"Of {len(known)} categories {found} an interval that leaves out 1, no difference from days without patrol."


CATEGORIES = Block(
    id="dosage-categories-shown", title="Crime by patrol minutes, in categories", permission=INSPECT,
    frame=table_of(NAME, "categories", ("minutes", "hot_spot_days", "crimes", "ratio", "low", "high", "reason")),
    sentence=_categories_sentence,
    caption=lambda view: "Edges at planned doses: 15 minutes for police, 40 for outreach. Adjusted as the headline is.",
    columns=lambda view: [
        text("minutes", "Patrol minutes"), count("hot_spot_days", "Hot spot-days"), decimal("crimes", "Crimes", 1),
        decimal("ratio", "Ratio to none", 2), decimal("low", "95% interval from", 2), decimal("high", "to", 2),
        text("reason", "Note"),
    ],
    figure=lambda frame, view: charts.dosage_categories(frame), if_empty=why_none(NAME),
    why="Categories need no shape to be assumed, unlike a line or a curve.",
    misleads="With several categories one can stand out by chance: read the trend.",
    methods=("dosage-categories",),
)  # fmt: skip

FOREST = estimates_block(
    id="dosage-estimates", section=NAME, title="Dosage, every estimate",
    labels={**{"linear": LABELS["linear"], "itt": LABELS["itt"], "trend": LABELS["trend"]},
            **{f"category {label}": f"{label} minutes" for label in category_labels()},
            **{key: LABELS[key] for key in ("spline", "first", "second", "second / first")}},
    why="Planned minutes cannot follow from what happened on the day; delivered minutes can.",
    misleads="The steps differ: ten minutes, one category, or a whole dose. Compare directions, not sizes.",
    methods=("dosage-linear", "dosage-categories", "dosage-spline", "dosage-itt", "dosage-phases"),
)  # fmt: skip


def _rug_sentence(frame: pd.DataFrame, view: View) -> str:
    facts = _section(view).facts
    if not facts["days_with_minutes"]:
        return (
            f"None of {formats.number(facts['hot_spot_days'])} hot spot-days had patrol minutes in the service window."
        )
    share = facts["days_with_minutes"] / facts["hot_spot_days"]
    return (
        f"{formats.number(facts['days_with_minutes'])} of {formats.number(facts['hot_spot_days'])} hot spot-days "
        f"({formats.percent(share)}) had patrol minutes; half of those had {formats.number(facts['median_minutes'])} or more."
    )


RUG = Block(
    id="dosage-rug", title="How many days had how many minutes", permission=INSPECT,
    frame=table_of(NAME, "rug", ("minutes_from", "minutes_to", "hot_spot_days", "crimes")), sentence=_rug_sentence,
    caption=lambda view: "Steps of five minutes, the upper end included; the first row is days without any.",
    columns=lambda view: [
        count("minutes_from", "Over (minutes)"), count("minutes_to", "up to"), count("hot_spot_days", "Hot spot-days"),
        decimal("crimes", "Crimes", 1),
    ],
    if_empty=why_none(NAME),
    why="A relation can only be seen where minutes vary.",
    misleads="Crimes here are unadjusted.", methods=("dosage-linear",),
)  # fmt: skip

CHECKS = checks_block(id="dosage-checks", section=NAME, labels=LABELS)

PAGE = ReviewPage(
    slug="dosage", path="/evaluation/dosage-response", name="Dosage response",
    question="Do more patrol minutes go with fewer crimes?", section=NAME, lead=_lead,
    blocks=(CURVE, CATEGORIES, FOREST, RUG, CHECKS),
)  # fmt: skip

dash.register_page(__name__, **review_page(PAGE))
