"""Displacement, for reviewers: rings around the hot spots, the quotient, the hours after the service."""

from __future__ import annotations

import dash
import pandas as pd
from dash import html

from analysis.evaluation.displacement.bands import CONTROL_BANDS
from analysis.evaluation.section import Section
from components.block import Block
from components.columns import count, decimal, text
from components.view import View
from domain import formats
from domain.roles import Permission
from pages.evaluation._displacement_map import ring_map
from pages.evaluation._page import Choice, ReviewPage, review_page, section_of, table_of
from pages.evaluation._records import checks_block, estimates_block, why_none

NAME = "displacement"
LABELS = {
    "wdd": "Hot spots and rings together", "displacement": "Rings, 0 to 300 m", "local": "Hot spots alone",
    "rings": "Rings as one test", "other-control": "Rings against the other control",
    "plain-phi": "Rings, interval from a single phi", "net": "Total net effect",
}  # fmt: skip
REGISTERED_CONTROL = next(iter(CONTROL_BANDS))  # its value in the address is ""
CONTROLS = [("" if band == REGISTERED_CONTROL else band, words) for band, words in CONTROL_BANDS.items()]


def _lead(view: View, section: Section) -> list[html.P]:
    said = (section.facts["claim"], section.facts["temporal_claim"])
    return [html.P(said[0], className="lead", id="displacement-claim"), html.P(said[1], id="displacement-later")]


def _bands_sentence(frame: pd.DataFrame, view: View) -> str:
    """The claim, and what the band that is neither ring nor control did: crime could have gone there too."""
    said = str(section_of(view, NAME).facts["claim"])
    left = frame[frame["role"].eq("not used") & frame["difference"].notna()]
    for row in left.itertuples():
        size = f"{formats.number(abs(row.difference))} {'fewer' if row.difference < 0 else 'more'}"
        said += (
            f" In the band {row.band} m away, which is neither ring nor control, {size} crimes were recorded than with the control's "
            f"change (95% interval {formats.number(row.low)} to {formats.number(row.high)})."
        )
    return said


BANDS = Block(
    id="displacement-bands",
    title="Crime by distance from the hot spots",
    permission=Permission.INSPECT_EVALUATION,
    frame=table_of(NAME, "bands"),
    sentence=_bands_sentence,
    caption=lambda view: "A crime belongs to the band of its nearest hot spot, so no crime is counted twice.",
    columns=lambda view: [
        text("band", "Metres from a hot spot"), text("role", "Role"), count("before", "Before"), count("during", "During"),
        decimal("expected", "During, had it changed as the control", 0), decimal("difference", "Difference", 0),
        decimal("low", "95% interval from", 0), decimal("high", "to", 0), decimal("p", "p", 3), decimal("holm", "p (Holm)", 3),
    ],
    picture=ring_map,
    table_open=True,
    if_empty=why_none(NAME),
    why="Crime that moved would be found near the hot spots first.",
    misleads="The control is other places of the same area; crime that moved to them would hide displacement.",
    methods=("wdd", "wdd-rings"),
)  # fmt: skip
QUOTIENT = Block(
    id="displacement-quotient",
    title="Displacement quotient and its parts",
    permission=Permission.INSPECT_EVALUATION,
    frame=table_of(NAME, "wdq"),
    sentence=lambda frame, view: "A quotient is given only where the hot spots clearly did better than the control.",
    caption=lambda view: "Above 0 benefits spread, below 0 crime moved, below -1 more moved than was gained.",
    columns=lambda view: [
        text("part", "Part"), decimal("value", "Value", 2), decimal("low", "95% interval from", 2), decimal("high", "to", 2),
        text("unit", "Unit"), text("why", "Why there is none"),
    ],
    table_open=True,
    if_empty=why_none(NAME),
    why="It says how much of a gain was lost or spread around.",
    misleads="A quotient has no size: 1 may be 10 crimes or 1,000. Read the total net effect.",
    methods=("wdq",),
)  # fmt: skip
ESTIMATES = estimates_block(
    id="displacement-estimates", section="displacement", title="Every estimate side by side", labels=LABELS,
    scale="difference", why="Displacement is judged by what can be ruled out, so the ends of the intervals matter most.",
    misleads="An interval that includes 0 is no evidence that nothing moved.", methods=("wdd", "wdd-rings", "wdq"),
)  # fmt: skip
HARM = estimates_block(
    id="displacement-harm", section="displacement", title="Harm in and around the hot spots", labels={"harm": "Harm, with rings"},
    scale="difference", why="Fewer crimes nearby may still be graver ones.",
    misleads="A few grave crimes carry most harm, so this interval is wide.", methods=("wdd-harm",),
)  # fmt: skip
DAYS = Block(
    id="displacement-days", title="Crimes after the service, as recorded", permission=Permission.INSPECT_EVALUATION,
    frame=table_of(NAME, "temporal"), sentence=lambda frame, view: "Not adjusted for anything: the estimate above it is.",
    caption=lambda view: "From the end of the service window to 02:00; a crime known within hours counts by its share of them.",
    columns=lambda view: [
        text("days_kind", "Days"), count("spot_days", "Hot spot-days"), decimal("crimes", "Crimes", 1),
        decimal("per_100", "Crimes per 100 hot spot-days", 1),
    ],
    table_open=True, if_empty=why_none(NAME),
    why="The counts behind an estimate show how little or how much it rests on.",
    misleads="Days with patrol are not like other days, so the two rates are not to be set against each other.",
    methods=("temporal-displacement", "aoristic"),
)  # fmt: skip
LATER = estimates_block(
    id="displacement-later-hours", section="displacement", title="The hours after the service",
    labels={"temporal": "After the service, to 02:00"}, why="Crime may wait until a patrol has gone.",
    misleads="A patrol whose good outlasts it hides crime that moved to later hours.", methods=("temporal-displacement",),
)  # fmt: skip
PAGE = ReviewPage(
    slug="displacement", path="/evaluation/displacement", name="Displacement", question="Did crime move?",
    section="displacement", lead=_lead,
    blocks=(BANDS, ESTIMATES, QUOTIENT, HARM, LATER, DAYS, checks_block(id="displacement-checks", section="displacement", labels=LABELS)),
    choices=(Choice("control", "Control", lambda view: CONTROLS),),
)  # fmt: skip
dash.register_page(__name__, **review_page(PAGE))
