"""Which distance band a crime belongs to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analysis.evaluation.inputs import BANDS

# Outer edge of every band but the last, in metres; "inside" ends at the boundary itself.
EDGES = (0.0, *(float(name.split("-")[1]) for name in BANDS[1:-1]))
RINGS = ("0-100", "100-200", "200-300")  # METHODS: rings of 100, 200 and 300 m as one joint test
# Places that could be a control, the registered one first; words for readers.
CONTROL_BANDS = {"beyond": "the rest of the area, over 500 m away", "300-500": "places 300 to 500 m away"}
NO_PLACE = ""


def bands_of(distance_m: Sequence[float] | npt.NDArray[np.float64]) -> npt.NDArray[np.str_]:
    """Band of each crime from its distance to the nearest hot spot; rings of neighbours never count a crime twice.

    A crime belongs to the band of its *nearest* hot spot, so bands share no crime and add up to all crimes
    that have a place. Edges belong to the inner band: exactly 100 m away is "0-100".

    Parameters
    ----------
    distance_m : (n,) array
        Metres from the nearest hot spot boundary; 0 or less inside one; NaN for a crime without a place.

    Returns
    -------
    (n,) array of str
        Names of :data:`analysis.evaluation.inputs.BANDS`; "" without a place.

    Examples
    --------
    >>> [str(band) for band in bands_of([-5, 0, 0.1, 100, 250, 4000, float("nan")])]
    ['inside', 'inside', '0-100', '0-100', '200-300', 'beyond', '']
    """
    distance = np.asarray(distance_m, dtype=float)
    missing = np.isnan(distance)
    at = np.searchsorted(EDGES, np.where(missing, 0.0, distance), side="left")
    named: npt.NDArray[np.str_] = np.where(missing, NO_PLACE, np.asarray(BANDS)[at])
    return named
