"""The sentence about displacement: what was seen around the hot spots, and what can be ruled out."""

from __future__ import annotations

from analysis.evaluation.claims import Claim, direction, interval_words
from analysis.evaluation.displacement.wdd import ruled_out
from analysis.evaluation.record import Refusal, ResultRecord
from domain import formats

NO_EVIDENCE = "That is no evidence that none moved:"


def displacement_claim(ring: ResultRecord | Refusal, reach: str, control: str, plain: bool = False) -> Claim:
    """Level 3 at most: recorded crime around the hot spots against its control, with what the interval rules out.

    Parameters
    ----------
    ring : ResultRecord or Refusal
        Displacement part of the WDD, scale "difference", in crimes.
    reach, control : str
        Words: "within 300 m of the hot spots", "the rest of the area".
    plain : bool
        Without the sentence on the design.
    """
    if isinstance(ring, Refusal):
        return Claim(f"Whether crime moved around the hot spots cannot be said. {ring.reason}", 1, "unclear")
    found = direction(ring)
    expected = f"than if it had changed as in {control}"
    size = f"{formats.number(abs(ring.estimate))} {ring.unit} {'fewer' if ring.estimate < 0 else 'more'}"
    interval = difference_words(ring)
    if found == "unclear":
        said = (
            f"Recorded crime {reach} was {size} {expected}, a difference that chance could explain "
            f"(95% interval {interval}). {_not_ruled_out(ring)}"
        )
    elif found == "higher":
        said = (
            f"Recorded crime {reach} was {size} {expected} (95% interval {interval}). Displacement would look like this, "
            "and so would anything else that raised crime there."
        )
    else:
        said = (
            f"Recorded crime {reach} was {size} {expected} (95% interval {interval}), so these data give no sign that "
            "crime moved there; further away it would not be seen."
        )
    tail = "" if plain else " The control was not chosen at random and nothing shows that it would have changed alike."
    return Claim(f"{said}{tail}", ring.maryland_level, found)


def _not_ruled_out(ring: ResultRecord) -> str:
    most = formats.number(ruled_out(ring))
    missed = "" if ring.mde80 is None else f", and fewer than {formats.number(abs(ring.mde80))} would usually be missed"
    return f"{NO_EVIDENCE} more than {most} displaced {ring.unit} can be ruled out, fewer cannot{missed}."


def difference_words(record: ResultRecord) -> str:
    """ "12 fewer to 30 more"; both ends on one side share the word."""
    low, high = record.ci_low, record.ci_high
    first, last = formats.number(abs(low)), formats.number(abs(high))
    if low < 0 <= high:
        return f"{first} fewer to {last} more"
    return f"{first} to {last} more" if low >= 0 else f"{last} to {first} fewer"


def temporal_claim(later: ResultRecord | Refusal) -> Claim:
    """Level 3 at most: the hours after the service on patrol days against other days."""
    if isinstance(later, Refusal):
        return Claim(f"Whether crime moved to later hours cannot be said. {later.reason}", 1, "unclear")
    found, interval = direction(later), interval_words(later.ci_low, later.ci_high)
    change = f"{formats.percent(abs(later.estimate - 1))} {'lower' if later.estimate < 1 else 'higher'}"
    said = f"After the service hours, until 02:00, recorded crime was {change} on patrol days than on other days"
    if found == "unclear":
        highest = formats.percent(later.ci_high - 1) if later.ci_high > 1 else "0%"
        tail = f"; chance could explain it (95% interval {interval}). A rise of more than {highest} can be ruled out, less cannot."
    elif found == "higher":
        tail = f" (95% interval {interval}), as it would be had it moved from the service hours."
    else:
        tail = f" (95% interval {interval}), so these data give no sign that it moved to later hours."
    return Claim(f"{said}{tail}", later.maryland_level, found)
