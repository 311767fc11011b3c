"""The sentence about harm on patrol days; that on the two windows is ``claims.harm_claim``."""

from __future__ import annotations

from analysis.evaluation.claims import Claim, direction, interval_words
from analysis.evaluation.record import Refusal, ResultRecord
from domain import formats


def days_claim(total: ResultRecord | Refusal, severity: ResultRecord | Refusal) -> Claim:
    """Level 3: harm on patrol days after adjustment, and whether crimes were less serious or only fewer."""
    if isinstance(total, Refusal):
        return Claim(f"Harm on patrol days cannot be compared with other days. {total.reason}", 1, "unclear")
    found, change = direction(total), _change(total.estimate)
    interval = interval_words(total.ci_low, total.ci_high)
    said = (
        f"Harm in the service hours was {change} on patrol days than on other days of the same hot spot and four weeks"
    )
    if found == "unclear":
        said += f", after adjustment; chance could explain it (95% interval {interval})."
    else:
        said += f", after adjustment (95% interval {interval})."
    return Claim(f"{said}{_missed(total)}{_serious(severity)}", total.maryland_level, found)


def _missed(total: ResultRecord) -> str:
    if total.mde80 is None:
        return ""
    return f" A difference smaller than {formats.percent(1 - total.mde80)} would usually be missed with these data."


def _serious(severity: ResultRecord | Refusal) -> str:
    if isinstance(severity, Refusal):
        return ""
    interval = interval_words(severity.ci_low, severity.ci_high)
    said = f" Harm per crime was {_change(severity.estimate)} (95% interval {interval})"
    if direction(severity) == "unclear":
        return f"{said}, so these data do not show that the crimes of patrol days were more or less serious."
    return f"{said}."


def _change(ratio: float) -> str:
    size = "less than 1%" if 0 < abs(ratio - 1) < 0.005 else formats.percent(abs(ratio - 1))
    return f"{size} {'lower' if ratio <= 1 else 'higher'}"
