"""The sentences of the before/after page: what was recorded, what is left after adjustment, what could undo it."""

from __future__ import annotations

import pandas as pd

from analysis.evaluation.before_after.counts import TwoCounts
from analysis.evaluation.before_after.ratio import BETWEEN_YEARS, YEARS_USED
from analysis.evaluation.claims import Claim, before_after_claim, check_wording, interval_words
from analysis.evaluation.record import Refusal, ResultRecord
from analysis.evaluation.section import Section
from domain import formats

LEVEL = 2


def claim(section: Section) -> Claim:
    """The headline sentence of a before/after section: recorded change first, then the adjusted one with its interval."""
    facts = section.facts
    names = ("crimes_before", "crimes_during", "days_before", "days_during")
    counts = TwoCounts(*(facts[name] for name in names)) if "crimes_before" in facts else None
    return before_after_claim(
        section.headline, str(facts["area_name"]), str(facts["before_words"]), str(facts["during_words"]),
        counts=counts,
    )  # fmt: skip


def notes(section: Section) -> list[str]:
    """What belongs right beside the headline, bad news first; each checked against the words of level 2."""
    facts, records = section.facts, section.records
    found = [str(facts["overlap"])] if facts.get("overlap") else []
    found += [
        _rtm(records["rtm"]),
        _drift(section.headline, bool(facts.get("lockdowns"))),
        str(facts.get("tipping", "")),
        _placebo(records["placebo-dates"], section.tables.get("placebo")),
    ]
    return [check_wording(text, LEVEL) for text in found if text]


def _rtm(result: ResultRecord | Refusal) -> str:
    if isinstance(result, Refusal):
        return (
            f"Regression to the mean is not adjusted for. {result.reason} Places chosen because crime was high tend to fall "
            "by themselves, so part of a fall may be that."
        )
    size, way = formats.percent(abs(result.estimate - 1)), "lower" if result.estimate < 1 else "higher"
    return (
        f"Given all {result.n_units} places that could have been chosen, these places were to be expected {size} {way} than "
        f"they had recorded, with nobody doing anything (95% interval {interval_words(result.ci_low, result.ci_high)})."
    )


def _drift(result: ResultRecord | Refusal, lockdowns: bool) -> str:
    check = result.check(BETWEEN_YEARS) if isinstance(result, ResultRecord) else None
    if check is None or not isinstance(check.value, float):
        return ""
    said = f"Much of the width of the interval comes from how much years differ by themselves. {check.meaning}"
    years = result.check(YEARS_USED) if isinstance(result, ResultRecord) else None
    if lockdowns and years and years.passed:
        said += (
            " The lockdowns of 2020 and 2021 fall into the years it is estimated from. They are no ordinary change, so it may "
            "be larger than years differ now."
        )
    return said


def _placebo(result: ResultRecord | Refusal, dates: pd.DataFrame | None) -> str:
    if isinstance(result, Refusal):
        return f"Placebo dates: {result.reason}"
    count = result.n_units - 1
    at_least = round((result.p or 0) * result.n_units) - 1
    none = "none had" if at_least == 0 else f"{at_least} had"
    return (
        f"The same comparison at {count} earlier dates, when no service began: {none} at least as large a change"
        f"{_same_way(result, dates)} "
        f"(rank p {result.p:.3f}; the smallest that {count} dates can give is {1 / result.n_units:.3f})."
    )


def _same_way(result: ResultRecord, dates: pd.DataFrame | None) -> str:
    """How many of the other dates changed as much in the same direction."""
    if dates is None or dates.empty:
        return ""
    others = dates.loc[~dates["real"].astype(bool), "ratio"]
    fell = result.estimate < 1
    as_far = int((others <= result.estimate).sum() if fell else (others >= result.estimate).sum())
    return f", {as_far or 'none'} of them as large a {'fall' if fell else 'rise'}"
