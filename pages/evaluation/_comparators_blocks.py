"""Blocks of the comparators page."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd

from components.block import Block
from components.columns import Column, count, decimal, text
from components.view import View
from domain import formats
from domain.roles import Permission
from pages.evaluation import _comparators_figures as charts
from pages.evaluation._page import planned_section, section_of
from pages.evaluation._patrol_days_figures import left_out
from pages.evaluation._records import checks_block, estimates_block, no_estimate

NAME = "comparators"
RATIOS = {
    "did": "Default: difference in differences", "before_selection": "Baseline: before the places were chosen",
    "sdid": "Synthetic difference in differences", "sdid_plain": "Synthetic, plain placebo error",
    "rirr": "Ratio of rate ratios, Poisson noise only", "rirr_phi": "Ratio of rate ratios, overdispersed",
    "twfe": "Two-way fixed effects",
}  # fmt: skip
CRIMES = {"wdd": "Weighted displacement difference"}
COLUMNS = {
    "months": ("month", "window", "ours", "mean", "lowest", "highest", "crimes"),
    "places": ("place", "treated", "before", "months_before", "during", "months_during", "ratio"),
    "multiverse": ("rule", "baseline_months", "comparators", "places", "ratio", "low", "high", "p", "preregistered"),
    "leave_one_out": ("left_out", "ratio", "low", "high", "p"),
    "placebo": ("place", "ratio", "score", "treated"),
    "event_study": ("block", "first", "last", "months", "ratio", "low", "high", "lead", "base"),
    "left_out": ("place", "why"),
}


def _table(name: str) -> Callable[[View], pd.DataFrame]:
    def frame(view: View) -> pd.DataFrame:
        found = section_of(view, NAME).tables.get(name)
        # Where no place can be used the section hands over the plain months, which this page does not draw.
        if found is None or not set(COLUMNS[name]) <= set(found.columns):
            return pd.DataFrame(columns=list(COLUMNS[name]))
        return found

    return frame


def _facts(view: View) -> dict[str, Any]:
    return dict(section_of(view, NAME).facts)


def _why(fact: str) -> Callable[[View], tuple[str, str]]:
    def words(view: View) -> tuple[str, str]:
        said = _facts(view).get(fact)
        return (said, "The reason says what would be needed.") if said else no_estimate(section_of(view, NAME))

    return words


def _yes(name: str, head: str, word: str) -> Column:
    return Column(name, head, lambda v: word if v else "")


INTERVAL = (decimal("ratio", "Ratio", 2), decimal("low", "95% interval from", 2), decimal("high", "to", 2))


def _block(key: str, title: str, words: Any, *, why_empty: str = "", **given: Any) -> Block:
    return Block(
        id=f"comparators-{key.replace('_', '-')}", title=title, permission=Permission.INSPECT_EVALUATION,
        frame=_table(key), sentence=words, **{"if_empty": _why(why_empty), **given},
    )  # fmt: skip


def _months_words(frame: pd.DataFrame, view: View) -> str:
    facts = _facts(view)
    said = f"{len(frame)} months of {facts['treated']} and of {facts['comparators']} comparison places. "
    if facts.get("trend") is None:
        return said + "There are too few months or comparators to tell whether they moved alike before the service."
    gap, low, high = (formats.signed_percent(math.exp(facts[n]) - 1) for n in ("trend", "trend_low", "trend_high"))
    verdict = (
        "the places were drifting apart already."
        if facts["trend_p"] < 0.05
        else "no clear difference, which is no proof of none."
    )
    return f"{said}Before the service {facts['treated']} moved by {gap} a year relative to them (95% interval {low} to {high}): {verdict}"


def _months_figure(frame: pd.DataFrame, view: View) -> Any:
    facts = _facts(view)
    late = planned_section(view, "before-after").facts.get("provisional_from") or ""
    return charts.indexed(frame, facts["treated"], facts.get("live_from", ""), late)


MONTHS = _block(
    "months", "Crimes by month, each place against its own baseline", _months_words,
    caption=lambda view: "100 = the place's own monthly mean in the baseline. Shaded: baseline and during; dotted: the service "
    "starts; darker grey: still provisional.",
    columns=lambda view: [
        text("month", "Month"), text("window", "Window"), count("crimes", "Our crimes"), decimal("ours", "Our index", 1),
        decimal("mean", "Comparators, mean", 1), decimal("lowest", "lowest", 1), decimal("highest", "highest", 1),
    ],
    figure=_months_figure, why="The comparison stands on places moving alike without the service; before it, that can be seen.",
    misleads="Small places jump about more than large ones: a swing within the range is ordinary, and one outside may be chance.",
    methods=("did", "event-study"),
)  # fmt: skip


def _places_words(frame: pd.DataFrame, view: View) -> str:
    own = frame["treated"].astype(bool)
    ours, others = frame[own].iloc[0], frame[~own]
    lower = int((others["ratio"] < ours["ratio"]).sum())
    return (
        f"{ours['place']} had {formats.number(ours['ratio'], 2)} times its rate before; of {len(others)} comparison places "
        f"{lower} had a lower ratio. These are recorded changes side by side, not estimates."
    )


PLACES = _block(
    "places", "Each place's own change", _places_words,
    caption=lambda view: "Monthly rate during over monthly rate in the baseline. Diamond: the place with the service.",
    columns=lambda view: [
        text("place", "Place"), _yes("treated", "Service", "yes"), count("before", "Crimes before"),
        count("months_before", "Months before"), count("during", "Crimes during"), count("months_during", "Months during"),
        decimal("ratio", "Rate during / before", 2),
    ],
    figure=lambda frame, view: charts.places(frame), why="How far places without the service moved is what ours is held against.",
    misleads="Small places move more by chance alone; the order of places says little without their intervals.",
    methods=("did", "overdispersion"),
)  # fmt: skip
FOREST = estimates_block(
    id="comparators-estimates", section=NAME, title="Every estimate against comparators side by side", labels=RATIOS,
    why="A finding that only one method gives is no finding; those marked with a cross are what other studies use.",
    misleads="The narrow intervals are not the better ones: they take drift between places for none. The false alarm rate "
    "is beside each.",
    methods=("did", "sdid", "sdid-plain", "synthetic-control", "rirr", "rirr-phi", "twfe"),
)  # fmt: skip


def _crimes_words(frame: pd.DataFrame, view: View) -> str:
    known = frame.dropna(subset=["estimate"])
    if known.empty:
        return "No difference in crimes can be given; the table says why."
    value, low, high = (float(known[name].iloc[0]) for name in ("estimate", "low", "high"))
    words = "fewer" if value <= 0 else "more"
    return (
        f"Over the months compared {formats.number(abs(value))} {words} crimes were recorded than the comparators' change, brought to our "
        f"level, would give (95% interval of the difference {formats.number(low)} to {formats.number(high)}; below 0 means fewer)."
    )


DIFFERENCE = estimates_block(
    id="comparators-crimes", section=NAME, title="In crimes, not per cent", labels=CRIMES, scale="difference",
    sentence=_crimes_words,
    why="A count of crimes is what a budget or a shift plan can use.",
    misleads="Its interval holds scatter from month to month, not how far places drift apart over years, so it is too narrow.",
    methods=("wdd-comparators",),
)  # fmt: skip


def _multiverse_words(frame: pd.DataFrame, view: View) -> str:
    low, high = (formats.number(v, 2) for v in (frame["ratio"].min(), frame["ratio"].max()))
    clear = int(((frame["high"] < 1) | (frame["low"] > 1)).sum())
    return (
        f"{len(frame)} acceptable sets of comparators and baselines give ratios from {low} to {high}; {clear} of them leave "
        "no change outside the 95% interval. They share data, so this is no count of votes."
    )


MULTIVERSE = _block(
    "multiverse", "Every acceptable set of comparators", _multiverse_words, why_empty="why_no_multiverse",
    caption=lambda view: "A dot a set, lowest first, with its 95% interval; diamond: the registered choice. Intervals run to "
    "the edge of the axis at most; the table has them in full.",
    columns=lambda view: [
        text("rule", "Which places"), count("baseline_months", "Months of baseline"), count("comparators", "Places"), *INTERVAL,
        _yes("preregistered", "Registered", "yes"), text("places", "Names"),
    ],
    figure=lambda frame, view: charts.multiverse(frame),
    why="Whoever picks the comparators picks the answer, unless every acceptable choice is shown.",
    misleads="The rows are no independent tests.", methods=("multiverse",),
)  # fmt: skip


def _without_words(frame: pd.DataFrame, view: View) -> str:
    low, high = frame.loc[frame["ratio"].idxmin()], frame.loc[frame["ratio"].idxmax()]
    return (
        f"Without one comparator in turn the ratio lies between {formats.number(low['ratio'], 2)} (without {low['left_out']}) "
        f"and {formats.number(high['ratio'], 2)} (without {high['left_out']})."
    )


WITHOUT = _block(
    "leave_one_out", "Without each comparator in turn", _without_words, why_empty="why_no_leave_one_out",
    caption=lambda view: "Lines are 95% intervals; the dashed rule is the estimate with all.",
    columns=lambda view: [text("left_out", "Without"), *INTERVAL],
    figure=lambda frame, view: left_out(frame, _facts(view)["point"], [f"{p} " for p in frame["left_out"]]),
    why="An answer that hangs on a single place is that place's, not ours.",
    misleads="Every row shares all but one place with the others, so they must look alike.", methods=("did",),
)  # fmt: skip


def _placebo_words(frame: pd.DataFrame, view: View) -> str:
    facts = _facts(view)
    said = (
        f"By how far it fell, {facts['treated']} is number {facts['placebo_rank']} of {len(frame)} places, each taken in turn as "
        f"if it had the service; {formats.percent(facts['placebo_p'])} of them, itself included, lie as far from no change as it does "
        f"(p = {facts['placebo_p']:.3f}). With {len(frame) - 1} comparators p cannot be below {facts['placebo_floor']:.3f}"
    )
    return said + (", so this rank alone can never reach 5%." if facts["placebo_floor"] > 0.05 else ".")


PLACEBO = _block(
    "placebo", "Every place as if it had the service", _placebo_words, why_empty="why_no_placebo",
    caption=lambda view: "Score: log ratio against the mean of all others, over its standard error.",
    columns=lambda view: [
        text("place", "Place"), _yes("treated", "Service", "yes"), decimal("ratio", "Ratio to the others", 2), decimal("score", "Score", 2),
    ],
    figure=lambda frame, view: charts.ranks(frame),
    why="If places without the service moved as far, ours is nothing unusual; it asks nothing of bell curves.",
    misleads="It takes places as exchangeable, which whole cities and hot spots chosen for high crime are not.",
    methods=("placebo-places",),
)  # fmt: skip


def _leads_words(frame: pd.DataFrame, view: View) -> str:
    facts, count_of = _facts(view), int(frame["lead"].sum())
    if facts.get("leads_p") is None:
        return facts.get("why_no_leads") or "The leads could not be tested together."
    end = "they were not moving alike." if facts["leads_p"] < 0.05 else "no clear departure, which is no proof of none."
    return f"Before the service, {count_of} earlier {'half-year' if count_of == 1 else 'half-years tested together'} {'gives' if count_of == 1 else 'give'} p = {facts['leads_p']:.3f}: {end}"


LEADS = _block(
    "event_study", "Half-years before and after the start", _leads_words, why_empty="why_no_leads",
    caption=lambda view: "Ratio to the comparators, against the last half-year before the service (no interval: it is 1 by "
    "construction). Lines are 95% intervals; there are none with a single comparator.",
    columns=lambda view: [
        text("first", "From"), text("last", "To"), count("months", "Months"), *INTERVAL, _yes("base", "Base", "yes"),
    ],
    figure=lambda frame, view: charts.leads(frame),
    why="Leads away from 1 say that the places were moving apart before the service.",
    misleads="Leads near 1 prove nothing with few comparators, and all lean on one base half-year.", methods=("event-study",),
)  # fmt: skip


def _left_out_empty(view: View) -> tuple[str, str]:
    if _facts(view).get("treated"):
        return "No place was left out.", "Every comparison place that was asked for is used."
    return no_estimate(section_of(view, NAME))


LEFT_OUT = _block(
    "left_out", "Places left out",
    lambda frame, view: f"{len(frame)} {'place' if len(frame) == 1 else 'places'} could not be used; the table says why.",
    caption=lambda view: "Of the places that were asked for.",
    columns=lambda view: [text("place", "Place"), text("why", "Why")], table_open=True,
    why="Places that quietly drop out can make any result.",
    misleads="A place that was never loaded is not listed here.", methods=("did",), if_empty=_left_out_empty,
)  # fmt: skip


CHECKS = checks_block(id="comparators-checks", section=NAME, labels={**RATIOS, **CRIMES})
BLOCKS = (MONTHS, FOREST, DIFFERENCE, PLACES, MULTIVERSE, WITHOUT, PLACEBO, LEADS, LEFT_OUT, CHECKS)
