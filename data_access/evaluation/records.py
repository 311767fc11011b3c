"""What the evaluation of a programme holds: totals of two windows, estimates or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from analysis.evaluation.before_after.counts import TwoCounts
from analysis.evaluation.before_after.overlap import BaselineOverlap
from analysis.evaluation.claims import Claim, before_after_claim, harm_claim, patrol_days_claim
from analysis.evaluation.comparators.places import ComparatorsChange
from analysis.evaluation.harm.split import HarmSplit
from analysis.evaluation.patrol_days.model import DayCounts
from analysis.evaluation.record import Check, Refusal, ResultRecord
from domain import formats
from domain.periods import Period


@dataclass(frozen=True)
class WindowTotals:
    """What was recorded in one window over all hot spots."""

    label: str
    period: Period
    crimes: int
    harm_days: float | None  # None where no crime has a weight
    not_scored: int
    exposure_days: float  # hot spot-days


@dataclass(frozen=True)
class BeforeAfter:
    """The default estimate and the exact interval beside it, with the counts both rest on."""

    before: WindowTotals
    during: WindowTotals
    default: ResultRecord | Refusal
    exact: ResultRecord | Refusal
    earlier_years: tuple[tuple[Period, int], ...]  # oldest first, the "before" window last


@dataclass(frozen=True)
class PatrolDays:
    """Patrol days against other days; ``counts`` is None where they are too small for the viewer's role."""

    record: ResultRecord | Refusal
    counts: DayCounts | None
    window: tuple[time, time] | None
    period: Period | None
    days_without_tracker_data: int


@dataclass(frozen=True)
class EvaluationSummary:
    """Everything the Evaluation page, the overview sentence and the return say about effect."""

    programme_code: str
    area_name: str
    before_after: BeforeAfter | Refusal
    harm: HarmSplit | Refusal
    patrol_days: PatrolDays
    overlap: BaselineOverlap | None
    comparators: ComparatorsChange | Refusal
    overlap_check: Check | None  # None where there is no "before" window
    against_comparators: ResultRecord | Refusal  # difference in differences
    comparators_claim: Claim
    displacement: ResultRecord | Refusal  # in crimes, so it is on no axis of ratios
    displacement_claim: Claim
    ring_crimes: tuple[float, ...]  # behind ``displacement``

    @property
    def claim(self) -> Claim:
        """The headline sentence, no stronger than a before/after design allows."""
        if isinstance(self.before_after, Refusal):
            return before_after_claim(self.before_after, self.area_name, "", "")
        b = self.before_after
        before, during = formats.period(b.before.period), formats.period(b.during.period)
        counts = TwoCounts(b.before.crimes, b.during.crimes, b.before.exposure_days, b.during.exposure_days)
        return before_after_claim(b.default, self.area_name, before, during, counts=counts)

    @property
    def patrol_claim(self) -> Claim:
        return patrol_days_claim(self.patrol_days.record)

    @property
    def harm_claim(self) -> Claim | None:
        if isinstance(self.harm, Refusal):
            return None
        return harm_claim(self.harm.total, self.harm.count, self.harm.severity)

    def records(self) -> dict[str, ResultRecord | Refusal]:
        """Every estimate by a short key, in the order of the forest plot."""
        found: dict[str, ResultRecord | Refusal] = {}
        b, h = self.before_after, self.harm
        found["before_after"] = b if isinstance(b, Refusal) else b.default
        found["exact"] = b if isinstance(b, Refusal) else b.exact
        found["against_comparators"] = self.against_comparators
        found["patrol_days"] = self.patrol_days.record
        for key in ("total", "count", "severity"):
            found[f"harm_{key}"] = h if isinstance(h, Refusal) else getattr(h, key)
        return found
