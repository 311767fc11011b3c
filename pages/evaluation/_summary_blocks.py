"""The Evaluation page's blocks: every estimate side by side, then each with the numbers it rests on.

All read one frozen summary; the windows come from the programme's settings, so the filters do not apply here
and every table and CSV says so.
"""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from analysis.evaluation.claims import MARYLAND
from analysis.evaluation.record import Refusal, ResultRecord, three_ways
from components import figures, palette, wording
from components.block import Block, register_block
from components.columns import Column, count, decimal, text
from components.view import View
from data_access.evaluation import tables
from data_access.evaluation.summary import EvaluationSummary, evaluation_summary
from domain import formats
from domain.roles import Permission
from pages.evaluation._records import p_words, ways_columns

STYLE = {
    "before_after": (palette.DARK_BLUE, "circle"),
    "exact": (palette.DARK_GREY, "circle-open"),
    "against_comparators": (palette.ORANGE, "triangle-up"),
    "patrol_days": (palette.DARK_PINK, "diamond"),
}
HARM_STYLE = (palette.TURQUOISE, "square")
TICKS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0, 10.0)
# The axis ends here; an interval that runs on is drawn to the end and given in full in the table.
AXIS = (0.1, 10.0)

# The filters do not apply here, so "choose a longer period" would send the reader the wrong way.
NO_ESTIMATE = ("No estimate could be made for this programme.", "Each section below says what it would need.")


def summary(view: View) -> EvaluationSummary:
    return evaluation_summary(view.scope, view.programme.code)


def covers(view: View) -> str:
    """What every table and CSV of this page covers."""
    before, during = view.programme.before, view.programme.during
    if not (before and during):
        return f"{view.defaults.area_name}, all {view.defaults.area_word}; no evaluation windows are set"
    return (
        f"{view.defaults.area_name}, all {view.defaults.area_word}, before {formats.period(before.period)}, "
        f"during {formats.period(during.period)} (the programme's own windows; other filters do not apply)"
    )


# --- every estimate -------------------------------------------------------------------------------------------


def _forest_sentence(frame: pd.DataFrame, view: View) -> str:
    # “Chance alone” is a yardstick: counting it as a finding would be the error the page warns of.
    judged = frame[frame["key"] != "exact"]
    known = judged.dropna(subset=["ratio"])
    if known.empty:
        return "No estimate can be given; the table says why for each."
    clear = known[(known["high"] < 1) | (known["low"] > 1)]
    names = formats.joined([f"“{name}”" for name in clear["estimate_name"]])
    if clear.empty:
        said = (
            f"None of the {len(known)} estimates shows a change beyond what chance and ordinary variation can give: "
            f"every interval includes a ratio of 1, no change{_yardstick(frame)}."
        )
    else:
        verb = "has" if len(clear) == 1 else "have"
        said = f"{len(clear)} of {len(known)} estimates {verb} an interval that leaves out a ratio of 1 (no change): {names}."
        said += " “Chance alone” is shown as a yardstick and not counted." if "exact" in set(frame["key"]) else ""
    left_out = len(judged) - len(known)
    return f"{said} {left_out} could not be made; the table says why." if left_out else said


def _yardstick(frame: pd.DataFrame) -> str:
    """The row of the chart that the sentence does not count, named where it says something else."""
    exact = frame[(frame["key"] == "exact") & ((frame["high"] < 1) | (frame["low"] > 1))]
    return ", apart from “chance alone”, which is shown as a yardstick" if len(exact) else ""


def forest_figure(frame: pd.DataFrame, view: View) -> go.Figure:
    """One row an estimate on a log ratio axis, with the rule of no change."""
    known = frame.dropna(subset=["ratio"])
    known = known[[math.isfinite(v) and v > 0 for v in known["ratio"]]]
    styles = [STYLE.get(key, HARM_STYLE) for key in known["key"]]
    clip = [min(max(v, AXIS[0]), AXIS[1]) for v in known["ratio"]]
    figure = figures.dots_with_intervals(
        labels=list(known["estimate_name"]),
        values=clip,
        lows=[max(v, AXIS[0]) for v in known["low"]],
        highs=[min(v, AXIS[1]) for v in known["high"]],
        unit="ratio, log scale: below 1 means fewer or less",
        colours=[s[0] for s in styles],
        symbols=[s[1] for s in styles],
        reference=1.0,
        log=True,
        texts=[f"{v:.2f}" for v in known["ratio"]],
    )
    low = min([0.5, *known["low"].clip(*AXIS)])
    high = max([1.5, *known["high"].clip(*AXIS)])
    figure.update_xaxes(
        tickvals=list(TICKS), ticktext=[f"{v:g}" for v in TICKS], range=[math.log10(low * 0.9), math.log10(high * 1.1)]
    )
    return figure


FOREST = register_block(
    Block(
        id="evaluation-estimates",
        if_empty=lambda _view: NO_ESTIMATE,
        title="Every estimate side by side",
        permission=Permission.VIEW_EVALUATION,
        frame=lambda view: tables.estimates_table(summary(view)),
        sentence=_forest_sentence,
        caption=lambda view: (
            "Dots are ratios, lines their 95% intervals. “Chance alone” shows the least uncertainty there can be and is "
            "not the headline. Smallest detectable ratio: a true fall to this ratio would be found four times in five. "
            "False alarm rate: how often the method signals when nothing happened, measured by simulation. "
            f"Maryland level: how strong the design is, from 1 ({MARYLAND[1]}) to 5 ({MARYLAND[5]}); 2 is {MARYLAND[2]}, "
            f"3 is {MARYLAND[3]}."
        ),
        columns=lambda view: [
            text("estimate_name", "Estimate"),
            decimal("ratio", "Ratio", 2),
            decimal("low", "95% interval from", 2),
            decimal("high", "to", 2),
            *ways_columns(),
            Column("p", "p", p_words, numeric=True),
            decimal("mde80", "Smallest detectable ratio", 2),
            count("events", "Events"),
            count("level", "Maryland level (of 5)"),
            text("false_alarms", "False alarm rate"),
            text("how", "Method, or why there is no estimate"),
        ],
        figure=forest_figure,
        height=400,
        covers=covers,
        why="One figure can be right by luck; what is believed should hold however it is looked at.",
        misleads="The rows share the same records, so their agreement is less than independent confirmation.",
        methods=("before-after", "exact-conditional", "patrol-days"),
    )
)


# --- before and during ----------------------------------------------------------------------------------------


def _years_sentence(frame: pd.DataFrame, view: View) -> str:
    found = summary(view).before_after
    if isinstance(found, Refusal):
        return found.reason
    said = wording.change_sentence(
        what="Recorded crime",
        now=found.during.crimes,
        then=found.before.crimes,
        now_when=formats.period(found.during.period),
        then_when=formats.period(found.before.period),
    )
    if isinstance(found.default, Refusal):
        return f"{said} {found.default.reason}"
    ways = three_ways(found.default, found.during.crimes)
    fewer = wording.fewer_sentence(ways.events_fewer, ways.events_fewer_low, ways.events_fewer_high, "crimes")
    return f"{said} {fewer}"


def _years_caption(view: View) -> str:
    found = summary(view).before_after
    record = None if isinstance(found, Refusal) else found.default
    how = f"{record.method}. {_rests_on(record)} " if isinstance(record, ResultRecord) else ""
    return f"{how}Bars: crimes recorded in the same part of each year as far back as crimes are loaded."


def _rests_on(record: ResultRecord) -> str:
    """What the estimate leaves out, then what it takes for granted."""
    return " ".join([*record.limits, wording.assumptions_sentence(record.assumptions)]).strip()


BEFORE_AFTER = register_block(
    Block(
        id="evaluation-before-and-during",
        title="Recorded crime before and during the service",
        permission=Permission.VIEW_EVALUATION,
        frame=lambda view: tables.years_table(summary(view)),
        sentence=_years_sentence,
        caption=_years_caption,
        columns=lambda view: [
            text("window", "Window"),
            text("part", "Used as"),
            count("crimes", "Recorded crimes"),
            count("exposure_days", "Hot spot-days"),
            decimal("per_100", "Crimes per 100 hot spot-days"),
        ],
        figure=lambda frame, view: figures.ranked_bars(
            labels=[f"{row.window} ({row.part}) " for row in frame.itertuples()],
            values=list(frame["crimes"]),
            unit="recorded crimes",
        ),
        height=300,
        covers=covers,
        why="It is the plainest fact of the programme: what was recorded then and now.",
        misleads=(
            "There is no comparison area. A fall everywhere, a change of recording, or a return to normal of places chosen in a "
            "bad year looks the same as an effect."
        ),
        methods=("before-after", "exact-conditional", "e-test"),
    )
)


# --- harm -----------------------------------------------------------------------------------------------------


def _harm_sentence(frame: pd.DataFrame, view: View) -> str:
    claim = summary(view).harm_claim
    return claim.sentence if claim else ""


def _harm_caption(view: View) -> str:
    split = summary(view).harm
    if isinstance(split, Refusal):
        return split.reason
    checks = "; ".join(f"{c.name}: {tables.check_value(c.value)} (needed: {c.needed})" for c in split.total.checks)
    basis = f"Harm weights: {view.as_at.weight_edition or 'edition not given'}."
    return (
        f"Total harm is the number of crimes times harm per crime, so the first ratio is the product of the other two "
        f"(rates per hot spot-day). {basis} {checks[:1].upper()}{checks[1:]}. {_rests_on(split.total)}"
    )


HARM = register_block(
    Block(
        id="evaluation-harm",
        title="Harm: how many crimes, and how serious each was",
        permission=Permission.VIEW_EVALUATION,
        frame=lambda view: tables.harm_split_table(summary(view)),
        sentence=_harm_sentence,
        caption=_harm_caption,
        columns=lambda view: [
            text("estimate_name", "Measure"),
            decimal("before", "Before", 1),
            decimal("during", "During", 1),
            decimal("ratio", "Ratio of rates", 2),
            decimal("low", "95% interval from", 2),
            decimal("high", "to", 2),
        ],
        figure=forest_figure,
        height=280,
        covers=covers,
        why="Fewer crimes with more harm in each are not the same as less harm.",
        misleads="A handful of very serious crimes can decide it.",
    )
)


# --- patrol days ----------------------------------------------------------------------------------------------


def _patrol_caption(view: View) -> str:
    found = summary(view).patrol_days
    if isinstance(found.record, Refusal) or found.window is None:
        return ""
    start, end = found.window
    missing = found.days_without_tracker_data
    unknown = f"{missing:,} days without tracker files are left out. " if missing else ""
    return (
        f"Crimes that began between {start:%H:%M} and {end:%H:%M}; a day has patrol when any provider's GPS-verified visit began "
        f"before {end:%H:%M}. The table is unadjusted; the ratio is not the ratio of its rows. {unknown}"
        f"{found.record.method}. {_rests_on(found.record)}"
    )


PATROL_DAYS = register_block(
    Block(
        id="evaluation-patrol-days",
        title="Days with patrol and days without, in the same hot spots",
        permission=Permission.VIEW_EVALUATION,
        frame=lambda view: tables.patrol_days_table(summary(view)),
        sentence=lambda frame, view: summary(view).patrol_claim.sentence,
        caption=_patrol_caption,
        columns=lambda view: [
            text("days_kind", "Hot spot-days"),
            count("spot_days", "Number of hot spot-days"),
            count("crimes", "Crimes in the service window"),
            decimal("per_100", "Crimes per 100 hot spot-days"),
        ],
        table_open=True,
        covers=covers,
        why="It compares the hot spots with themselves in the same weeks, so a fall everywhere cannot make a difference.",
        misleads=(
            "Days were not drawn at random: an event that brings both patrols and crime on one day misleads it, and a tracker "
            "that failed makes a patrolled day look unpatrolled."
        ),
        methods=("patrol-days", "patrol-days-ri"),
    )
)


# --- other places ---------------------------------------------------------------------------------------------


def _places_sentence(frame: pd.DataFrame, view: View) -> str:
    found = summary(view).comparators
    if isinstance(found, Refusal):
        return found.reason
    own, others = found.treated_change, [p.ratio for p in found.places if p.place != found.treated]
    return (
        f"{own.place} ranks {own.rank} of {len(found.places)} by change, 1 being the largest fall: a ratio of {own.ratio:.2f}, "
        f"against {min(others):.2f} to {max(others):.2f} in the comparison places. This is context and no test: with "
        f"{len(others)} comparison places a rank could not give a p below {found.placebo_floor:.2f}."
    )


PLACES = register_block(
    Block(
        id="evaluation-comparison-places",
        title="The same months in other places",
        permission=Permission.VIEW_EVALUATION,
        frame=lambda view: tables.places_table(summary(view)),
        sentence=_places_sentence,
        caption=lambda view: (
            "Monthly rate during over monthly rate before, each place by itself, over the whole months of the two windows. "
            + (
                "Our hot spots are small parts of a city and were chosen because crime was high there; whole cities were not."
                if view.programme.resolution == "day"
                else "Places differ in size, and small ones jump about more."
            )
        ),
        columns=lambda view: [
            text("place", "Place"),
            count("rank", "Rank (1 = fell most)"),
            count("before", "Crimes before"),
            count("during", "Crimes during"),
            decimal("ratio", "Ratio of monthly rates", 2),
        ],
        figure=lambda frame, view: figures.dots_with_intervals(
            labels=list(frame["place"]),
            values=list(frame["ratio"]),
            lows=[None] * len(frame),
            highs=[None] * len(frame),
            unit="ratio of monthly rates, during / before",
            colours=[palette.DARK_BLUE if own else palette.DARK_GREY for own in frame["own"]],
            symbols=["circle" if own else "circle-open" for own in frame["own"]],
            reference=1.0,
            texts=[f"{v:.2f}" for v in frame["ratio"]],
        ),
        height=340,
        covers=covers,
        why="Crime moves up and down together over a country; a fall that everyone had is not this service's.",
        misleads="Whole cities were not chosen for being hot spots, and a few places cannot show what chance would do.",
    )
)


# --- checks ---------------------------------------------------------------------------------------------------


def _checks_sentence(frame: pd.DataFrame, view: View) -> str:
    judged = frame[frame["outcome"] != "for information"]
    failed = judged[judged["outcome"] == "not passed"]
    if failed.empty:
        return f"All {len(judged)} checks that can fail were passed."
    names = formats.joined(list(dict.fromkeys(failed["check"])))
    verb = "was" if len(failed) == 1 else "were"
    return f"{len(failed)} of {len(judged)} checks that can fail {verb} not passed: {names}."


CHECKS = register_block(
    Block(
        id="evaluation-checks",
        if_empty=lambda _view: NO_ESTIMATE,
        title="Checks",
        permission=Permission.VIEW_EVALUATION,
        frame=lambda view: tables.checks_table(summary(view)),
        sentence=_checks_sentence,
        caption=lambda view: (
            f"What was looked at beside each estimate. {formats.NOT_APPLICABLE}: for information, cannot fail. "
            f"Code version: {_version(view)}."
        ),
        columns=lambda view: [
            text("estimate_name", "Estimate"),
            text("check", "Check"),
            text("value", "Value"),
            text("needed", "Needed to pass"),
            text("outcome", "Outcome"),
            text("meaning", "What it is about"),
        ],
        covers=covers,
    )
)


def _version(view: View) -> str:
    versions = {r.code_version for r in summary(view).records().values() if isinstance(r, ResultRecord)}
    return formats.joined(sorted(versions)) or formats.UNAVAILABLE
