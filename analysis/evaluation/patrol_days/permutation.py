"""Randomisation tests that need no model: paired differences and shuffled labels, enumerated where that is possible."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]
Alternative = Literal["two-sided", "less", "greater"]
# 2^20 sign patterns are 8 MB; beyond this a draw says the same to the third digit.
MOST_ENUMERATED = 1 << 20
_CHUNK = 2_000_000
_MOST_STEPS = 3_000_000


@dataclass(frozen=True)
class PermutationTest:
    """``n_as_extreme`` of ``n_total`` arrangements are at least as far out as the observed one (itself included).

    ``exact``: every arrangement was looked at; otherwise ``n_total`` were drawn (the observed one added).
    ``ci_low``, ``ci_high``: values of the effect that the test does not reject at 5% (paired test only, else None).
    """

    statistic: float
    expected: float
    p: float
    n_as_extreme: int
    n_total: int
    exact: bool
    p_t: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None


def sign_flip_test(
    differences: Sequence[float],
    *,
    alternative: Alternative = "two-sided",
    permutations: int = 4999,
    seed: int = 2026,
    level: float = 0.95,
) -> PermutationTest:
    """Randomisation test of paired differences: each sign could as well have been the other (Fisher 1935).

    Statistic: the sum of the differences. p = share of the 2^n sign patterns whose sum is at least as far from 0. All
    are enumerated up to n = 20; beyond, ``permutations`` patterns are drawn and the observed one is added to them.

    Parameters
    ----------
    differences : (n,) sequence of float
        Treated minus untreated member of each pair, in any unit. Differences of 0 count in n and change nothing.
    alternative : {"two-sided", "less", "greater"}
    permutations, seed : int
        Drawn patterns and their seed, used only when they are not enumerated.
    level : float
        Of the interval for a constant effect (mean difference), found by inverting the test.

    Returns
    -------
    PermutationTest
        ``p_t`` is Student's paired t test, for comparison.

    Notes
    -----
    How it can mislead: it is exact only if the member of each pair was chosen by lot. With n pairs p cannot be below
    2 / 2^n (two-sided), so fewer than six pairs can never reach 5%; the interval is then unbounded.

    References
    ----------
    Fisher, R. A. (1935). The Design of Experiments, section 21.

    Examples
    --------
    >>> found = sign_flip_test([6, 4, 3, 5, 2, 1])
    >>> found.n_as_extreme, found.n_total, found.p
    (2, 64, 0.03125)
    """
    d = np.asarray(differences, float)
    if not len(d) or not np.isfinite(d).all():
        raise ValueError("Paired differences must be finite numbers, one pair at least.")
    exact = 2 ** len(d) <= MOST_ENUMERATED
    signs = _signs(len(d)) if exact and len(d) <= 16 else None
    if exact:
        sums = signs @ d if signs is not None else reduce(lambda s, v: np.concatenate([s + v, s - v]), d, np.zeros(1))
    else:
        rng = np.random.default_rng(seed)
        signs = np.vstack([np.ones(len(d)), rng.choice([-1.0, 1.0], size=(permutations, len(d)))])
        sums = signs @ d
    observed = float(d.sum())
    extreme = _as_extreme(sums, observed, 0.0, alternative)
    low, high = _shift_interval(d, signs, level) if signs is not None else (None, None)
    p_t = float(stats.ttest_1samp(d, 0.0, alternative=alternative).pvalue) if len(d) > 1 and d.std() > 0 else None
    return PermutationTest(observed, 0.0, extreme / len(sums), extreme, len(sums), exact, p_t, low, high)


def label_test(
    values: Sequence[float],
    treated: Sequence[bool],
    *,
    strata: Sequence[object] | None = None,
    alternative: Alternative = "two-sided",
    permutations: int = 4999,
    seed: int = 2026,
) -> PermutationTest:
    """Randomisation test of two groups: the labels could as well have fallen on other units of the same stratum.

    Statistic: the sum of ``values`` over treated units; expected: sum over strata of treated x mean. With
    values 0/1 this is Fisher's exact test. All arrangements are looked at when there are at most
    2^20 of them, and of whole numbers (counts) however many there are.

    Parameters
    ----------
    values : (n,) sequence of float
        Outcome of each unit.
    treated : (n,) sequence of bool
    strata : (n,) sequence, optional
        Labels are exchanged only inside a stratum, and keep their number there.
    alternative : {"two-sided", "less", "greater"}
        "greater": treated units have more.
    permutations, seed : int
        Drawn arrangements and their seed, used only when they are not enumerated.

    Returns
    -------
    PermutationTest

    Notes
    -----
    How it can mislead: it holds only if units of a stratum were equally likely to be treated. Units that share shocks
    (hot spots on one day) must be exchanged together; see patrol_days_ri.

    References
    ----------
    Fisher, R. A. (1935). The Design of Experiments, chapter 2. Ernst, M. D. (2004). Statistical Science 19(4), 676-685.

    Examples
    --------
    The lady tasting tea, all eight cups right:

    >>> milk_first = [1, 1, 1, 1, 0, 0, 0, 0]
    >>> found = label_test(milk_first, [True] * 4 + [False] * 4, alternative="greater")
    >>> found.n_as_extreme, found.n_total, round(found.p, 4)
    (1, 70, 0.0143)
    """
    y, given = np.asarray(values, float), np.asarray(treated, bool)
    if len(y) != len(given) or not len(y) or not np.isfinite(y).all():
        raise ValueError("Values must be finite numbers, with one label each.")
    codes = (
        np.zeros(len(y), int) if strata is None else np.unique(np.asarray(strata).astype(str), return_inverse=True)[1]
    )
    groups = [(y[codes == s], int(given[codes == s].sum())) for s in range(codes.max() + 1)]
    observed = float(y[given].sum())
    expected = float(sum(count * part.mean() for part, count in groups))
    exact = math.prod(math.comb(len(part), count) for part, count in groups) <= MOST_ENUMERATED
    if not exact and (counted := _counted(groups)):
        extreme, total = _extreme_of_counts(counted, observed, expected, alternative)
        return PermutationTest(observed, expected, extreme / total, extreme, total, True)
    if exact:
        each = [np.array([sum(c) for c in combinations(part, count)], float) for part, count in groups]
        sums = reduce(lambda a, b: np.add.outer(a, b).ravel(), each)
    else:
        rng = np.random.default_rng(seed)
        drawn = sum((_drawn(rng, part, count, permutations) for part, count in groups), np.zeros(permutations))
        sums = np.concatenate([[observed], drawn])
    extreme = _as_extreme(sums, observed, expected, alternative)
    return PermutationTest(observed, expected, extreme / len(sums), extreme, len(sums), exact)


def _signs(n: int) -> Floats:
    bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    found: Floats = (1.0 - 2.0 * bits).astype(np.float64)
    return found


def _drawn(rng: np.random.Generator, values: Floats, count: int, permutations: int) -> Floats:
    """Sums over ``count`` values taken at random, ``permutations`` times; in pieces, so that memory stays small."""
    if count in (0, len(values)):
        return np.full(permutations, float(values.sum()) if count else 0.0)
    size = max(1, _CHUNK // len(values))
    parts = []
    for begin in range(0, permutations, size):
        order = rng.random((min(size, permutations - begin), len(values))).argpartition(count - 1, axis=1)[:, :count]
        parts.append(values[order].sum(axis=1))
    found: Floats = np.concatenate(parts).astype(np.float64)
    return found


def _counted(groups: Sequence[tuple[Floats, int]]) -> dict[int, int]:
    """Number of arrangements by their sum, for whole-number values; empty where that would take too long.

    Subsets of k values by their sum are counted one value at a time: ways[k][s] += ways[k - 1][s - value].
    """
    if any((part != np.round(part)).any() or (part < 0).any() for part, _ in groups):
        return {}
    if sum(len(part) * (count + 1) * (part.sum() + 1) for part, count in groups) > _MOST_STEPS:
        return {}
    found = {0: 1}
    for part, count in groups:
        ways: list[dict[int, int]] = [{0: 1}, *({} for _ in range(count))]
        for value in part.astype(int).tolist():
            for k in range(count, 0, -1):
                for s, n in ways[k - 1].items():
                    ways[k][s + value] = ways[k].get(s + value, 0) + n
        joined: dict[int, int] = {}
        for a, n in found.items():
            for b, m in ways[count].items():
                joined[a + b] = joined.get(a + b, 0) + n * m
        found = joined
    return found


def _extreme_of_counts(
    counted: dict[int, int], observed: float, expected: float, alternative: Alternative
) -> tuple[int, int]:
    sums = np.array(list(counted), float)
    extreme = [_as_extreme(np.array([s]), observed, expected, alternative) for s in sums]
    return sum(n for n, e in zip(counted.values(), extreme, strict=True) if e), sum(counted.values())


def _as_extreme(sums: Floats, observed: float, expected: float, alternative: Alternative) -> int:
    # Sums of floats in another order differ in their last digits; a tie must count as a tie.
    tolerance = 1e-9 * max(1.0, float(np.abs(sums).max()))
    if alternative == "two-sided":
        return int((np.abs(sums - expected) >= abs(observed - expected) - tolerance).sum())
    if alternative == "greater":
        return int((sums >= observed - tolerance).sum())
    return int((sums <= observed + tolerance).sum())


def _shift_interval(d: Floats, signs: Floats, level: float) -> tuple[float, float]:
    """Constant effects m that the two-sided test of d - m does not reject: bisection from the mean outwards.

    Under m the sum of pattern s is s.d - m s.1, so both products are made once.
    """
    sums, counts, n = signs @ d, signs.sum(axis=1), len(d)
    mean, reach = float(d.mean()), 8 * float(d.max() - d.min() + abs(d).max()) + 1.0

    def kept(m: float) -> bool:
        shifted = sums - m * counts
        # Patterns near the observed one count with a tolerance of their own size.
        tolerance = 1e-9 * max(1.0, float(np.abs(shifted).max()))
        return bool(np.mean(np.abs(shifted) >= abs(float(d.sum()) - m * n) - tolerance) > 1 - level)

    def edge(sign: float) -> float:
        inside, outside = mean, mean + sign * reach
        if kept(outside):
            return sign * math.inf
        for _ in range(60):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if kept(middle) else (inside, middle)
        return inside

    return edge(-1.0), edge(1.0)
