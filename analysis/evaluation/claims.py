"""The claim ladder: the sentence a design can carry, and no stronger one.

Level 2 (before/after) "recorded crime was lower"; level 3 (comparison) "fell more than comparators" or "lower
on patrol days after adjustment"; level 5 (randomised days) may speak of effect. Sentences are assembled here
and nowhere else, and every one is checked against the words its level may use.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from analysis.evaluation.before_after.counts import TwoCounts
from analysis.evaluation.record import Refusal, ResultRecord, three_ways
from domain import formats

CAUSAL_LEVEL = 5
WAYS = ("per_cent", "fewer")
# Word stems that say one thing made another happen.
_CAUSAL = re.compile(
    r"\b(caus\w*|reduc\w*|prevent\w*|cut(s|ting)?|led to|leads to|because of|due to|thanks to|result(s|ed|ing)? (in|from)|"
    r"work(s|ed)|achiev\w*|deliver\w* (a|an) (fall|drop|decrease)|impact\w*|avert\w*|driv(es|en|ing)|drove|effective\w*|"
    r"success\w*|sav(ed|es|ing))\b",
    re.IGNORECASE,
)
MARYLAND = {
    1: "one measurement, nothing to compare with",
    2: "before and after, no comparison area",
    3: "comparison without random assignment",
    4: "many comparable places, with and without, adjusted",
    5: "random assignment",
}


class ClaimTooStrong(ValueError):
    """A sentence uses a causal word its design does not support."""


@dataclass(frozen=True)
class Claim:
    """One sentence, the level it rests on, and whether the interval leaves out "no change"."""

    sentence: str
    maryland_level: int
    direction: str  # "lower", "higher" or "unclear"

    def __post_init__(self) -> None:
        check_wording(self.sentence, self.maryland_level)


def causal_words(text: str) -> list[str]:
    """Causal words found in ``text``, in order."""
    return [match.group(0) for match in _CAUSAL.finditer(text)]


def check_wording(text: str, maryland_level: int) -> str:
    """Return ``text`` unchanged, or raise ClaimTooStrong when it claims more than the level supports."""
    found = causal_words(text)
    if found and maryland_level < CAUSAL_LEVEL:
        raise ClaimTooStrong(
            f"“{found[0]}” needs a randomised design (Maryland level {CAUSAL_LEVEL}); this one is level {maryland_level}."
        )
    return text


def interval_words(low: float, high: float) -> str:
    """A ratio's interval as change in words: "20% to 54% lower", "12% lower to 8% higher"."""
    first, last = _change_words(low), _change_words(high)
    if math.isinf(high):
        return f"{first[0]} {first[1]} to no upper limit"
    if first[1] == last[1]:
        a, b = (last[0], first[0]) if first[1] == "lower" else (first[0], last[0])
        return f"{a} to {b} {first[1]}"
    return f"{first[0]} {first[1]} to {last[0]} {last[1]}"


def other_ways(record: ResultRecord) -> dict[str, str]:
    """A ratio as per cent and in events fewer than at a ratio of 1, each with its interval (METHODS: every effect three ways).

    Keys :data:`WAYS`; "not applicable" where the scale or what was counted gives none.
    """
    if record.scale != "ratio":
        return dict.fromkeys(WAYS, formats.NOT_APPLICABLE)
    per_cent = [_or_no_limit(v - 1, formats.signed_percent) for v in (record.estimate, record.ci_low, record.ci_high)]
    if record.observed is None:
        return {"per_cent": _with_interval(*per_cent), "fewer": formats.NOT_APPLICABLE}
    ways = three_ways(record)
    fewer = [
        _or_no_limit(v, formats.number) for v in (ways.events_fewer, ways.events_fewer_low, ways.events_fewer_high)
    ]
    return {
        "per_cent": _with_interval(*per_cent),
        "fewer": f"{_with_interval(*fewer)} {record.unit}; {formats.number(record.observed)} counted",
    }


def _or_no_limit(value: float, write: Callable[[float], str]) -> str:
    return write(value) if math.isfinite(value) else "no limit"


def _with_interval(middle: str, low: str, high: str) -> str:
    return f"{middle} ({low} to {high})"


def _change_words(ratio: float) -> tuple[str, str]:
    if math.isinf(ratio):
        return "immeasurably", "higher"
    size = "less than 1%" if 0 < abs(ratio - 1) < 0.005 else formats.percent(abs(ratio - 1))
    return size, "lower" if ratio <= 1 else "higher"


def direction(record: ResultRecord) -> str:
    """ "lower" or "higher" when the 95% interval leaves out no change (1, or 0 for a difference), else "unclear"."""
    if not record.excludes_no_change():
        return "unclear"
    return "lower" if record.estimate < record.no_change else "higher"


def before_after_claim(
    result: ResultRecord | Refusal, place: str, before: str, during: str, *, counts: TwoCounts | None = None
) -> Claim:
    """Level 2: what was recorded, then and now; nothing about why.

    Parameters
    ----------
    result : ResultRecord or Refusal
        From before_after_ratio.
    place, before, during : str
        Words for the sentence: the area and the two windows.
    counts : TwoCounts, optional
        What was recorded, before any adjustment: named first, with the ratio of the rates that they make.
    """
    if isinstance(result, Refusal):
        return Claim(f"No before and during comparison can be made for {place}. {result.reason}", 1, "unclear")
    found = direction(result)
    recorded = counts.ratio if counts and counts.before else None
    shown = result.estimate if recorded is None else recorded
    central, interval = " ".join(_change_words(shown)), interval_words(result.ci_low, result.ci_high)
    estimate, compared = " ".join(_change_words(result.estimate)), f"in {during} than in {before}"
    named = _counts_words(counts) if counts else ""
    if found == "unclear":
        adjusted = "" if recorded is None else f"after adjustment it was {estimate}, and "
        sentence = (
            f"Recorded crime in {place} was {central} {compared}{named and f' ({named})'}. A change of this size can come from ordinary "
            f"variation between years: {adjusted}the 95% interval runs from {interval}."
        )
    else:
        adjusted = "" if recorded is None else f"{named}; {estimate} after adjustment, "
        verb = "fell" if found == "lower" else "rose"
        sentence = f"Recorded crime {verb} in {place}: it was {central} {compared} ({adjusted}95% interval {interval})."
    tail = " There is no comparison area, so this describes a change and cannot say what lay behind it."
    return Claim(f"{sentence}{tail}{_level(result)}", result.maryland_level, found)


def _counts_words(counts: TwoCounts) -> str:
    """ "252 crimes against 416"; where the windows are not of one length the percentage is of rates, so that is said."""
    said = f"{formats.number(counts.during)} crimes against {formats.number(counts.before)}"
    longer = counts.exposure_during / counts.exposure_before - 1
    if abs(longer) < 0.01:
        return said
    return f"{said} in a window {formats.percent(abs(longer))} {'longer' if longer > 0 else 'shorter'}; rates a day compared"


def patrol_days_claim(result: ResultRecord | Refusal, what: str = "Recorded crime in the service window") -> Claim:
    """Level 3: lower (or higher) on patrol days after adjustment; level 5 wording when days were randomised."""
    if isinstance(result, Refusal):
        return Claim(f"Patrol days cannot be compared with other days. {result.reason}", 1, "unclear")
    found = direction(result)
    interval = interval_words(result.ci_low, result.ci_high)
    central = " ".join(_change_words(result.estimate))
    randomised = result.maryland_level >= CAUSAL_LEVEL
    if found == "unclear":
        sentence = (
            f"{what} was {central} on patrol days than on other days in the same hot spot and four weeks, after "
            "adjustment. A difference of this size can come from chance: the 95% interval runs "
            f"from {interval}."
        )
    elif randomised:
        verb = "reduced" if found == "lower" else "increased"
        sentence = (
            f"On randomly assigned days patrols {verb} {_lower_first(what)}: {central} (95% interval {interval})."
        )
    else:
        sentence = (
            f"{what} was {central} on patrol days than on other days in the same hot spot and four weeks, "
            f"after adjustment (95% interval {interval})."
        )
    return Claim(f"{sentence}{_detectable(result)}{_level(result)}", result.maryland_level, found)


def harm_claim(total: ResultRecord, count: ResultRecord, severity: ResultRecord) -> Claim:
    """Harm as count x severity; a rise in severity is said as plainly as a fall in harm."""
    parts = [
        f"Total harm was {' '.join(_change_words(total.estimate))} (95% interval {interval_words(total.ci_low, total.ci_high)})."
    ]
    parts.append(
        f"That is {' '.join(_change_words(count.estimate))} in the number of crimes and "
        f"{' '.join(_change_words(severity.estimate))} in harm per crime."
    )
    parts.append(_severity_sentence(severity))
    if total.estimate < 1 <= severity.estimate:
        parts.append("The lower total follows the number of crimes, not less serious ones.")
    return Claim(" ".join(parts), total.maryland_level, direction(total))


def _severity_sentence(severity: ResultRecord) -> str:
    interval = interval_words(severity.ci_low, severity.ci_high)
    found = direction(severity)
    if found != "unclear":
        return f"Harm per crime {'fell' if found == 'lower' else 'rose'} (95% interval {interval})."
    chance = f"a difference that chance could explain (95% interval {interval})"
    if severity.estimate >= 1:
        return f"Harm per crime did not fall: it was {' '.join(_change_words(severity.estimate))}, {chance}."
    return f"Harm per crime was {' '.join(_change_words(severity.estimate))}, {chance}."


def _detectable(result: ResultRecord) -> str:
    if result.mde80 is None:
        return ""
    return f" A difference smaller than {formats.percent(1 - result.mde80)} would usually be missed with these data."


def _level(result: ResultRecord) -> str:
    level, top = result.maryland_level, max(MARYLAND)
    gloss = MARYLAND[level] if level == top else f"{MARYLAND[level]}; {top} is {MARYLAND[top]}"
    return f" Strength of the design: level {level} of {top} on the Maryland scale ({gloss})."


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
