"""Blocks of the cost-effectiveness page: what was spent, and what each crime and harm day fewer cost."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from analysis.evaluation.pooling.claim import cost_claim
from analysis.evaluation.pooling.economics import pounds
from components import figures, palette
from components.block import Block
from components.columns import Column, count, decimal, money, text
from components.view import View
from domain import formats
from domain.roles import Permission
from pages.evaluation._page import section_of

NAME = "cost-effectiveness"
REVIEW = Permission.INSPECT_EVALUATION
LEDGERS = (
    "This is none of the three ledgers of the costs page: it sets the spend beside a change and is no saving. What else the "
    "money would have bought is not in it."
)


def _facts(view: View) -> Any:
    return section_of(view, NAME).facts


def _costs(view: View) -> pd.DataFrame:
    frame = section_of(view, NAME).tables["costs"]
    # Neither a cost nor a change: there is nothing to list.
    return frame if frame[["fewer", "cost"]].notna().any(axis=None) else frame.iloc[0:0]


def _costs_sentence(frame: pd.DataFrame, view: View) -> str:
    records = section_of(view, NAME).records
    return " ".join(
        cost_claim(records[key], unit, plain=True).sentence
        for key, unit in (("crime-comparators", "crime"), ("harm-before-after", "harm day"))
    )


def _spent(view: View) -> str:
    found = _facts(view)
    names = [view.programme.provider_name(code) for code in found["providers"]]
    return f"{formats.pounds(found['spend'])} by {formats.joined(names)}" if names else "no spend is loaded"


def _costs_figure(frame: pd.DataFrame, view: View) -> go.Figure | None:
    """Events fewer, which always have an interval that can be drawn; costs without an upper end could not be."""
    known = frame[frame["fewer"].notna() & frame["unit"].eq("crime fewer")]
    ends = [v for v in [*known["fewer_low"], *known["fewer_high"]] if math.isfinite(v)] or [0.0]
    return figures.dots_with_intervals(
        labels=list(known["how"]), values=list(known["fewer"]), lows=[max(v, min(ends)) for v in known["fewer_low"]],
        highs=[min(v, max(ends)) for v in known["fewer_high"]], unit="crimes fewer than expected; below 0 more",
        colours=[palette.DARK_BLUE] * len(known), reference=0.0, texts=[f"{v:,.0f}" for v in known["fewer"]],
    )  # fmt: skip


def _end(name: str, head: str, places: int = 0) -> Column:
    return Column(name, head, lambda v: "no upper limit" if math.isinf(v) else formats.number(v, places), numeric=True)


def _cost(name: str, head: str) -> Column:
    return Column(name, head, pounds, numeric=True)


COSTS = Block(
    id="cost-effectiveness-costs",
    title="Spend for each crime and each harm day fewer",
    permission=REVIEW,
    frame=_costs,
    sentence=_costs_sentence,
    caption=lambda view: (
        f"Spend in the “during” window: {_spent(view)}. Cost = spend / events fewer than expected; its interval is that of the change "
        f"turned over, so it has no upper end where the change may be none. Against comparators "
        f"the ratio of the whole months compared is applied to all crimes of the window. Chart: crimes fewer, with 95% intervals. {LEDGERS}"
    ),
    columns=lambda view: [
        text("unit", "Per"), text("how", "Change measured"), _end("fewer", "Fewer than expected"),
        _end("fewer_low", "95% interval from"), _end("fewer_high", "to"), _cost("cost", "£ each"),
        _cost("low", "95% interval from (£)"), _cost("high", "to (£)"), count("level", "Maryland level (of 5)"),
        text("why", "Why there is no figure", lambda v: v or formats.NOT_APPLICABLE),
    ],
    figure=_costs_figure,
    table_open=True,
    if_empty=lambda view: (str(_facts(view)["claim"]), "It needs a change with its interval, and spend by provider."),
    why="Funders ask what a crime fewer costs; an answer without its interval would be a guess.",
    misleads="It is the price of a crime fewer only if the service lay behind the change, which this design cannot show; a lucky estimate looks cheap.",
    methods=("cost-effectiveness",),
)  # fmt: skip


def _spend_sentence(frame: pd.DataFrame, view: View) -> str:
    total = float(frame["spend_gbp"].sum())
    return f"{formats.pounds(total)} was spent in the “during” window by {len(frame)} {'provider' if len(frame) == 1 else 'providers'}."


SPEND = Block(
    id="cost-effectiveness-spend",
    title="What was spent",
    permission=REVIEW,
    frame=lambda view: section_of(view, NAME).tables["spend"],
    sentence=_spend_sentence,
    caption=lambda view: "Providers with both spend and tracker minutes; monthly spend is shared out over the days of the window.",
    columns=lambda view: [
        text("provider", "Provider", view.programme.provider_name), text("kind", "Kind"), money("spend_gbp", "Spend (£)"),
        decimal("patrol_minutes", "Patrol-minutes", 0),
    ],
    table_open=True,
    if_empty=lambda view: ("No spend by provider is loaded for the “during” window.", "Load costs (kind costs)."),
    why="The cost per crime is no better than the spend it starts from.",
    misleads="What partners gave in kind, and overheads nobody charged, are not in it.",
)  # fmt: skip

BLOCKS = (COSTS, SPEND)
