"""The rules by which pieces of presence become counted minutes. Every rule is a setting of a provider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True)
class Rules:
    """Seconds, unless the name says otherwise.

    gap_s : a longer silence between two pings of a device ends its presence.
    gap_credit_s : but a silence up to this long that begins and ends in the same hot spot counts as presence there.
    band_m : hysteresis, in metres: an excursion that stays this close to the boundary is bridged and counts.
    reentry_s : an excursion up to this long is bridged and counts, however far it went.
    min_dwell_s : a stay counts as a visit only with this much time; shorter ones are "passed through".
    off_duty_s : a longer silence is the tracker being off, not a lost signal.
    shifts : local clock times (from, to); presence outside all of them does not count. Empty: no limit.
        A shift whose end is before its start runs over midnight.
    """

    gap_s: float = 300.0
    gap_credit_s: float = 900.0
    band_m: float = 20.0
    reentry_s: float = 120.0
    min_dwell_s: float = 180.0
    off_duty_s: float = 10_800.0
    shifts: tuple[tuple[time, time], ...] = ()


# Exact crossings and the gap rule alone: always shown beside the rules.
PLAIN = Rules(gap_credit_s=0.0, band_m=0.0, reentry_s=0.0, min_dwell_s=0.0)
