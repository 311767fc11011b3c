"""All checks over one return, always the same ten in the same order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from data_access.remembered import one_look
from data_access.returns.versions import Reason, Version
from domain.scope import Scope
from reports.checks.completeness import completeness
from reports.checks.data_checks import provisional_data, unconfirmed_loads
from reports.checks.looked import Looked
from reports.checks.model import CheckResult
from reports.checks.narrative import CORRECTION, design_level, identifying_text, over_claiming, vocabulary
from reports.checks.outliers import outliers
from reports.checks.reasons import asked, with_reasons_read
from reports.checks.reconciliation import reconciliation
from reports.checks.small_numbers import small_numbers
from reports.checks.trackers import trackers
from reports.checks.year_to_date import year_to_date
from reports.contents import contents_of
from reports.model import ReturnContents
from reports.source import whole_document


def texts_of(version: Version) -> dict[str, str]:
    """Everything that people wrote and the return prints: its narrative, and the reason for a correction."""
    return {**version.narrative, CORRECTION: version.correction_reason}


def asked_of(scope: Scope, code: str, version: Version) -> frozenset[str]:
    """Keys of the findings that take a reason in a version, saved or not."""
    return asked(run_checks(scope, contents_of(scope, code, version), texts_of(version), version.reasons))


def run_checks(
    scope: Scope, contents: ReturnContents, narrative: Mapping[str, str], reasons: Mapping[str, Reason] | None = None
) -> tuple[CheckResult, ...]:
    """Every check, also those that passed. ``narrative``: texts by key of ``reports.sections.words.NARRATIVE``.

    ``reasons`` that a finding still asks for are read like the narrative.
    """
    with one_look():  # a look of its own: the figures are asked for again, not taken from whoever printed them
        look = Looked(whole_document(scope), contents, narrative)
        level, names = design_level(look), vocabulary(look)
        return with_reasons_read(_all(look, contents, narrative, level, names), reasons or {}, level, names)


def _all(
    look: Looked, contents: ReturnContents, narrative: Mapping[str, str], level: int, names: Sequence[str]
) -> tuple[CheckResult, ...]:
    return (
        completeness(contents, look.template, narrative),
        reconciliation(look),
        year_to_date(contents),
        outliers(look),
        trackers(look),
        unconfirmed_loads(look),
        provisional_data(look),
        small_numbers(contents),
        over_claiming(narrative, level),
        identifying_text(narrative, names),
    )
