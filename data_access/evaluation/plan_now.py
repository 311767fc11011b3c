"""What runs now, in the same words as a plan's settings, so that the two can be compared."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.evaluation.comparators import did
from analysis.evaluation.harm import bootstrap
from analysis.evaluation.patrol_days import randomisation
from analysis.evaluation.record import Refusal
from analysis.evaluation.suite import SECTIONS
from data_access.evaluation import plan_file as words
from data_access.evaluation.inputs import evaluation_inputs
from data_access.evaluation.sections import section
from data_access.evaluation.windows import service_window
from data_access.programmes import get_programme
from data_access.schema_evaluation import COMPARATOR
from domain import formats
from domain.scope import Scope

NOT_SET = "not set"
HEADLINE_OUTCOME = "crimes"  # what the claim of the summary page is about


def as_run(scope: Scope, code: str, labels: Iterable[str]) -> dict[str, str]:
    """Settings in use, for those of ``labels`` that the portal itself decides; sections run only where asked for."""
    asked = list(labels)
    known = _from_settings(scope, code) | _from_sections(scope, code, asked)
    return {label: known[label] for label in asked if label in known}


def _from_settings(scope: Scope, code: str) -> dict[str, str]:
    programme, inputs = get_programme(scope, code), evaluation_inputs(scope, code)
    hours = service_window(programme)
    places = inputs.places.loc[inputs.places["role"] == COMPARATOR, "place"]
    return {
        words.OUTCOME: HEADLINE_OUTCOME,
        words.BEFORE: formats.period(programme.before.period) if programme.before else NOT_SET,
        words.DURING: formats.period(programme.during.period) if programme.during else NOT_SET,
        words.COMPARATORS: words.comparators_words(set(places)),
        words.SERVICE: words.hours_words(*hours) if hours else NOT_SET,
        words.INDEX: inputs.weight_edition or words.NONE,
        words.CAP: words.NO_CAP,
        words.seed_label("randomisation"): str(randomisation.SEED),
        words.seed_label("bootstrap"): str(bootstrap.SEED),
    }


def _from_sections(scope: Scope, code: str, asked: list[str]) -> dict[str, str]:
    found = {}
    for name in SECTIONS:
        if words.method_label(name) in asked:
            made = section(scope, code, name).headline
            found[words.method_label(name)] = (
                f"no estimate: {made.reason}" if isinstance(made, Refusal) else made.method_key or NOT_SET
            )
    if words.BASELINE in asked:
        made = section(scope, code, "comparators").headline
        months = None if isinstance(made, Refusal) else made.check(did.BASELINE)
        found[words.BASELINE] = f"{months.value:g} months" if months else "no estimate"
    if words.LOOKS in asked:
        found[words.LOOKS] = str(section(scope, code, "monitoring").facts.get("planned", NOT_SET))
    return found
