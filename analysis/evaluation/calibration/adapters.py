"""One adapter a method: what it is given of a simulated data set, where it is run, what is true there.

Functions are named by text and imported when first used: calibrating one family loads no other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from analysis.evaluation.calibration.designs import Situation
from analysis.evaluation.record import Refusal, ResultRecord

Answer = ResultRecord | Refusal | bool  # bool: an alarm or none, for methods without an estimate
Truth = Callable[[Situation], float | None]


def of_effect(situation: Situation) -> float | None:
    """The log ratio that is true in the hot spots."""
    return situation.effect


def nothing(_situation: Situation) -> float | None:
    """For what the service cannot move: always no change."""
    return 0.0


def per_10_minutes(situation: Situation) -> float | None:
    """Log ratio of ten more minutes; not defined where a patrol works the same whatever its length."""
    return situation.effect_per_10_minutes if situation.effect == 0 else None


def only_if_null(situation: Situation) -> float | None:
    """For differences in crimes, whose true size differs from draw to draw: known only where nothing happened."""
    return 0.0 if situation.null else None


@dataclass(frozen=True)
class Adapter:
    """``quoted`` is the situation whose type I error and coverage the method's records quote."""

    key: str
    estimate: Callable[[Any, int], Answer]
    situations: tuple[str, ...]
    quoted: str
    truth: Truth = of_effect


@cache
def function(path: str) -> Callable[..., Any]:
    """ "module:name" below ``analysis.evaluation``."""
    module, name = path.split(":")
    found: Callable[..., Any] = getattr(import_module(f"analysis.evaluation.{module}"), name)
    return found


def call(path: str, *given: Any, **options: Any) -> Answer:
    """The answer of a method given by :func:`function`'s path."""
    found: Answer = function(path)(*given, **options)
    return found


def _gathered() -> dict[str, Adapter]:
    from analysis.evaluation.calibration import adapters_days, adapters_months

    found: dict[str, Adapter] = {}
    for adapter in (*adapters_months.ADAPTERS, *adapters_days.ADAPTERS):
        if adapter.key in found:
            raise ValueError(f"Two adapters are called {adapter.key}.")
        found[adapter.key] = adapter
    return found


@cache
def adapters() -> dict[str, Adapter]:
    """Every adapter by method key."""
    return _gathered()
