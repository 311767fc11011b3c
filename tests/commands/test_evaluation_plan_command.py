"""``evaluation-plan``: what a person at the server sees when a plan is put on record, shown and left."""

from __future__ import annotations

import pytest
from flask import Flask

from commands import evaluation_plan
from data_access.engine import writing
from tests.data_access.evaluation.test_plan import PLAN
from tests.factories import Maker, new_database


@pytest.fixture
def run(tmp_path, monkeypatch):
    engine = new_database(tmp_path / "portal.sqlite3")
    with writing(engine).begin() as conn:
        Maker(conn, evaluation={}).areas()
    engine.dispose()
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'portal.sqlite3'}")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    server = Flask("test")
    evaluation_plan.register(server)

    def invoke(what: str, *words: str, plan: str = PLAN):
        (tmp_path / "plan.toml").write_text(plan)
        file = ["--file", str(tmp_path / "plan.toml")] if what == "register" else []
        args = ["evaluation-plan", what, "--programme", "TEST", *file, *words]
        return server.test_cli_runner().invoke(args=args)

    return invoke


def test_a_plan_is_registered_left_and_shown(run):
    assert "has no analysis plan" in run("show").output
    made = run("register")
    assert made.exit_code == 0, made.output
    assert "Plan 1 of TEST" in made.output
    assert "prospective" in made.output
    assert "registered already" in run("register").output
    words = ("--date", "2024-01-05", "--what", "One city left out.", "--reason", "It changed its recording.")
    assert run("deviation", *words).exit_code == 0
    shown = run("show").output
    assert "Recorded 5 Jan 2024: One city left out. Reason: It changed its recording." in shown
    assert "Window: before: planned Feb 2022 to Dec 2022; instead not set" in shown


def test_a_wrong_plan_registers_nothing_and_says_where(run):
    refused = run("register", plan=PLAN.replace('"crimes"', '"arrests"'))
    assert refused.exit_code == 1
    assert "was not registered" in refused.output
    assert "primary_outcome" in refused.output
    assert "has no analysis plan" in run("show").output
