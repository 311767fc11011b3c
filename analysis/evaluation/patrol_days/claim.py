"""Sentences on patrol days and dosage: what the design can carry, with the interval, and no stronger word."""

from __future__ import annotations

from analysis.evaluation.claims import Claim, check_wording, direction, interval_words, patrol_days_claim
from analysis.evaluation.record import Refusal, ResultRecord
from analysis.evaluation.section import Section
from domain import formats

Result = ResultRecord | Refusal


def headline_claim(section: Section) -> Claim:
    """The default estimate in one sentence."""
    return patrol_days_claim(section.headline)


def size_words(ratio: float) -> str:
    """A ratio as "12% lower"."""
    if abs(ratio - 1) < 0.005:
        return "about the same"
    return f"{formats.percent(abs(ratio - 1))} {'lower' if ratio < 1 else 'higher'}"


def shuffle_sentence(plain: Result, shuffled: Result) -> str:
    """The formula's interval beside that of the shuffled days, and whether they lead to the same reading."""
    if isinstance(shuffled, Refusal):
        return f"Days cannot be shuffled. {shuffled.reason}"
    said = (
        f"With whole days shuffled instead of a formula the 95% interval runs from "
        f"{interval_words(shuffled.ci_low, shuffled.ci_high)} (p = {shuffled.p:.3f})."
    )
    if isinstance(plain, ResultRecord) and plain.excludes_no_change() != shuffled.excludes_no_change():
        said += " The two lead to different readings, so neither should be leaned on."
    return check_wording(said, shuffled.maryland_level)


def controls_sentence(earlier: Result, tomorrow: Result) -> str:
    """Whether days differ where patrols cannot have made a difference."""
    said = []
    for name, record in (("crimes before the service began that day", earlier), ("patrols on the next day", tomorrow)):
        if isinstance(record, Refusal):
            said.append(f"The comparison by {name} cannot be made: {record.reason}")
            continue
        interval = interval_words(record.ci_low, record.ci_high)
        if direction(record) == "unclear":
            said.append(f"By {name} no difference stands out (95% interval {interval}).")
        else:
            said.append(
                f"By {name} there is a difference where there should be none ({size_words(record.estimate)}, 95% interval "
                f"{interval}): patrol days are unlike other days in some way that is not adjusted for."
            )
    return check_wording(" ".join(said), 3)


def lags_sentence(one: Result | None, two: Result | None) -> str:
    """Whether crime differs on the days after a patrol, which the default takes to be no different."""
    said = []
    for name, record in (("The day after", one), ("Two days after", two)):
        if record is None or isinstance(record, Refusal):
            continue
        interval = interval_words(record.ci_low, record.ci_high)
        if direction(record) == "unclear":
            said.append(f"{name} a patrol no difference stands out (95% interval {interval}).")
        else:
            said.append(
                f"{name} a patrol recorded crime was {size_words(record.estimate)} (95% interval {interval}): days are "
                "not independent of earlier patrols, which the headline takes them to be."
            )
    return check_wording(" ".join(said) or "Earlier patrols are not known for enough days.", 3)


def dosage_claim(result: Result) -> Claim:
    """Level 3: crime for each ten patrol minutes more."""
    if isinstance(result, Refusal):
        return Claim(f"Crime cannot be compared by patrol minutes. {result.reason}", 1, "unclear")
    found, interval = direction(result), interval_words(result.ci_low, result.ci_high)
    size = size_words(result.estimate)
    sentence = f"For each 10 patrol minutes more in a hot spot, recorded crime in the service window was {size}, after adjustment"
    if found == "unclear":
        sentence += f". A difference of this size can come from chance: the 95% interval runs from {interval}."
    else:
        sentence += f" (95% interval {interval})."
    if result.mde80 is not None:
        missed = formats.percent(1 - result.mde80, 1 if result.mde80 > 0.9 else 0)
        sentence += f" A difference smaller than {missed} for 10 minutes would usually be missed with these data."
    sentence += " Patrols may stay longer where something happens, so this does not tell what a longer patrol would bring about."
    return Claim(sentence, result.maryland_level, found)


def shape_sentence(trend: Result, curve: Result) -> str:
    """Whether more minutes go with fewer crimes step by step, and whether the relation bends."""
    if isinstance(trend, Refusal):
        return f"There is no test of trend over the categories. {trend.reason}"
    said = (
        f"Over the categories the trend is {size_words(trend.estimate)} a step "
        f"(95% interval {interval_words(trend.ci_low, trend.ci_high)}, p = {trend.p:.3f})."
    )
    bend = curve.check("p, the curve bends") if isinstance(curve, ResultRecord) else None
    if bend is not None and isinstance(bend.value, float):
        clear = bend.value < 0.05
        said += f" The curve {'bends' if clear else 'does not clearly bend'} (p = {bend.value:.3f})."
    return check_wording(said, 3)
