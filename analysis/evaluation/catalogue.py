"""Every method that the portal offers: which question it answers, in which role, and which function it is.

Each family lists its own in ``<family>/methods.py``; method pages are written from the functions' docstrings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import Any


class Use(StrEnum):
    """How far a method may carry a claim (METHODS, defaults and sensitivities)."""

    DEFAULT = "default"  # the headline
    SENSITIVITY = "sensitivity"  # always beside it
    COMPARISON = "comparison only"  # for comparison with other studies; its error rate is known to be worse
    SUPPORT = "supporting calculation"


@dataclass(frozen=True)
class Method:
    """``function`` is "module:name" below ``analysis.evaluation``; ``calibrated`` is False where an error rate has no meaning."""

    key: str  # letters, digits, hyphens: /methods/<key>
    title: str
    question: str  # "before and after", "comparators", "patrol days", "dosage", "harm", "displacement", "monitoring", "pooling"
    use: Use
    function: str
    calibrated: bool = True

    def load(self) -> Callable[..., Any]:
        module, name = self.function.split(":")
        found: Callable[..., Any] = getattr(import_module(f"analysis.evaluation.{module}"), name)
        return found


FAMILIES = ("before_after", "comparators", "patrol_days", "harm", "displacement", "monitoring", "pooling")


@cache
def methods() -> dict[str, Method]:
    """Every method by key, in the order of the families; two with one key is an error."""
    found: dict[str, Method] = {}
    for family in FAMILIES:
        for method in import_module(f"analysis.evaluation.{family}.methods").METHODS:
            if method.key in found:
                raise ValueError(f"Two methods are called {method.key}.")
            found[method.key] = method
    return found


def title_of(key: str) -> str:
    """The title of a method; "before-after:candidates" is a variant of one that has a page."""
    base, _, variant = key.partition(":")
    found = methods().get(base)
    title = found.title if found else base.replace("-", " ").capitalize()
    return f"{title} ({variant.replace('-', ' ')})" if variant else title
