"""Sentences about monitoring: what the looks so far show, and how often such looks cry wolf."""

from __future__ import annotations

from analysis.evaluation.claims import MARYLAND, Claim
from analysis.evaluation.displacement.claim import difference_words
from analysis.evaluation.monitoring.false_alarms import FalseAlarms
from analysis.evaluation.monitoring.running import CROSSED, LOOKS
from analysis.evaluation.record import Refusal, ResultRecord
from domain import formats


def running_claim(record: ResultRecord | Refusal, control: str) -> Claim:
    """Level 3 at most: the running difference against its control, and whether it is outside its bounds.

    Parameters
    ----------
    record : ResultRecord or Refusal
        From :func:`~analysis.evaluation.monitoring.running.running_in_bounds`.
    control : str
        Words: "the rest of the area, over 500 m away".
    """
    if isinstance(record, Refusal):
        return Claim(f"A running comparison cannot be made. {record.reason}", 1, "unclear")
    crossed, looks = record.check(CROSSED), record.check(LOOKS)
    size = f"{formats.number(abs(record.estimate))} {'fewer' if record.estimate < 0 else 'more'}"
    said = (
        f"After {looks.value if looks else ''} planned monthly looks, recorded crime in the hot spots was {size} than if it "
        f"had changed as in {control} (interval {difference_words(record)}, wide enough for all the looks together)."
    )
    level = f" Strength of the design: level {record.maryland_level} of 5 on the Maryland scale ({MARYLAND[record.maryland_level]})."
    if crossed and crossed.value == "yes":
        way = "lower" if record.estimate < 0 else "higher"
        tail = " That is outside the bounds: chance and looking often do not explain it. What lay behind it, a chart cannot say."
        return Claim(f"{said}{tail}{level}", record.maryland_level, way)
    tail = " That is inside the bounds, so chance could explain it; it is no evidence that nothing changed."
    return Claim(f"{said}{tail}{level}", record.maryland_level, "unclear")


def false_alarm_words(rate: FalseAlarms, drifting: FalseAlarms) -> str:
    """What a chart of this length does when nothing happens."""
    return (
        f"With these limits and counts of this size, {formats.percent(rate.any_month)} of such charts flag some month in "
        f"{rate.months} when nothing has changed, and {formats.percent(drifting.any_month)} when one month leans on the last "
        f"as crime often does (simulated, {rate.runs:,} charts)."
    )
