"""Warns when the "before" window already holds days of service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

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
