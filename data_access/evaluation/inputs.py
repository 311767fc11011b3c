"""``Inputs`` of the evaluation from the database."""

from __future__ import annotations

from analysis.evaluation.inputs import Inputs
from data_access.programmes import get_programme
from domain.roles import Permission
from domain.scope import Scope


def evaluation_inputs(scope: Scope, code: str) -> Inputs:
    """Everything that the evaluation of the programme rests on, unsuppressed; for INSPECT_EVALUATION alone."""
    scope.require(Permission.INSPECT_EVALUATION)
    programme = get_programme(scope, code)
    return Inputs(programme.code, programme.area_name, "hot spots", programme.resolution)
