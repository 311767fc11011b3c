"""How sure can we be? The headline of every question from one set of inputs, for all readers.

The page, the overview sentence and the PDF read the same frozen ``EvaluationSummary``, whose records are those of the
reviewers' pages: the same functions of the same ``Inputs``. Estimates are made from unsuppressed inputs whoever asks; what
leaves here are totals over all hot spots, and small counts are withheld from roles that may not see them.
"""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from analysis.evaluation.before_after.counts import exact_conditional
from analysis.evaluation.before_after.headline import headline, totals, why_not
from analysis.evaluation.before_after.overlap import BaselineOverlap, overlap_check
from analysis.evaluation.before_after.overlap import baseline_overlap as overlap_of
from analysis.evaluation.before_after.ratio import ESTIMAND
from analysis.evaluation.comparators import section as comparators_section
from analysis.evaluation.comparators.claim import comparators_claim
from analysis.evaluation.comparators.places import ComparatorsChange
from analysis.evaluation.comparators.places import comparators_change as rank_places
from analysis.evaluation.displacement import section as displacement_section
from analysis.evaluation.displacement.bands import RINGS
from analysis.evaluation.displacement.claim import displacement_claim
from analysis.evaluation.harm.headline import harm_headline
from analysis.evaluation.harm.split import HarmSplit
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.patrol_days.model import ESTIMAND as PATROL_DAYS
from analysis.evaluation.patrol_days.model import day_counts
from analysis.evaluation.patrol_days.model import patrol_days as patrol_day_ratio
from analysis.evaluation.record import Refusal
from data_access.engine import get_engine
from data_access.evaluation.inputs import unsuppressed_inputs
from data_access.evaluation.records import BeforeAfter, EvaluationSummary, PatrolDays, WindowTotals
from data_access.evaluation.released import days_without_small_counts, without_small_counts
from data_access.evaluation.windows import NO_WINDOWS, service_window
from data_access.programmes import AsAt, data_as_at, get_programme
from domain.periods import Period
from domain.programme import Programme
from domain.roles import Permission
from domain.scope import Scope


def evaluation_summary(scope: Scope, code: str) -> EvaluationSummary:
    """Every part of the evaluation for one programme; OutOfScope without the permission or the programme."""
    programme = _programme(scope, code)
    sees_small = scope.may(Permission.SEE_SMALL_COUNTS)
    return _summary(str(get_engine().url), data_as_at(scope, code), programme, _inside(scope, code), sees_small)


@lru_cache(maxsize=32)
def _summary(database: str, held: AsAt, programme: Programme, inside: Scope, sees_small: bool) -> EvaluationSummary:
    """Kept until the loads or the settings change: the home page, this page and the return ask for the same."""
    inputs = unsuppressed_inputs(inside, programme.code)
    against = comparators_section.section(inputs, {})
    around = displacement_section.section(inputs, {})
    found = EvaluationSummary(
        programme_code=programme.code,
        area_name=programme.area_name,
        before_after=_before_after(inputs, programme),
        harm=harm_headline(inputs),
        patrol_days=_patrol_days(inputs, programme),
        overlap=overlap_of(programme.before.period, programme.service_live_from) if programme.before else None,
        comparators=_ranked(inputs),
        overlap_check=overlap_check(programme.before.period, programme.service_live_from) if programme.before else None,
        against_comparators=against.records["did"],
        comparators_claim=comparators_claim(against),
        displacement=around.records["displacement"],
        displacement_claim=displacement_claim(
            around.records["displacement"], displacement_section.REACH, around.facts["control_words"]
        ),
        ring_crimes=_ring_crimes(inputs),
    )
    return found if sees_small else without_small_counts(found)


def before_after(scope: Scope, code: str) -> BeforeAfter | Refusal:
    """Recorded crime during against before, over all hot spots; Refusal when the windows or data are lacking."""
    programme = _programme(scope, code)
    return _before_after(unsuppressed_inputs(scope, code), programme)


def harm_split(scope: Scope, code: str) -> HarmSplit | Refusal:
    """Total harm = count x mean severity, each ratio with its interval."""
    _programme(scope, code)
    return harm_headline(unsuppressed_inputs(scope, code))


def patrol_days(scope: Scope, code: str) -> PatrolDays:
    """Crimes inside the service window on hot spot-days with any verified patrol, against days without."""
    programme = _programme(scope, code)
    found = _patrol_days(unsuppressed_inputs(scope, code), programme)
    return found if scope.may(Permission.SEE_SMALL_COUNTS) else days_without_small_counts(found)


def baseline_overlap(scope: Scope, code: str) -> BaselineOverlap | None:
    """The warning when the "before" window holds service days; None when it does not."""
    programme = _programme(scope, code)
    return overlap_of(programme.before.period, programme.service_live_from) if programme.before else None


def comparators_change(scope: Scope, code: str) -> ComparatorsChange | Refusal:
    """Each comparison place's own change over the whole months of the windows; no effect claim."""
    _programme(scope, code)
    return _ranked(unsuppressed_inputs(scope, code))


# --- from the inputs ----------------------------------------------------------------------------------------


def _programme(scope: Scope, code: str) -> Programme:
    scope.require(Permission.VIEW_EVALUATION)
    return get_programme(scope, code)


def _inside(scope: Scope, code: str) -> Scope:
    """One key for all viewers, so that each does not wait for estimates that another has had made."""
    scope.require(Permission.VIEW_EVALUATION)
    scope.require_programme(code)
    return Scope("evaluation", None, frozenset({code}), frozenset(Permission))


def _before_after(inputs: Inputs, programme: Programme) -> BeforeAfter | Refusal:
    counts, before, during = totals(inputs), programme.before, programme.during
    if counts is None or inputs.before is None or inputs.during is None or before is None or during is None:
        return Refusal(ESTIMAND, why_not(inputs) or NO_WINDOWS)
    default = headline(inputs)
    return BeforeAfter(
        before=_totals(inputs, "before", before.label, inputs.before, counts.before, counts.exposure_before),
        during=_totals(inputs, "during", during.label, inputs.during, counts.during, counts.exposure_during),
        default=default,
        exact=exact_conditional(counts),
        earlier_years=tuple(
            (Period(first, last), int(crimes))
            for first, last, crimes in zip(
                inputs.years["first_day"], inputs.years["last_day"], inputs.years["crimes"], strict=True
            )
        ),
    )


def _totals(inputs: Inputs, window: str, label: str, period: Period, crimes: int, exposure: float) -> WindowTotals:
    weights = inputs.scored.loc[inputs.scored["window"] == window, "harm_days"]
    harm = float(weights.sum()) if len(weights) else None
    return WindowTotals(label, period, crimes, harm, inputs.not_scored.get(window, 0), exposure)


def _patrol_days(inputs: Inputs, programme: Programme) -> PatrolDays:
    window, without = service_window(programme), inputs.days_without_trackers
    if inputs.days.empty:
        why = inputs.why_empty("days", "Patrol days are not known.")
        return PatrolDays(Refusal(PATROL_DAYS, why), None, window, inputs.during, without)
    record = patrol_day_ratio(inputs.days)
    return PatrolDays(record, day_counts(inputs.days), window, inputs.during, without)


def _ring_crimes(inputs: Inputs) -> tuple[float, ...]:
    """Crimes of all rings together, before and during: what the displacement estimate is made of."""
    rings = inputs.bands[inputs.bands["band"].isin(RINGS)]
    return tuple(rings.groupby("window")["crimes"].sum().astype(float))


def _ranked(inputs: Inputs) -> ComparatorsChange | Refusal:
    """Comparison places come by month, so the windows are cut to their whole months for every place alike."""
    what = "Change in comparison places"
    if inputs.before is None or inputs.during is None:
        return Refusal(what, NO_WINDOWS)
    months = {name: w.inner_months() for name, w in (("before", inputs.before), ("during", inputs.during))}
    others = inputs.places[inputs.places["role"] == "comparator"]
    if not (months["before"] and months["during"]):
        return Refusal(what, "A window holds no whole month, and comparison places come by month.")
    if others.empty:
        return Refusal(what, inputs.why_empty("places", "No comparison places are loaded (kind comparators)."))
    own = inputs.area_months().assign(place=inputs.area_name)
    monthly = pd.concat([others, own], ignore_index=True)[["place", "month", "crimes"]]
    rows = []
    for place, part in monthly.groupby("place"):
        row: dict[str, object] = {"place": place}
        for name, wanted in months.items():
            held = part[part["month"].isin(wanted)]
            row |= {name: int(held["crimes"].sum()), f"months_{name}": held["month"].nunique()}
        rows.append(row)
    return rank_places(pd.DataFrame(rows), inputs.area_name)
