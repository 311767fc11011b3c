"""Sentences written from figures. Which way a figure moved is said apart from whether that is wanted.

Nothing here says why: sentences about effect are written by ``analysis.evaluation.claims`` alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

from domain import formats


class Direction(StrEnum):
    LOWER = "lower"
    HIGHER = "higher"
    SAME = "the same"


def direction(now: float, then: float) -> Direction:
    """Which way, and nothing more."""
    if now == then:
        return Direction.SAME
    return Direction.LOWER if now < then else Direction.HIGHER


def is_wanted(moved: Direction, *, lower_is_wanted: bool | None) -> bool | None:
    """Whether the direction is the one hoped for; None where neither way is better or nothing moved."""
    if lower_is_wanted is None or moved is Direction.SAME:
        return None
    return (moved is Direction.LOWER) == lower_is_wanted


def known(value: float | None) -> bool:
    return value is not None and not math.isnan(value)


def change_words(now: float, then: float) -> str:
    """ "39% lower", "the same"; a change from nothing has no percentage."""
    moved = direction(now, then)
    if moved is Direction.SAME:
        return str(moved)
    if then == 0:
        return "higher than none"
    size = abs(now / then - 1)
    return f"{'less than 1%' if size < 0.005 else formats.percent(size)} {moved}"


def change_sentence(
    *,
    what: str,
    now: float | None,
    then: float | None,
    now_when: str,
    then_when: str,
    unit: str = "",
    decimals: int = 0,
) -> str:
    """ "Recorded crime was 252 in Feb 2023 to Dec 2023, 39% lower than in Feb 2022 to Dec 2022 (416)."

    Says what is missing instead of comparing with nothing.
    """
    tail = f" {unit}" if unit else ""
    if now is None or not known(now):
        return f"{what} cannot be given for {now_when}."
    base = f"{what} was {formats.number(now, decimals)}{tail} in {now_when}"
    if then is None or not known(then):
        return f"{base}. There is no figure for {then_when} to compare it with."
    earlier = formats.number(then, decimals)
    if now == then:
        return f"{base}, the same as in {then_when}."
    if then == 0:
        return f"{base}, against none in {then_when}."
    return f"{base}, {change_words(now, then)} than in {then_when} ({earlier})."


def wanted_sentence(moved: Direction, *, lower_is_wanted: bool | None) -> str:
    """The second sentence, kept apart: whether the direction is the one hoped for."""
    wanted = is_wanted(moved, lower_is_wanted=lower_is_wanted)
    if wanted is None:
        return ""
    return "That is the direction hoped for." if wanted else "That is not the direction hoped for."


def interval(low: float, high: float, decimals: int = 0) -> str:
    """ "12 to 210"; an end without limit is printed so."""
    return f"{formats.number(low, decimals)} to {formats.number(high, decimals)}"


def fewer_sentence(fewer: float, low: float, high: float, what: str) -> str:
    """The same ratio as a number of events, with its interval; more events are said as more.

    ``fewer`` is positive when there were fewer than expected; so are ``low`` and ``high``. Where they include no
    change no number is given: its ends would be larger than the counts themselves.
    """
    if low <= 0 <= high:
        return f"As a number of {what}, a change beyond ordinary variation cannot be told: the 95% interval includes no change."
    expected = "than the model expects without change (95% interval"
    if fewer > 0:
        return f"As a number of {what}: about {_count(fewer)} fewer {expected} {interval(low, high)})."
    return f"As a number of {what}: about {_count(-fewer)} more {expected} {interval(-high, -low)})."


def assumptions_sentence(assumptions: Sequence[str]) -> str:
    """What an estimate rests on without being able to check it, said as such; "" where there is nothing."""
    return f"This assumes, and cannot check, that: {'; '.join(assumptions)}." if assumptions else ""


def _count(value: float) -> str:
    return formats.number(round(value)) if math.isfinite(value) else formats.number(value)
