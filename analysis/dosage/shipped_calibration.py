"""Constants of the Markov bridge's 95% range at several ping intervals, as measured by ``bridge_calibration.measure``.

Data, so that estimates need no simulation. Written by ``python -m benchmarks.ship_calibration`` on 2026-11-22, seed 2026,
600 simulated walkers of each of four styles of patrol, each thinned at four phases. A test measures a smaller
version again and asks that it agrees.
"""

from __future__ import annotations

from dataclasses import dataclass

MEASURED_ON = "2026-11-22"
SEED = 2026
WALKERS = 600


@dataclass(frozen=True)
class Measured:
    """``variance = scale V + floor_min2`` a cell; ``bias_share`` of the style of patrol with the largest bias."""

    interval_s: float
    scale: float
    floor_min2: float
    cells: int
    bias_share: float
    coverage: float


MEASURED = (
    Measured(30.0, 6.75, 41.3, 12190, 0.0738, 0.974),
    Measured(60.0, 5.62, 35.1, 11941, 0.0607, 0.969),
    Measured(120.0, 4.46, 37.0, 11631, 0.0426, 0.977),
    Measured(300.0, 3.06, 20.4, 11249, -0.0185, 0.980),
    Measured(600.0, 2.28, 28.4, 10786, -0.0409, 0.954),
)
