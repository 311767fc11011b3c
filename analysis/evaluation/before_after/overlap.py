"""Warns when the "before" window already holds days of service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from analysis.evaluation.record import Check
from domain import formats
from domain.periods import Period


@dataclass(frozen=True)
class BaselineOverlap:
    """Days of the "before" window on which the service was live, and the share of the window they make."""

    days: int
    share: float
    live_from: date
    before: Period

    def sentence(self) -> str:
        """The warning, in full."""
        return (
            f"The service was live from {formats.day(self.live_from)}, so {self.days:,} of the {self.before.days:,} days "
            f"({formats.percent(self.share)}) of the “before” window ({formats.period(self.before)}) already had service. "
            "If patrols matter, this makes the change look smaller than it was; if crime was peaking when they "
            "began, it may make it look larger."
        )


def baseline_overlap(before: Period, live_from: date | None) -> BaselineOverlap | None:
    """Overlap of the baseline with service days; None when there is none.

    Parameters
    ----------
    before : Period
        The "before" window, both ends included.
    live_from : date or None
        First day of service.
    """
    if live_from is None or live_from > before.end:
        return None
    days = before.overlap_days(Period(live_from, before.end))
    return BaselineOverlap(days, days / before.days, live_from, before)


OVERLAP = "days of the “before” window that already had service"
_MEANING = "A “before” that holds service days is not a picture of crime without the service."


def overlap_check(before: Period, live_from: date | None) -> Check:
    """The overlap as a check: not passed with any service day in the "before" window."""
    if live_from is None:
        return Check(OVERLAP, "not known: no service date is set", None, needed="0", meaning=_MEANING)
    found = baseline_overlap(before, live_from)
    if found is None:
        return Check(OVERLAP, 0.0, True, needed="0", meaning=_MEANING)
    value = f"{found.days:,} of {before.days:,} ({formats.percent(found.share)})"
    return Check(OVERLAP, value, False, needed="0", meaning=_MEANING)
