"""Forms of a return's steps: what they name is what whoever fills them in has seen."""

from __future__ import annotations

from flask import Flask

from data_access.returns.versions import Version
from domain.programme import parse_programme
from domain.return_states import State
from domain.roles import Role
from domain.scope import scope_for
from pages._returns_work import actions
from tests.factories import PROGRAMME

MARY = scope_for("mary@example.org", Role.MANAGER, frozenset({"TEST"}))


def test_a_form_names_the_months_revision_which_a_dropped_correction_has_raised() -> None:
    version = Version("2023-06", state=State.SUBMITTED, revision=5, month_revision=8)
    server = Flask("test")
    server.secret_key = "x"
    with server.test_request_context():
        (_, form) = actions(MARY, parse_programme(PROGRAMME), version, "seen", [])
    assert [part.value for part in form._traverse() if getattr(part, "name", "") == "revision"] == ["8"]
