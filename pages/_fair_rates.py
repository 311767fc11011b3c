"""In words: whether one provider's cost a minute may be set against another's."""

from __future__ import annotations

from components.view import View
from data_access import fair_rates
from domain import formats

RANGES = "Ranges are 95% and hold tracker error only, not differences in duties, hours or powers, nor anything that the costs leave out."


def fairness(view: View) -> str:
    """What is in nobody's rate, whose trackers differ how, and what that alone could do to the comparison."""
    return " ".join(filter(None, [_shared(view), *_trackers(view), RANGES]))


def _shared(view: View) -> str:
    spend = fair_rates.shared_spend(view.scope, view.filters)
    total = sum(spend.values())
    if not total:
        return "All spend loaded for this period is some provider's, so rates leave none of it out."
    parts = formats.joined([f"{category} {formats.pounds(amount)}" for category, amount in spend.items()])
    return f"{formats.pounds(total)} of shared spend is no provider's and in nobody's rate ({parts})."


def _trackers(view: View) -> list[str]:
    errors = fair_rates.tracker_errors(view.scope, view.filters)
    if not errors:
        return []
    intervals = [
        f"{e.provider_name} every {formats.number(e.interval_s)} seconds, where minutes by the default rules were off by "
        f"{formats.signed_percent(e.bias[0], 1)} to {formats.signed_percent(e.bias[1], 1)}"
        for e in errors
    ]
    said = [
        f"Trackers gave positions (median; errors of minutes measured on simulated patrols, by way of patrolling): {'; '.join(intervals)}."
    ]
    reference = view.programme.provider_name(view.programme.rate_reference_provider or "")
    moved = [f"that of {e.provider_name} by {_moved(*e.rate)}" for e in errors if e.rate is not None]
    if moved:
        said.append(f"So trackers alone could move a rate by the rules beside that of {reference}: {'; '.join(moved)}.")
    return said


def _moved(least: float, most: float) -> str:
    return f"{formats.signed_percent(least, 1)} to {formats.signed_percent(most, 1)}"
