"""The sentence on comparators: level 3 at most, and "no clear difference" said as plainly as a fall."""

from __future__ import annotations

from analysis.evaluation.claims import MARYLAND, Claim, check_wording, direction, interval_words
from analysis.evaluation.record import Refusal, ResultRecord, three_ways
from analysis.evaluation.section import Section
from domain import formats


def comparators_claim(section: Section) -> Claim:
    """The headline of the section in words; a refusal says why, and shows the changes side by side where there are any."""
    result, facts = section.headline, section.facts
    if isinstance(result, Refusal):
        side = f" {_side_by_side(section)}" if facts.get("treated") else ""
        return Claim(f"No estimate against comparators can be given. {result.reason}{side}", 1, "unclear")
    found = direction(result)
    interval = interval_words(result.ci_low, result.ci_high)
    size = change_words(result.estimate)
    count = f"{facts['comparators']} comparators"
    if found == "unclear":
        said = (
            f"Recorded crime in {facts['treated']} did not change clearly more or less than in {count}: relative to them "
            f"it was {size}, a difference that ordinary drift between places can give (95% interval {interval})."
        )
    else:
        said = (
            f"Recorded crime in {facts['treated']} {_verb(facts['own_ratio'], facts['comparators_ratio'], found)} in {count}: relative to them it was "
            f"{size} (95% interval {interval})."
        )
    missed = ""
    if result.mde80 is not None:
        missed = (
            f" A difference smaller than {formats.percent(1 - result.mde80)} would usually be missed with these data."
        )
    level = f" Strength of the design: level {result.maryland_level} of {max(MARYLAND)} on the Maryland scale ({MARYLAND[3]})."
    return Claim(f"{said} {_side_by_side(section)}{missed}{level}", result.maryland_level, found)


def crimes_words(section: Section) -> str:
    """The headline as crimes fewer or more than the comparators' change leads to expect, with its interval; "" without one."""
    result = section.headline
    if not isinstance(result, ResultRecord) or result.scale != "ratio" or result.observed is None:
        return ""
    ways = three_ways(result)
    low, high = ways.events_fewer_low, ways.events_fewer_high
    said = (
        f"In crimes: {formats.number(result.observed)} were recorded during, {_fewer(ways.events_fewer)} than the "
        f"comparators' change would give (95% interval {_fewer(low)} to {_fewer(high)})."
    )
    return check_wording(said, result.maryland_level)


def _fewer(value: float) -> str:
    return f"{formats.number(abs(value))} {'fewer' if value >= 0 else 'more'}"


def change_words(ratio: float) -> str:
    """0.7 as "30% lower"; "the same" within half a per cent."""
    if abs(ratio - 1) < 0.005:
        return "the same to within half a per cent"
    return f"{formats.percent(abs(ratio - 1))} {'lower' if ratio < 1 else 'higher'}"


def _verb(own: float, others: float, found: str) -> str:
    if own < 1 <= others:
        return "fell while it rose on average"
    if others < 1 <= own:
        return "rose while it fell on average"
    if found == "lower":
        return "fell more than" if own < 1 else "rose less than"
    return "rose more than" if own >= 1 else "fell less than"


def _side_by_side(section: Section) -> str:
    facts = section.facts
    them = "the comparator" if facts["comparators"] == 1 else "the average comparator"
    return (
        f"From {formats.month(facts['first_before'])} to {formats.month(facts['last_before'])} against "
        f"{formats.month(facts['first_during'])} to {formats.month(facts['last_during'])} the monthly rate was "
        f"{change_words(facts['own_ratio'])} in {facts['treated']} and {change_words(facts['comparators_ratio'])} in {them}."
    )
