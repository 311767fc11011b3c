"""Covariance of estimates whose errors depend on each other within clusters, in one way or several at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.ArrayLike
Correction = Literal["CR0", "CR1", "CR1S"]


class TooFewClusters(ValueError):
    """A single cluster has no spread between clusters to measure."""


class Clustered(NamedTuple):
    """``covariance`` (k, k); ``groups`` clusters of each way; ``mended``: negative eigenvalues were set to 0."""

    covariance: Floats
    groups: tuple[int, ...]
    mended: bool

    @property
    def df(self) -> int:
        """Degrees of freedom of a t reference: clusters of the way with the fewest, less 1."""
        return min(self.groups) - 1


def clustered_covariance(
    scores: Floats, bread: Floats, clusters: Sequence[Labels], *, correction: Correction = "CR1"
) -> Clustered:
    """Sandwich covariance clustered in one or more ways (Cameron, Gelbach & Miller).

    One way: V_g = c_g B (sum_g s_g s_g') B, with s_g the summed row scores of cluster g and B the inverse information.
    Several ways: the sum over every non-empty set A of ways of (-1)^(|A|+1) V_A, where V_A clusters on the combinations
    of labels that occur in A. The factor is c = 1 (CR0), G / (G - 1) (CR1; pyfixest with ``k_adj=False``) or
    G / (G - 1) x (N - 1) / (N - k) (CR1S; Stata, statsmodels, Petersen), G counted for each set by itself.

    Parameters
    ----------
    scores : (n, k) array
        Row scores: x_i (y_i - mu_i) of a Poisson model, x_i e_i of least squares.
    bread : (k, k) array
        Inverse information; (X'X)^-1 of least squares.
    clusters : sequence of (n,) arrays
        Labels of each way, of any kind that can be sorted; sizes may be unequal.
    correction : {"CR1", "CR0", "CR1S"}
        Small-sample factor.

    Returns
    -------
    Clustered
        With two or more ways the sum can have a negative eigenvalue; it is then set to 0 and ``mended`` says so.

    Raises
    ------
    TooFewClusters
        When a way holds fewer than two clusters and a correction is asked for.

    Notes
    -----
    How it can mislead: with few clusters (fewer than about 30, or a handful of large ones) the variance is too small
    and a 5% test signals more often than 5%.

    References
    ----------
    Cameron, A. C., Gelbach, J. B. & Miller, D. L. (2011). Robust inference with multiway clustering. J Business and
    Economic Statistics 29(2), 238-249.
    Petersen, M. A. (2009). Review of Financial Studies 22(1), 435-480.

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.array([[1.0], [1.0], [-1.0], [-1.0]])
    >>> one = clustered_covariance(scores, np.array([[0.25]]), [["a", "a", "b", "b"]], correction="CR0")
    >>> float(one.covariance[0, 0]), one.groups
    (0.5, (2,))
    """
    scores = np.asarray(scores, float)
    ways = [_codes(labels) for labels in clusters]
    groups = tuple(int(codes.max()) + 1 for codes in ways)
    if not ways:
        raise TooFewClusters("No clusters were named.")
    if correction != "CR0" and min(groups) < 2:
        raise TooFewClusters("All rows lie in one cluster, so the spread between clusters cannot be measured.")
    meat: Floats = np.zeros((scores.shape[1], scores.shape[1]))
    for size in range(1, len(ways) + 1):
        for chosen in combinations(ways, size):
            sign = 1.0 if size % 2 else -1.0
            meat = np.asarray(meat + sign * _meat(scores, _crossed(chosen), correction), np.float64)
    covariance: Floats = np.asarray(bread @ meat @ bread, np.float64)
    if len(ways) == 1:
        return Clustered(covariance, groups, False)
    return _non_negative(covariance, groups)


def _codes(labels: Labels) -> npt.NDArray[np.int64]:
    values: npt.NDArray[Any] = np.asarray(labels)
    if values.dtype == object:
        values = values.astype(str)
    codes: npt.NDArray[np.int64] = np.unique(values, return_inverse=True)[1].astype(np.int64)
    return codes


def _crossed(ways: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """Codes 0..G-1 of the combinations of labels that occur."""
    codes = ways[0]
    for other in ways[1:]:
        codes = _codes(codes * (int(other.max()) + 1) + other)
    return codes


def _meat(scores: Floats, codes: npt.NDArray[np.int64], correction: Correction) -> Floats:
    (n, k), groups = scores.shape, int(codes.max()) + 1
    summed = np.stack([np.bincount(codes, weights=column, minlength=groups) for column in scores.T], axis=1)
    factor = 1.0 if correction == "CR0" else groups / (groups - 1)
    if correction == "CR1S":
        factor *= (n - 1) / (n - k)
    meat: Floats = np.asarray(factor * (summed.T @ summed), np.float64)
    return meat


def _non_negative(covariance: Floats, groups: tuple[int, ...]) -> Clustered:
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    # Rounding alone can leave an eigenvalue a hair below 0.
    if values.min() >= -1e-12 * max(1e-300, float(np.abs(values).max())):
        return Clustered(covariance, groups, False)
    mended: Floats = ((vectors * np.clip(values, 0, None)) @ vectors.T).astype(np.float64)
    return Clustered(mended, groups, True)
