"""One section of the evaluation for one viewer: permission, inputs, the pure function, kept until the data change."""

from __future__ import annotations

from functools import lru_cache

from analysis.evaluation.section import Section
from analysis.evaluation.suite import run_section
from data_access.engine import get_engine
from data_access.evaluation.inputs import evaluation_inputs
from data_access.programmes import AsAt, data_as_at, get_programme
from domain.programme import Programme
from domain.roles import Permission
from domain.scope import Scope


def section(scope: Scope, code: str, name: str, **choices: str) -> Section:
    """Section ``name`` (``analysis.evaluation.suite``) of a programme; OutOfScope without the permission or programme.

    ``choices`` are what the reader chose on the page; none is the pre-registered analysis.
    """
    scope.require(Permission.INSPECT_EVALUATION)
    programme = get_programme(scope, code)
    asked = tuple(sorted(choices.items()))
    return _section(str(get_engine().url), data_as_at(scope, code), programme, scope, name, asked)


@lru_cache(maxsize=128)
def _section(
    _database: str, _held: AsAt, programme: Programme, scope: Scope, name: str, asked: tuple[tuple[str, str], ...]
) -> Section:
    return run_section(name, evaluation_inputs(scope, programme.code), dict(asked))
