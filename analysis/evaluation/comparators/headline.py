"""The estimate against comparators as the plan has it: one function, so that page, PDF, bundle and cost cannot differ."""

from __future__ import annotations

from analysis.evaluation.comparators.did import ESTIMAND, did
from analysis.evaluation.comparators.section import setting
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.record import Refusal, ResultRecord


def headline(inputs: Inputs) -> ResultRecord | Refusal:
    """Difference in differences of the area against every comparator, over the registered baseline."""
    found = setting(inputs, {})
    if isinstance(found, str):
        return Refusal(ESTIMAND, found)
    series, options = found
    return did(series, inputs.area_name, options.pop("first_month"), **options)
