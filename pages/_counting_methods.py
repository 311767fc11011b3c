"""What the Methods page says about counting minutes: each word, how estimates are made, how all of it can mislead."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
from dash import html

from analysis.dosage import shipped_bias
from analysis.dosage.bridge import SPARSE_FROM_S
from analysis.dosage.bridge_calibration import LEAST_CELLS
from analysis.dosage.shipped_calibration import MEASURED, MEASURED_ON, WALKERS
from analysis.dosage.simulation import STYLES
from components.columns import count, decimal, share
from components.table import data_table
from domain import formats
from pages._counting_words import STYLES as WAYS_OF_PATROLLING

SPARSE = f"{SPARSE_FROM_S:g} seconds"

TERMS: tuple[tuple[str, str], ...] = (
    (
        "Plain minutes",
        "From the exact moment the straight line between two positions crosses the boundary until it crosses back. A "
        "silence longer than the gap counts nothing. No other rule; always shown beside the others.",
    ),
    (
        "Minutes by the rules",
        "Plain minutes, with GPS wander bridged and short silences credited. The portal's figures are these. Rules are "
        "set for each provider, and every change of one is kept with its reason and what it moved.",
    ),
    (
        "Band at the boundary (hysteresis)",
        "An excursion that stays within this distance outside the boundary, or is back soon enough, is taken for GPS "
        "wander and counts as inside; never while the tracker was in another hot spot.",
    ),
    (
        "Silences credited",
        "A silence that begins and ends inside one hot spot counts whole up to a limit, because most are visits indoors; "
        "beyond the limit nothing of it counts. Bridged and credited minutes are shown apart.",
    ),
    (
        "Passing through",
        "Presence shorter than the shortest visit. Its minutes are kept, apart from visits, and are in no visit figure.",
    ),
    ("Day", "Minutes belong to the local day (Europe/London): a visit over midnight is cut there, clock changes included."),
    (
        "Sparse tracker",
        f"One whose median time between positions in a month is over {SPARSE}. It is read from the data, never assumed.",
    ),
    (
        "Estimate",
        "Expected minutes of a sparse tracker with a 95% range, passing through included. It gives minutes, not visits: "
        "visits and doses are always by the rules.",
    ),
    (
        "Like for like",
        "What providers are compared by: estimates where trackers are sparse, minutes by the rules elsewhere. While every "
        "tracker is dense, the rules alone.",
    ),
)  # fmt: skip

ESTIMATE = (
    f"Near a hot spot a tracker is taken to be inside or outside and to change over at two rates, fitted by maximum likelihood to a "
    f"provider's sparse positions of one month. The expected time inside between two positions follows from both ends (a two-state "
    "Markov bridge). Its own variance is too small, so the range is calibrated: dense tracks are thinned to the sparse rate, "
    f"estimated again and compared with what they are known to give. The force's own dense trackers are used where {LEAST_CELLS} or "
    "more days and places can be compared, the simulation that comes with the portal otherwise; “How minutes are counted” says which."
)
MISLEADS = (
    "Plain minutes are usually too low: GPS jitter at a boundary leaks out and indoor silences are lost.",
    "The rules count a few per cent too much where positions are dense, most from cars, which pass within the band (a smaller band "
    "helps), and too little where they are sparse, more the longer the interval (table above).",
    "The estimate is too high for some ways of patrolling and too low for others. That is not corrected; ranges of sums are widened by it.",
    "Calibrated on a force's own dense trackers, the estimate inherits whatever the rules get wrong on those.",
    "The range of a sum takes the errors of days, places and teams as independent, apart from that bias. Where they share a cause, "
    "such as one badly placed boundary, it is too narrow.",
    "A tracker that is off, left in a car or carried by somebody else looks like the absence or presence of a person.",
)
NOT_KNOWN = (
    "How far a force's radios behave like the simulated trackers. Coverage was measured on other days and teams of the same "
    "simulations, or of the same force, not on other towns; where tall buildings reflect GPS, errors may be larger.",
    "Why a tracker was silent. Whatever was done in silences that do not count is not in any figure.",
    "What people did while they were there: minutes are presence, not engagement.",
)


def parts(retention_days: int) -> list[Any]:
    """The section's body: words, the estimate with its measured errors, what misleads, what is not known, retention."""
    terms = [part for term, meaning in TERMS for part in (html.Dt(html.Strong(term)), html.Dd(meaning))]
    return [
        html.Dl(terms),
        html.H3("How far the rules are from the truth"),
        html.P(
            "Nobody knows the true minutes of real patrols. These are of simulated ones, whose true minutes are known, counted by the "
            "default rules; rules of a provider's own differ, and so may a real town and real trackers."
        ),
        _rules_measured(),
        html.H3("Sparse trackers: how minutes are estimated"),
        html.P(ESTIMATE),
        _measured(),
        html.H3("How counted minutes can mislead"),
        html.Ul([html.Li(one) for one in MISLEADS]),
        html.H3("What is not known"),
        html.Ul([html.Li(one) for one in NOT_KNOWN]),
        html.H3("How long positions are kept"),
        html.P(
            f"Positions of people are personal data. A manager confirms a month's visits; {retention_days} days later its positions are "
            "due to be removed by the daily clean-up on the server, and visits and minutes stay. After that no other rule or boundary can "
            "be tried on those days. A change that moves a confirmed month's minutes takes the confirmation back."
        ),
    ]


def _rules_measured() -> html.Div:
    frame = pd.DataFrame([vars(bias) for bias in shipped_bias.MEASURED])
    wide = frame.pivot(index="interval_s", columns="style", values="rules").reset_index()
    columns = [decimal("interval_s", "Seconds between positions", 0)]
    columns += [share(style, f"{words[0].upper()}{words[1:]}, %", 1) for style, words in WAYS_OF_PATROLLING.items()]
    caption = (
        "Bias of patrol-minutes by the default rules, by way of patrolling, "
        f"{formats.day(date.fromisoformat(shipped_bias.MEASURED_ON))}"
    )
    return data_table(wide, columns, caption, table_id="methods-rules-bias")


def _measured() -> html.Div:
    frame = pd.DataFrame([vars(row) for row in MEASURED])
    caption = (
        f"The calibration that comes with the portal, by seconds between positions: {WALKERS:,} simulated walkers of each of "
        f"{len(STYLES)} ways of patrolling, {formats.day(date.fromisoformat(MEASURED_ON))}"
    )
    return data_table(
        frame,
        [
            decimal("interval_s", "Seconds between positions", 0),
            count("cells", "Days and places"),
            share("bias_share", "Bias of the way of patrolling with the largest, %", 1),
            share("coverage", "95% ranges that held the truth, on days that did not set them, %", 1),
        ],
        caption,
        table_id="methods-bridge",
    )
