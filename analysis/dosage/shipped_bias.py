"""How far minutes counted by the default rules are from the truth, by ping interval and way of patrolling.

Data, the one place that these figures are read from. Written by ``python -m benchmarks.ship_bias``: patrol-minutes
against the exact truth of ``simulation.walks`` (7 hot spots of about 200 m, 40 devices, 2 days, 5 seeds). A test measures
a smaller version again and asks that it agrees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MEASURED_ON = "2026-11-22"


@dataclass(frozen=True)
class Bias:
    """Shares of the true patrol-minutes: counted over true, less 1; ``rules`` by the default rules, ``plain`` by none."""

    style: str
    interval_s: float
    rules: float
    plain: float


def at(interval_s: float) -> list[Bias]:
    """Each style's biases at any interval, between measured ones along the logarithm of the interval.

    Below the shortest and above the longest measured interval, those of that interval.

    Examples
    --------
    >>> low, high = spread(30)
    >>> low < 0 < high
    True
    """
    found = []
    for style in dict.fromkeys(b.style for b in MEASURED):
        own = sorted((b for b in MEASURED if b.style == style), key=lambda b: b.interval_s)
        where, steps = np.log(max(interval_s, 1.0)), np.log([b.interval_s for b in own])
        rules, plain = (float(np.interp(where, steps, [getattr(b, k) for b in own])) for k in ("rules", "plain"))
        found.append(Bias(style, interval_s, rules, plain))
    return found


def spread(interval_s: float) -> tuple[float, float]:
    """The lowest and the highest bias by the rules over the ways of patrolling."""
    shares = [b.rules for b in at(interval_s)]
    return min(shares), max(shares)


def rate_error(interval_s: float, reference_s: float) -> tuple[float, float]:
    """By how much trackers alone may move one rate (cost over minutes) against another: shares (least, most).

    interval_s : of the trackers of the rate. reference_s : of those that it is compared with. With counted minutes =
    true minutes (1 + bias), the ratio of the rates is the true one times (1 + bias of the reference) / (1 + own bias).
    """
    low, high = spread(interval_s)
    reference_low, reference_high = spread(reference_s)
    return (1 + reference_low) / (1 + high) - 1, (1 + reference_high) / (1 + low) - 1


MEASURED = (
    Bias("foot", 5.0, 0.0186, -0.0632),
    Bias("foot", 10.0, 0.0146, -0.0622),
    Bias("foot", 30.0, 0.0064, -0.0606),
    Bias("foot", 60.0, -0.0024, -0.0602),
    Bias("foot", 120.0, -0.0174, -0.0663),
    Bias("foot", 300.0, -0.1796, -0.4990),
    Bias("brisk", 5.0, 0.0242, -0.0322),
    Bias("brisk", 10.0, 0.0215, -0.0316),
    Bias("brisk", 30.0, 0.0094, -0.0344),
    Bias("brisk", 60.0, -0.0152, -0.0507),
    Bias("brisk", 120.0, -0.0776, -0.1035),
    Bias("brisk", 300.0, -0.4610, -0.5939),
    Bias("outreach", 5.0, 0.0370, -0.0620),
    Bias("outreach", 10.0, 0.0333, -0.0611),
    Bias("outreach", 30.0, 0.0268, -0.0596),
    Bias("outreach", 60.0, 0.0201, -0.0563),
    Bias("outreach", 120.0, 0.0167, -0.0547),
    Bias("outreach", 300.0, -0.0652, -0.4553),
    Bias("car", 5.0, 0.0608, -0.0178),
    Bias("car", 10.0, 0.0592, -0.0180),
    Bias("car", 30.0, 0.0474, -0.0222),
    Bias("car", 60.0, 0.0273, -0.0344),
    Bias("car", 120.0, -0.0211, -0.0693),
    Bias("car", 300.0, -0.3084, -0.5245),
)
