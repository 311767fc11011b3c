"""Harm during against before as number x severity: one function, so that page, PDF, bundle and cost cannot differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.evaluation.before_after.headline import why_not
from analysis.evaluation.harm.leverage import capped
from analysis.evaluation.harm.noise import count_noise
from analysis.evaluation.harm.split import HarmSplit, harm_split
from analysis.evaluation.inputs import WINDOWS, Inputs
from analysis.evaluation.record import Refusal

ESTIMAND = "Harm, during / before"
NO_WEIGHTS = "No crime inside the hot spots has a harm weight."


@dataclass(frozen=True)
class HarmWindows:
    """Weights (days a crime) and hot spot-days of both windows, and the noise that every split of them takes."""

    weights: Mapping[str, list[float]]
    exposure: Mapping[str, float]
    options: Mapping[str, Any]

    def split(self, *, cap: bool = False, **more: Any) -> HarmSplit | Refusal:
        """Total = count x severity; ``cap``: each crime at most 365 days."""
        before, during = (capped(self.weights[w]) if cap else self.weights[w] for w in WINDOWS)
        return harm_split(before, during, *self.exposure.values(), **{**self.options, **more})


def harm_windows(inputs: Inputs) -> HarmWindows | Refusal:
    """What the split is made of, with the noise of the before/after comparison; a refusal where windows or weights lack."""
    reason = why_not(inputs)
    if reason:
        return Refusal(ESTIMAND, reason)
    if inputs.scored.empty:
        return Refusal(ESTIMAND, inputs.why_empty("scored", NO_WEIGHTS))
    scored, noise = inputs.scored, count_noise(inputs)
    days = inputs.cells.groupby("window")["exposure_days"].sum()
    return HarmWindows(
        {w: scored.loc[scored["window"] == w, "harm_days"].astype(float).tolist() for w in WINDOWS},
        {w: float(days[w]) for w in WINDOWS},
        {"phi": noise.phi, "drift": noise.drift, "not_scored": sum(inputs.not_scored.values())},
    )


def harm_headline(inputs: Inputs) -> HarmSplit | Refusal:
    """The registered split: no cap."""
    found = harm_windows(inputs)
    return found if isinstance(found, Refusal) else found.split()
