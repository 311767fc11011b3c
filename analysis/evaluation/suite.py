"""Every section of the evaluation by name, in the order in which a reader meets them.

Given as text, so that asking for one page does not import the others.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from analysis.evaluation.inputs import Inputs
from analysis.evaluation.section import Choices, Section

_PACKAGE = "analysis.evaluation"
SECTIONS: dict[str, str] = {
    "before-after": "before_after.section",
    "comparators": "comparators.section",
    "patrol-days": "patrol_days.section",
    "dosage-response": "patrol_days.dosage_section",
    "harm": "harm.section",
    "displacement": "displacement.section",
    "monitoring": "monitoring.section",
    "robustness": "pooling.section",
    "cost-effectiveness": "pooling.economics_section",
}


def run_section(name: str, inputs: Inputs, choices: Choices | None = None) -> Section:
    """The section ``name`` (KeyError when there is none); every one is ``section(inputs, choices) -> Section``."""
    make: Callable[[Inputs, Choices], Section] = import_module(f"{_PACKAGE}.{SECTIONS[name]}").section
    return make(inputs, choices or {})
