"""Many p-values at once: what is left when each must stand among the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def holm(p: Sequence[float] | Floats) -> Floats:
    """Holm's step-down adjusted p: none is wrong with chance alpha, however the tests depend on each other.

    Adjusted p_(i) = max over j <= i of min(1, (m - j + 1) p_(j)), p_(1) <= ... <= p_(m).

    Parameters
    ----------
    p : (m,) sequence
        p-values, 0 to 1; NaN is no test and stays NaN.

    Returns
    -------
    (m,) array
        Adjusted p in the order given: below alpha means that it stands at family-wise error alpha.

    Notes
    -----
    How it can mislead: only the p-values handed in are counted. Those tried and not reported belong to the family too.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian J Statistics 6, 65-70.

    Examples
    --------
    >>> [round(float(v), 3) for v in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    values, known, order = _sorted(p)
    m = len(order)
    stepped = np.maximum.accumulate(np.minimum(1.0, values[known][order] * np.arange(m, 0, -1)))
    return _back(values, known, order, stepped)


def benjamini_hochberg(p: Sequence[float] | Floats) -> Floats:
    """Benjamini-Hochberg step-up adjusted p (q-values): the expected share of false findings among those declared.

    Adjusted p_(i) = min over j >= i of min(1, m p_(j) / j).

    Parameters
    ----------
    p : (m,) sequence
        p-values, 0 to 1; NaN is no test and stays NaN.

    Returns
    -------
    (m,) array
        In the order given: those below q hold the false discovery rate at q, for tests that do not pull against each other.

    Notes
    -----
    How it can mislead: it bounds the share of false findings, not the chance of any; with one or two findings that is
    little comfort. Only the p-values handed in are counted.

    References
    ----------
    Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57, 289-300.

    Examples
    --------
    >>> [round(float(v), 3) for v in benjamini_hochberg([0.01, 0.04, 0.03])]
    [0.03, 0.04, 0.04]
    """
    values, known, order = _sorted(p)
    m = len(order)
    scaled = values[known][order] * m / np.arange(1, m + 1)
    stepped = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return _back(values, known, order, stepped)


def bonferroni(p: Sequence[float] | Floats) -> Floats:
    """Bonferroni's adjusted p: min(1, m p). Never below Holm's; kept as the yardstick that readers know.

    Examples
    --------
    >>> [round(float(v), 3) for v in bonferroni([0.01, 0.04, 0.03])]
    [0.03, 0.12, 0.09]
    """
    values, known, _ = _sorted(p)
    return np.where(known, np.minimum(1.0, values * known.sum()), np.nan)


def _sorted(p: Sequence[float] | Floats) -> tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    values = np.asarray(p, float)
    known = ~np.isnan(values)
    if np.any((values[known] < 0) | (values[known] > 1)):
        raise ValueError("A p-value lies between 0 and 1.")
    return values, known, np.argsort(values[known], kind="stable")


def _back(values: Floats, known: npt.NDArray[np.bool_], order: npt.NDArray[np.int64], stepped: Floats) -> Floats:
    found, inner = np.full(len(values), np.nan), np.empty(len(order))
    inner[order] = stepped
    found[known] = inner
    return found
