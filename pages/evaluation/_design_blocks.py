"""Blocks of Design and claim: how the places and dates came about, which words the design allows, every headline."""

from __future__ import annotations

from functools import partial

import pandas as pd

from analysis.evaluation.claims import CAUSAL_LEVEL, MARYLAND
from analysis.evaluation.record import Refusal, ResultRecord
from analysis.evaluation.suite import SECTIONS
from components.block import Block
from components.columns import text
from components.view import View
from data_access.evaluation.summary import evaluation_summary
from data_access.evaluation.windows import service_window
from domain import formats
from domain.roles import Permission
from pages.evaluation._design_plan import DEVIATIONS, PLAN, TRIED
from pages.evaluation._page import planned_section
from pages.evaluation._records import agreement_sentence, forest, record_columns, records_frame

Inspect = partial(Block, permission=Permission.INSPECT_EVALUATION)
NOT_STATED = "Not stated in the programme's settings."
LABELS = {
    "before-after": "Before and after",
    "comparators": "Comparators",
    "patrol-days": "Patrol days",
    "dosage-response": "Dosage response",
    "harm": "Harm",
    "displacement": "Displacement",
    "monitoring": "Monitoring",
    "robustness": "Robustness",
    "cost-effectiveness": "Cost-effectiveness",
}
# What a sentence may say at each rung; the words themselves are checked in analysis.evaluation.claims.
ALLOWED = {
    1: "what was recorded, once",
    2: "“recorded crime fell” or “rose”",
    3: "“fell more than in comparison places”; “lower on patrol days, after adjustment”",
    4: "the same, over many comparable places",
    5: "words of cause: “patrols reduced …”",
}


# --- facts ------------------------------------------------------------------------------------------------


def _facts(view: View) -> pd.DataFrame:
    p = view.programme
    window = service_window(p)
    rows = [
        ("How the places were chosen", p.selection_method or NOT_STATED),
        ("Chosen on counts of", formats.period(p.evaluation.selection) if p.evaluation.selection else NOT_STATED),
        ("Places", f"{len(view.spot_names)} {view.defaults.area_word} in {p.area_name}"),
        ("Service", p.service_name or NOT_STATED),
        ("Service live from", formats.day(p.service_live_from) if p.service_live_from else NOT_STATED),
        ("Hours of the service", f"{window[0]:%H:%M} to {window[1]:%H:%M}" if window else NOT_STATED),
    ]
    for name, held in (("Before", p.before), ("During", p.during)):
        rows.append((f"Window: {name.lower()}", f"{formats.period(held.period)}. {held.label}" if held else NOT_STATED))
    rows += [
        (
            "Service days in the “before” window",
            (
                formats.number(p.baseline_overlap_days())
                if p.service_live_from
                else "not known: no first day of service is set"
            )
            if p.before
            else formats.NOT_APPLICABLE,
        )
    ]
    for provider in p.providers:
        doses = [f"{d.minutes:g} minutes a visit from {formats.day(d.start)}" for d in provider.planned_dose]
        kind = f"{provider.kind}; {provider.staff_per_patrol} a patrol"
        rows.append((provider.name, f"{kind}; planned: {formats.joined(doses) or 'no dose set'}."))
    rows += [
        ("Funded by", p.fund or NOT_STATED),
        (
            "Finest time in the data",
            "day and hour" if p.resolution == "day" else "month, so nothing by day can be said",
        ),
        ("About the data", p.data_note or "–"),
    ]
    return pd.DataFrame(rows, columns=["what", "said"])


def _facts_sentence(frame: pd.DataFrame, view: View) -> str:
    p = view.programme
    live = f"; the service went live on {formats.day(p.service_live_from)}" if p.service_live_from else ""
    chosen = "how they were chosen is stated" if p.selection_method else "how they were chosen is not stated"
    return f"{len(view.spot_names)} {view.defaults.area_word} are evaluated{live}; {chosen}."


FACTS = Inspect(
    id="evaluation-design-facts",
    title="Places, dates and services",
    frame=_facts,
    sentence=_facts_sentence,
    caption=lambda view: "From the programme's settings, which a manager loads as a file; every load is in the audit log.",
    columns=lambda view: [text("what", "What"), text("said", "As set")],
    table_open=True,
    why="Whoever reads an estimate has to know how the places came to be in it, and who chose and paid.",
    misleads=(
        "Places chosen because crime was high there in a given year tend to fall back without any service; the dates of "
        "windows chosen after seeing the figures can be made to show anything."
    ),
)  # fmt: skip


# --- the ladder -------------------------------------------------------------------------------------------


def headlines(view: View) -> dict[str, ResultRecord | Refusal]:
    """The registered headline of every section."""
    return {name: planned_section(view, name).headline for name in SECTIONS}


def _ladder(view: View) -> pd.DataFrame:
    found = headlines(view)
    front = evaluation_summary(view.scope, view.programme.code).claim.maryland_level
    rows = []
    for level in sorted(MARYLAND, reverse=True):
        here = [LABELS[n] for n, r in found.items() if isinstance(r, ResultRecord) and r.maryland_level == level]
        mark = "The claim of the summary page" if level == front else ""
        rows.append((f"{level}", MARYLAND[level], ALLOWED[level], "; ".join(filter(None, [mark, *here])) or "–"))
    return pd.DataFrame(rows, columns=["level", "meaning", "allowed", "here"])


def _ladder_sentence(frame: pd.DataFrame, view: View) -> str:
    levels = [r.maryland_level for r in headlines(view).values() if isinstance(r, ResultRecord)]
    front = evaluation_summary(view.scope, view.programme.code).claim.maryland_level
    highest = max(levels, default=front)
    cause = (
        ""
        if highest >= CAUSAL_LEVEL
        else f" No result here reaches level {CAUSAL_LEVEL}, so none may say why crime changed."
    )
    return f"The claim of the summary page stands at level {front} of {max(MARYLAND)}; the strongest comparison here at level {highest}.{cause}"


LADDER = Inspect(
    id="evaluation-claim-ladder",
    title="The claim ladder",
    frame=_ladder,
    sentence=_ladder_sentence,
    caption=lambda view: (
        "Levels of the Maryland scientific methods scale. A sentence that uses a word above its level is refused by the code."
    ),
    columns=lambda view: [
        text("level", "Level"),
        text("meaning", "Design"),
        text("allowed", "What a sentence may say"),
        text("here", "What stands here"),
    ],
    table_open=True,
    why="The same fall can be a coincidence or an effect; only the design tells which may be said.",
    misleads="A high level says that a comparison is fair in principle. It says nothing about precision or about how well it was carried out.",
)


# --- headlines --------------------------------------------------------------------------------------------


def _headlines_frame(view: View, scale: str) -> pd.DataFrame:
    found = headlines(view)
    if scale == "ratio":
        return records_frame(found, LABELS, scale)
    # Pounds a crime share no axis with crimes.
    counted = {k: r for k, r in found.items() if isinstance(r, ResultRecord) and r.unit.startswith("crimes")}
    return records_frame(counted, LABELS, scale)


HEADLINES = Inspect(
    id="evaluation-headlines",
    title="The headline estimate of every page",
    frame=lambda view: _headlines_frame(view, "ratio"),
    sentence=lambda frame, view: agreement_sentence(frame),
    caption=lambda view: (
        "One row a page: its registered default. Rows answer different questions and share data, so they are neither "
        "independent of each other nor to be averaged. Lines are 95% intervals."
    ),
    columns=lambda view: record_columns(),
    figure=lambda frame, view: forest(frame),
    if_empty=lambda view: ("No page has an estimate of a ratio.", "Each page says what it would need."),
    why="Estimates that agree from several directions are worth more than the best of them.",
    misleads="They rest on the same records of the same places: a fault of recording moves them all in the same direction.",
)

DIFFERENCES = Inspect(
    id="evaluation-headline-differences",
    title="Headline estimates counted in crimes",
    frame=lambda view: _headlines_frame(view, "difference"),
    sentence=lambda frame, view: agreement_sentence(frame, "difference"),
    caption=lambda view: "Below 0: fewer crimes than the controls lead to expect. Lines are 95% intervals.",
    columns=lambda view: record_columns("difference"),
    figure=lambda frame, view: forest(frame, "difference"),
    if_empty=lambda view: ("No page has an estimate of a difference.", "Each page says what it would need."),
    why="A difference in crimes is what can be weighed against crimes that moved elsewhere, and against money.",
    misleads="A difference grows with the length of the windows: two programmes can be compared only by the ratio.",
)

# Tries last: the blocks before it run every section.
ALL = (FACTS, PLAN, DEVIATIONS, LADDER, HEADLINES, DIFFERENCES, TRIED)
