"""Which visit is which planned visit: nearest in time, one for one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

# A visit that began further from its planned start than this is another visit.
WITHIN_MINUTES = 120.0
_NEVER = 1e6


def paired(planned_start: NDArray[np.float64], began: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each planned visit of one place and day the position of its visit, or -1.

    Parameters
    ----------
    planned_start : minutes after local midnight, shape (n,); nan where the plan gives no time: any visit will do.
    began : minutes after local midnight, shape (m,).

    As many pairs as possible with the least time apart in all; none more than WITHIN_MINUTES apart.

    Examples
    --------
    >>> paired(np.array([900.0, 1080.0]), np.array([1075.0, 905.0, 1200.0])).tolist()
    [1, 0]
    """
    found = np.full(len(planned_start), -1, dtype=np.int64)
    if not len(planned_start) or not len(began):
        return found
    apart = np.nan_to_num(np.abs(planned_start[:, None] - began[None, :]), nan=0.0)
    row, column = linear_sum_assignment(np.where(apart <= WITHIN_MINUTES, apart, _NEVER))
    near = apart[row, column] <= WITHIN_MINUTES
    found[row[near]] = column[near]
    return found
