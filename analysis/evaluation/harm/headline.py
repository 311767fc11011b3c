"""Harm during against before as number x severity: one function, so that page, PDF, bundle and cost cannot differ."""

from __future__ import annotations

from analysis.evaluation.before_after.headline import why_not
from analysis.evaluation.harm.noise import count_noise
from analysis.evaluation.harm.split import HarmSplit, harm_split
from analysis.evaluation.inputs import WINDOWS, Inputs
from analysis.evaluation.record import Refusal

ESTIMAND = "Harm, during / before"
NO_WEIGHTS = "No crime inside the hot spots has a harm weight."


def weights_of(inputs: Inputs) -> dict[str, list[float]]:
    """Harm weight in days of every scored crime, by window."""
    scored = inputs.scored
    return {w: scored.loc[scored["window"] == w, "harm_days"].astype(float).tolist() for w in WINDOWS}


def harm_headline(inputs: Inputs) -> HarmSplit | Refusal:
    """Total = count x severity with the noise of the before/after comparison; a refusal where windows or weights lack."""
    reason = why_not(inputs)
    if reason:
        return Refusal(ESTIMAND, reason)
    if inputs.scored.empty:
        return Refusal(ESTIMAND, inputs.why_empty("scored", NO_WEIGHTS))
    days = inputs.cells.groupby("window")["exposure_days"].sum()
    weights, noise = weights_of(inputs), count_noise(inputs)
    return harm_split(
        weights["before"], weights["during"], float(days["before"]), float(days["during"]),
        phi=noise.phi, drift=noise.drift, not_scored=sum(inputs.not_scored.values()),
    )  # fmt: skip
