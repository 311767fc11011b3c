"""The evaluation as those outside the operational roles may see it: nothing made of 1 to 4 crimes."""

from __future__ import annotations

from dataclasses import replace

from analysis.evaluation.claims import Claim
from analysis.evaluation.displacement.claim import displacement_claim
from analysis.evaluation.displacement.section import REACH
from analysis.evaluation.harm.split import TOP_SHARE, HarmSplit
from analysis.evaluation.record import Refusal, ResultRecord
from data_access.disclosure import SUPPRESS_BELOW
from data_access.evaluation.records import BeforeAfter, EvaluationSummary, PatrolDays

HIDDEN = Refusal("disclosure control", "It would be made of 1 to 4 crimes, which are not shown to your role.")


def _is_small(*counts: float) -> bool:
    return any(0 < c < SUPPRESS_BELOW for c in counts)


def without_small_counts(found: EvaluationSummary) -> EvaluationSummary:
    """The summary outside the operational roles: no estimate made of 1 to 4 crimes, nothing about single crimes."""
    b, h, p = found.before_after, found.harm, found.patrol_days
    if isinstance(b, BeforeAfter):
        years = tuple(count for _, count in b.earlier_years)
        if _is_small(b.before.crimes, b.during.crimes, b.before.not_scored, b.during.not_scored, *years):
            return _all_hidden(found)
    if isinstance(h, HarmSplit):
        parts = {k: _without_top_share(getattr(h, k)) for k in ("total", "count", "severity")}
        found = replace(found, harm=replace(h, **parts))
    if _is_small(*found.ring_crimes):
        found = _displacement_hidden(found)
    return replace(found, patrol_days=days_without_small_counts(p))


def _all_hidden(found: EvaluationSummary) -> EvaluationSummary:
    found = replace(
        found, before_after=HIDDEN, harm=HIDDEN, comparators=HIDDEN, against_comparators=HIDDEN,
        comparators_claim=Claim(f"No estimate against comparators is shown. {HIDDEN.reason}", 1, "unclear"),
        patrol_days=_hidden_days(found.patrol_days),
    )  # fmt: skip
    return _displacement_hidden(found)


def _displacement_hidden(found: EvaluationSummary) -> EvaluationSummary:
    return replace(found, displacement=HIDDEN, displacement_claim=displacement_claim(HIDDEN, REACH, ""), ring_crimes=())


def days_without_small_counts(found: PatrolDays) -> PatrolDays:
    """Patrol days with 1 to 4 crimes on either side are not given at all."""
    c = found.counts
    return _hidden_days(found) if c and _is_small(c.patrol_events, c.other_events) else found


def _hidden_days(found: PatrolDays) -> PatrolDays:
    """Record and counts go together: the record's total would give one side away."""
    return replace(found, counts=None, record=HIDDEN)


def _without_top_share(record: ResultRecord) -> ResultRecord:
    """The three most harmful crimes are three crimes."""
    return replace(record, checks=tuple(c for c in record.checks if c.name != TOP_SHARE))
