"""Did crime move? Rings around the hot spots, the hours after the service, and what can be ruled out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from analysis.evaluation.comparators.phi import overdispersion
from analysis.evaluation.displacement import later
from analysis.evaluation.displacement.areas import scaled_to
from analysis.evaluation.displacement.banded import INSIDE, RING, Banded
from analysis.evaluation.displacement.bands import CONTROL_BANDS, RINGS
from analysis.evaluation.displacement.claim import displacement_claim, temporal_claim
from analysis.evaluation.displacement.rings import RingTest
from analysis.evaluation.displacement.scatter import Scatter
from analysis.evaluation.displacement.wdd import PHI, SMALLEST, WddParts, ruled_out
from analysis.evaluation.displacement.wdq import Wdq, wdq
from analysis.evaluation.harm.split import NOT_SCORED
from analysis.evaluation.inputs import BANDS, Inputs
from analysis.evaluation.patrol_days.model import day_counts
from analysis.evaluation.record import Check, Refusal, ResultRecord
from analysis.evaluation.section import Choices, Result, Section

REACH = "within 300 m of the hot spots"
NO_BANDS = "Crimes are not counted by distance from the hot spots."
NO_DAYS = "Patrol days are not known, so the hours after the service cannot be compared."
WEAK_CONTROL = (
    "There is no control area of its own: the control is other places of the same area, brought to the same level of crime "
    "before. They were not chosen for high crime, so a return to normal in the hot spots would look like an effect, and "
    "crime that moved to them would hide displacement."
)
PLAIN_PHI = (
    "With this phi, which takes drift over half a year and more for level, a WDD of areas in which nothing was done leaves "
    "out 0 in about 17% of simulated runs."
)


def section(inputs: Inputs, choices: Choices) -> Section:
    """Displacement of crime in space and in time; see :mod:`analysis.evaluation.section`.

    ``choices["control"]``: "beyond" (registered) or "300-500".
    """
    control = choices.get("control", "") if choices.get("control", "") in CONTROL_BANDS else "beyond"
    records: dict[str, Result] = {}
    tables: dict[str, pd.DataFrame] = {}
    facts: dict[str, Any] = {"control": control, "control_words": CONTROL_BANDS[control], "reach": REACH}
    if inputs.bands.empty:
        reason = inputs.why_empty("bands", NO_BANDS)
        records |= {key: Refusal(words, reason) for key, words in _SPACE.items()}
    else:
        banded = Banded.of(inputs.bands)
        rings = banded.rings(control)
        records |= _space(inputs, banded, control, rings)
        tables["bands"] = bands_table(banded, control, rings)
        tables["months"] = _months_table(banded)
        tables["wdq"] = _wdq_table(records)
    records["temporal"] = _temporal(inputs)
    if not inputs.days.empty:
        tables["temporal"] = _temporal_table(inputs.days)
    facts |= _facts(records, CONTROL_BANDS[control])
    return Section("displacement", records, tables, facts, tried=len(records))


_SPACE = {
    "wdd": "Crimes in and around the hot spots, change less the control's",
    "displacement": "Crimes around the hot spots, change less the control's",
    "local": "Crimes in the hot spots, change less the control's",
    "rings": "Crimes in all rings around the hot spots, change less the control's",
    "other-control": "Crimes around the hot spots against the other control",
    "plain-phi": "Crimes around the hot spots, interval from a single phi",
    "harm": "Harm in and around the hot spots, change less the control's",
    "success": "Success measure of the quotient",
    "wdq": "Weighted displacement quotient",
    "net": "Total net effect",
}


def _space(inputs: Inputs, banded: Banded, control: str, rings: RingTest | Refusal) -> dict[str, Result]:
    found: dict[str, Result] = {
        "wdd": _total(banded.compared([INSIDE, RING], control)),
        "displacement": _named(banded.compared([RING], control), _SPACE["displacement"]),
        "local": _named(banded.compared([INSIDE], control), _SPACE["local"]),
        "rings": rings if isinstance(rings, Refusal) else rings.joint,
    }
    if isinstance(rings, RingTest):
        found |= {f"ring {name}": record for name, record in rings.rings.items()}
    other = next(name for name in CONTROL_BANDS if name != control)
    found["other-control"] = _named(banded.compared([RING], other), f"The same against {CONTROL_BANDS[other]}", "")
    found["plain-phi"] = _plain_phi(banded, control)
    harm = Banded.of(inputs.bands, "harm_days")
    found["harm"] = _harm(harm.compared([INSIDE, RING], control, unit="harm days", method_key="wdd-harm"), inputs)
    found |= _quotient(banded, control)
    return {key: _limited(record, inputs) for key, record in found.items()}


def _total(parts: WddParts | Refusal) -> Result:
    return parts if isinstance(parts, Refusal) else parts.total


def _named(parts: WddParts | Refusal, estimand: str, method_key: str = "wdd") -> Result:
    if isinstance(parts, Refusal):
        return replace(parts, estimand=estimand)
    record = replace(parts.total, estimand=estimand, method_key=method_key)
    return record if method_key else replace(record, calibrated_type1=None, calibrated_coverage=None)


def _plain_phi(banded: Banded, control: str) -> Result:
    """The published recipe: one phi, from the scatter of the ring's own months around their 7-month mean."""
    y, days = banded.counts[RING], banded.exposure
    phi = max(overdispersion(y[window], days[window]) for window in (~banded.during, banded.during))
    found = banded.compared([RING], control, scatter=Scatter(phi, None, len(y)))
    record = _named(found, _SPACE["plain-phi"], "")
    return replace(record, limits=(*record.limits, PLAIN_PHI)) if isinstance(record, ResultRecord) else record


def _harm(parts: WddParts | Refusal, inputs: Inputs) -> Result:
    if inputs.scored.empty:
        return Refusal(_SPACE["harm"], inputs.why_empty("scored", "No crime has a harm weight."))
    if isinstance(parts, Refusal):
        return replace(parts, estimand=_SPACE["harm"])
    # phi here is harm days a crime as well as scatter, so its check would read as nonsense.
    checks = tuple(check for check in parts.total.checks if check.name not in (PHI, SMALLEST))
    without = float(sum(inputs.not_scored.values()))
    return replace(
        parts.total,
        estimand=_SPACE["harm"],
        method="Weighted displacement difference of harm days; interval from how harm scatters between months",
        checks=(*checks, Check(NOT_SCORED, without, without == 0, needed="0")),
    )


def _quotient(banded: Banded, control: str) -> dict[str, Result]:
    areas = [banded.area(name) for name in (INSIDE, control, RING)]
    if not (banded.during.any() and not banded.during.all()):
        found: Wdq | Refusal = Refusal(_SPACE["wdq"], "Crimes are loaded for one of the windows only.")
    else:
        size = scaled_to(areas[1], areas[0])
        noise = banded.scatter([INSIDE], control, [size.area]) if size else Scatter(1.0, None, 0)
        found = wdq(*areas, phi=noise.phi, df=noise.df)
    if isinstance(found, Refusal):
        return {key: replace(found, estimand=_SPACE[key]) for key in ("success", "wdq", "net")}
    return {"success": found.success, "wdq": found.quotient, "net": found.net}


def _limited(record: Result, inputs: Inputs) -> Result:
    if isinstance(record, Refusal):
        return record
    more = [WEAK_CONTROL]
    if inputs.live_from and inputs.before and inputs.before.start <= inputs.live_from <= inputs.before.end:
        more.append(
            "The “before” window holds days of service, so what changed then is part of what it is compared with."
        )
    return replace(record, limits=(*record.limits, *more))


def _temporal(inputs: Inputs) -> Result:
    if inputs.days.empty:
        return Refusal(later.ESTIMAND, inputs.why_empty("days", NO_DAYS))
    return later.later_crimes(inputs.days)


def bands_table(banded: Banded, control: str, rings: RingTest | Refusal) -> pd.DataFrame:
    """[band, before, during, change, expected, fewer_or_more, low, high, p, holm, role]: every band, nearest first."""
    rows = []
    for name in [band for band in BANDS if band in banded.counts]:
        area, made = banded.area(name), None
        if name == control:
            role = "control"
        else:
            role = "hot spots" if name == INSIDE else "ring" if name in RINGS else "not used"
            found = banded.compared([name], control)
            made = None if isinstance(found, Refusal) else found
        if made and isinstance(rings, RingTest) and name in rings.rings:
            made = replace(made, total=rings.rings[name])
        before = area.before / area.time_before
        rows.append({
            "band": name, "role": role, "before": area.before, "during": area.during,
            "change": area.during / before - 1 if before else float("nan"),
            "expected": made.expected if made else float("nan"),
            "difference": made.total.estimate if made else float("nan"),
            "low": made.total.ci_low if made else float("nan"), "high": made.total.ci_high if made else float("nan"),
            "p": made.total.p if made else float("nan"),
            "holm": rings.holm.get(name, float("nan")) if isinstance(rings, RingTest) else float("nan"),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _months_table(banded: Banded) -> pd.DataFrame:
    """[band, month, window, crimes, exposure_days] of hot spots, rings together and the rest."""
    windows = ["during" if d else "before" for d in banded.during]
    parts = [
        pd.DataFrame({
            "band": name, "month": banded.months, "window": windows, "crimes": banded.counts[name],
            "exposure_days": banded.exposure,
        })
        for name in (INSIDE, RING, "300-500", "beyond")
        if name in banded.counts
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _wdq_table(records: dict[str, Result]) -> pd.DataFrame:
    """[part, value, low, high, unit, why]; a quotient that may not be read has no value but a reason."""
    rows: list[dict[str, Any]] = []
    for key in ("success", "wdq", "net"):
        record, row = records[key], {"part": _SPACE[key]}
        if isinstance(record, Refusal):
            rows.append(
                row | dict.fromkeys(("value", "low", "high"), float("nan")) | {"unit": "", "why": record.reason}
            )
        else:
            numbers = {"value": record.estimate, "low": record.ci_low, "high": record.ci_high}
            rows.append(row | numbers | {"unit": record.unit, "why": ""})
    return pd.DataFrame(rows)


def _temporal_table(days: pd.DataFrame) -> pd.DataFrame:
    """[days_kind, spot_days, crimes, per_100] after the service hours, unadjusted."""
    counts = day_counts(days, "later_crimes")
    rows = [("Days with patrol", counts.patrol_days, counts.patrol_events)]
    rows.append(("Other days", counts.other_days, counts.other_events))
    frame = pd.DataFrame(rows, columns=["days_kind", "spot_days", "crimes"])
    return frame.assign(per_100=100 * frame["crimes"] / frame["spot_days"].where(frame["spot_days"] > 0))


def _facts(records: dict[str, Result], control: str) -> dict[str, Any]:
    ring, temporal = records["displacement"], records["temporal"]
    claim = displacement_claim(ring, REACH, control)
    facts: dict[str, Any] = {"claim": claim.sentence, "direction": claim.direction}
    facts["temporal_claim"] = temporal_claim(temporal).sentence
    if isinstance(ring, ResultRecord):
        facts |= {"ruled_out": ruled_out(ring), "detectable": abs(ring.mde80 or 0.0)}
    return facts
