"""Sentences about robustness and cost: how far the answer depends on choices, and what a crime fewer cost."""

from __future__ import annotations

import math

from analysis.evaluation.claims import MARYLAND, Claim
from analysis.evaluation.pooling.economics import FEWER_INTERVAL, cost_interval_words, pounds
from analysis.evaluation.pooling.specification import Summary
from analysis.evaluation.record import Refusal, ResultRecord
from domain import formats


def curve_words(question: str, found: Summary | None) -> str:
    """What one curve says: range, direction, and where the registered analysis stands in it."""
    if found is None:
        return f"No analysis of {question} could be made."
    refused = f" {found.refused} more could not be made; the table says why." if found.refused else ""
    place = (
        f"The registered one is number {found.registered_rank} from the lowest."
        if found.registered_rank
        else "The registered one could not be made."
    )
    return (
        f"{found.made} ways to analyse {question}: ratios from {found.lowest:.2f} to {found.highest:.2f}, half of them below "
        f"{found.median:.2f}; {formats.percent(found.below_1)} are below 1 (fewer crimes), and {formats.percent(found.leaves_out_1)} "
        f"have an interval that leaves out 1. {place}{refused}"
    )


def robustness_claim(summaries: dict[str, Summary | None], level: int) -> Claim:
    """Whether the direction depends on the analyst's choices; no word on why crime changed."""
    known = {name: found for name, found in summaries.items() if found}
    if not known:
        return Claim("No analysis could be made, so nothing can be said on robustness.", 1, "unclear")
    total = sum(found.made for found in known.values())
    lowest, highest = min(f.lowest for f in known.values()), max(f.highest for f in known.values())
    if highest < 1:
        said, way = f"All {total} analyses made here give a ratio below 1", "lower"
    elif lowest > 1:
        said, way = f"All {total} analyses made here give a ratio above 1", "higher"
    else:
        said, way = f"The {total} analyses made here do not agree on the direction", "unclear"
    out = formats.joined([f"{formats.percent(f.leaves_out_1)} for {name}" for name, f in known.items()])
    tail = "Most share their data and may share a bias, so agreement among them is not proof."
    return Claim(
        f"{said}, from {lowest:.2f} to {highest:.2f}. The share whose 95% interval leaves out no change is {out}. {tail}",
        level, way,
    )  # fmt: skip


def cost_claim(record: ResultRecord | Refusal, what: str, plain: bool = False) -> Claim:
    """What was spent for each event fewer, never that the money bought it; ``plain``: without the words on the design."""
    if isinstance(record, Refusal):
        return Claim(f"No cost per {what} fewer can be given. {record.reason}", 1, "unclear")
    design = f"Strength of the design: level {record.maryland_level} of 5 on the Maryland scale ({MARYLAND[record.maryland_level]})"
    why = "so this divides the spend by a change and does not say that the money lay behind it."
    said = f"{pounds(record.estimate)} was spent for each {what} fewer than expected (95% interval {cost_interval_words(record)})."
    if math.isinf(record.ci_high):
        interval = record.check(FEWER_INTERVAL)
        ends = f" ({interval.value} {what}s)" if interval else ""
        said += f" The interval of the change includes no change{ends}, so there may be no gain at any price."
    return Claim(said if plain else f"{said} {design}, {why}", record.maryland_level, "unclear")
