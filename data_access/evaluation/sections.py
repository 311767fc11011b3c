"""One section of the evaluation for one viewer: permission, inputs, the pure function, kept until the data change."""

from __future__ import annotations

from functools import lru_cache

from analysis.evaluation.section import Section
from analysis.evaluation.suite import run_section
from data_access.evaluation.inputs import Version, inputs_of, version
from data_access.evaluation.tried import note
from domain.roles import Permission
from domain.scope import Scope


def section(scope: Scope, code: str, name: str, **choices: str) -> Section:
    """Section ``name`` (``analysis.evaluation.suite``) of a programme; OutOfScope without the permission or programme.

    ``choices`` are what the reader chose on the page; none is the pre-registered analysis. Each is counted as tried.
    """
    scope.require(Permission.INSPECT_EVALUATION)
    return unsuppressed_section(scope, code, name, **choices)


def unsuppressed_section(scope: Scope, code: str, name: str, **choices: str) -> Section:
    """The same for those who release figures under disclosure control; tables never leave data_access."""
    scope.require(Permission.VIEW_EVALUATION)
    held = version(scope, code)
    found = _section(held, name, tuple(sorted(choices.items())))
    note(code, name, choices, inputs_of(held).hash, found.tried)
    return found


@lru_cache(maxsize=128)
def _section(held: Version, name: str, asked: tuple[tuple[str, str], ...]) -> Section:
    """One for all viewers: what they may see of it is decided where it is shown."""
    return run_section(name, inputs_of(held).inputs, dict(asked))
