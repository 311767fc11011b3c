"""Blocks of the robustness page: three curves, the tests as one family, power, and the hot spots pooled."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from analysis.evaluation.pooling.meta import FEW
from analysis.evaluation.record import Refusal
from components import figures, palette
from components.block import Block
from components.columns import Column, count, decimal, share, text
from components.view import View
from domain import formats
from domain.roles import Permission
from pages.evaluation._page import section_of, table_of
from pages.evaluation._records import p_words
from pages.evaluation._robustness_figure import curve_figure

NAME = "robustness"
REVIEW = Permission.INSPECT_EVALUATION
SETTINGS = {
    "outcome": "Outcome",
    "adjusted": "Adjusted for",
    "compared": "Compared within",
    "days": "Days",
    "error": "Error",
}


def _facts(view: View) -> Any:
    return section_of(view, NAME).facts


def _curve(key: str, title: str, heads: dict[str, str], why: str, caption: str) -> Block:
    return Block(
        id=f"robustness-{key}",
        title=title,
        permission=REVIEW,
        frame=table_of(NAME, key),
        sentence=lambda frame, view: str(_facts(view)[key]),
        caption=lambda view: (
            f"{caption} Lines are 95% intervals; the diamond is the registered analysis; ticks below say which setting made "
            "each estimate."
        ),
        columns=lambda view: [
            text("question", "Question"),
            *(text(name, head) for name, head in heads.items()),
            decimal("ratio", "Ratio", 2), decimal("low", "95% interval from", 2), decimal("high", "to", 2),
            Column("p", "p", p_words, numeric=True), count("events", "Events"),
            text("registered", "Registered", lambda v: "yes" if v else "no"),
            text("why", "Why there is no estimate", lambda v: v or formats.NOT_APPLICABLE),
        ],
        figure=lambda frame, view: curve_figure(frame, list(heads)),
        if_empty=lambda view: (str(_facts(view)[f"why-{key}"]), "The reason says what would be needed."),
        why=why,
        misleads="The analyses share their data, so many alike are one finding; all may share one bias that no setting removes.",
        methods=("specification-curve",),
    )  # fmt: skip


DAYS = _curve(
    "curve-patrol-days", "Patrol days, analysed every way", SETTINGS,
    "If the answer hung on one setting, the analyst could have chosen it.",
    "Every combination of outcome, adjustment, days compared, days used and clustering of errors; all adjust for weekday. “All conditions”: crimes of the 7 days before and, where loaded, holidays, events and weather. Lowest ratio first.",
)  # fmt: skip
WINDOWS = _curve(
    "curve-before-after", "Before and after, analysed every way", {"days": "Windows", "adjusted": "Adjusted for", "error": "Noise allowed for"},
    "The windows and what counts as ordinary change decide how wide the interval is.",
    "“Chance alone” is drawn as a yardstick and not counted in the sentence.",
)  # fmt: skip
PLACES = _curve(
    "curve-comparators", "Comparators, analysed every way",
    {"days": "Baseline", "compared": "Comparators", "error": "Estimator"},
    "Which places and how many months before are the choices most easily bent.",
    "The ratio of rate ratios is there for comparison with other studies; its intervals are too narrow.",
)  # fmt: skip


# --- many tests ----------------------------------------------------------------------------------------------


def _tests_sentence(frame: pd.DataFrame, view: View) -> str:
    known = frame.dropna(subset=["p"])
    plain, kept = int((known["p"] < 0.05).sum()), int((known["holm"] < 0.05).sum())
    return (
        f"Of {len(known)} headline tests, {plain} {'has' if plain == 1 else 'have'} a p below 0.05 taken alone, and {kept} "
        "when counted as one family (Holm)."
    )


TESTS = Block(
    id="robustness-tests",
    title="The headline tests counted as one family",
    permission=REVIEW,
    frame=table_of(NAME, "tests"),
    sentence=_tests_sentence,
    caption=lambda view: (
        f"Holm and Bonferroni hold the chance of any false finding, Benjamini-Hochberg the share of false ones. "
        f"{_facts(view)['made']} combinations of settings were tried on this page; they are no tests of their own."
    ),
    columns=lambda view: [
        text("test", "Test"), decimal("ratio", "Ratio", 2), decimal("low", "95% interval from", 2), decimal("high", "to", 2),
        *(Column(name, head, p_words, numeric=True) for name, head in (
            ("p", "p alone"), ("holm", "Holm"), ("bonferroni", "Bonferroni"), ("bh", "Benjamini-Hochberg"))),
    ],
    table_open=True,
    if_empty=lambda view: ("None of the headline tests could be made.", "The other pages say why for each."),
    why="Several tests each with a 5% error find something by chance more often than 5%.",
    misleads="Only these tests are counted; whatever was looked at elsewhere belongs to the family too.",
    methods=("holm", "benjamini-hochberg"),
)  # fmt: skip


# --- power ---------------------------------------------------------------------------------------------------


def _power_sentence(frame: pd.DataFrame, view: View) -> str:
    row = frame[frame["ratio"] == 0.8].iloc[0]
    months = row["months"]
    needed = (
        "more than 600 months would be needed" if math.isnan(months) else f"{months:.0f} months of service are needed"
    )
    return (
        f"A true fall of 20% would be found by the before and after comparison in {formats.percent(row['now'])} of cases with these "
        f"data; for 80%, {needed}. By chance alone it would look like {formats.percent(row['chance_only'])}."
    )


def _months(value: float) -> str:
    return f"{value:.0f}"


POWER = Block(
    id="robustness-power",
    title="What these data could have shown",
    permission=REVIEW,
    frame=table_of(NAME, "power"),
    sentence=_power_sentence,
    caption=lambda view: (
        f"Two-sided 5% test of the ratio during / before, {formats.number(_facts(view).get('events_before'))} crimes before, overdispersion "
        f"{_facts(view).get('phi', 1):.2f}, drift between years {_facts(view).get('drift', 0):.2f} (SD of the log ratio). "
        f"{formats.UNAVAILABLE} under months: 600 are not enough, since more months do not lessen drift between years."
    ),
    columns=lambda view: [
        decimal("ratio", "True ratio", 2), share("now", "Found with these data"), share("chance_only", "Found if chance were all"),
        Column("months", "Months of service for 80%", _months, numeric=True),
        Column("months_no_drift", "The same without drift", _months, numeric=True),
    ],
    table_open=True,
    if_empty=lambda view: ("Without a before and after comparison its power is not known.", "Before and after says why."),
    why="A study that could hardly find a real change says little by not finding one.",
    misleads="Power is for a change supposed beforehand; worked out from the change that was found it says nothing new.",
    methods=("power-rate-ratio",),
)  # fmt: skip


# --- hot spots pooled ----------------------------------------------------------------------------------------


def _spots_frame(view: View) -> pd.DataFrame:
    frame, pooled = section_of(view, NAME).tables["spots"], section_of(view, NAME).records["pooled-hot-spots"]
    if frame.empty or isinstance(pooled, Refusal):
        return frame
    row = {
        "hot_spot": "All, pooled", "before": frame["before"].sum(), "during": frame["during"].sum(),
        "ratio": pooled.estimate, "low": pooled.ci_low, "high": pooled.ci_high, "why": "",
    }  # fmt: skip
    return pd.concat([frame, pd.DataFrame([row])], ignore_index=True)


def _spots_sentence(frame: pd.DataFrame, view: View) -> str:
    pooled = section_of(view, NAME).records["pooled-hot-spots"]
    if isinstance(pooled, Refusal):
        return pooled.reason
    i2, wide = pooled.check("I2"), pooled.check("95% prediction interval")
    more = f" A further hot spot like these would lie within {wide.value}." if wide and pooled.n_units >= 3 else ""
    i2_value = float(i2.value) if i2 and isinstance(i2.value, float) else 0.0
    few = f" With fewer than {FEW} hot spots little can be said on how they differ." if pooled.n_units < FEW else ""
    return (
        f"Pooled over {pooled.n_units} hot spots the ratio is {pooled.estimate:.2f} (95% interval {pooled.ci_low:.2f} to "
        f"{pooled.ci_high:.2f}); {formats.percent(i2_value)} of the spread between them is beyond chance.{more}{few}"
    )


def _spots_figure(frame: pd.DataFrame, view: View) -> go.Figure:
    known = frame[(frame["ratio"] > 0) & frame["ratio"].map(math.isfinite)]
    pooled = known["hot_spot"] == "All, pooled"
    figure = figures.dots_with_intervals(
        labels=list(known["hot_spot"]), values=list(known["ratio"]), lows=[max(v, 0.05) for v in known["low"]],
        highs=[min(v, 20.0) for v in known["high"]], unit="ratio during / before, log scale",
        colours=[palette.DARK_PINK if p else palette.DARK_BLUE for p in pooled],
        symbols=["diamond" if p else "circle" for p in pooled], reference=1.0, log=True,
        texts=[f"{v:.2f}" for v in known["ratio"]],
    )  # fmt: skip
    figure.update_xaxes(tickvals=[0.1, 0.25, 0.5, 1, 2, 4, 10], ticktext=["0.1", "0.25", "0.5", "1", "2", "4", "10"])
    return figure


SPOTS = Block(
    id="robustness-hot-spots",
    title="Each hot spot, and all of them pooled",
    permission=REVIEW,
    frame=_spots_frame,
    sentence=_spots_sentence,
    caption=lambda view: (
        "Each hot spot: interval by chance alone (log scale). Pooled: random effects (REML) with Hartung-Knapp errors, as for several "
        "forces. It leaves out season and drift between years, so it is too narrow for a claim."
    ),
    columns=lambda view: [
        text("hot_spot", "Hot spot"), count("before", "Crimes before"), count("during", "Crimes during"),
        decimal("ratio", "Ratio", 2), decimal("low", "95% interval from", 2), decimal("high", "to", 2),
        text("why", "Why there is no estimate", lambda v: v or formats.NOT_APPLICABLE),
    ],
    figure=_spots_figure,
    if_empty=lambda view: (str(_facts(view)["why-curve-before-after"]), "It needs both windows."),
    why="One hot spot can make the whole result; here its share is seen.",
    misleads="Hot spots of one city share its ups and downs, so they are not separate pieces of evidence.",
    methods=("meta-reml", "meta-dl"),
)  # fmt: skip

BLOCKS = (DAYS, WINDOWS, PLACES, TESTS, POWER, SPOTS)
