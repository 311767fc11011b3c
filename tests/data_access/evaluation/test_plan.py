"""Analysis plans: what is wrong is said at once, the first date stands, and what runs otherwise is found."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from data_access import schema
from data_access.engine import make_engine, utc_now, writing
from data_access.evaluation import plan
from data_access.evaluation.plan_file import PlanError, read_plan
from data_access.reading import UnknownProgramme
from domain.scope import OutOfScope
from tests.factories import Maker, new_database

PLAN = """
primary_outcome = "crimes"
comparators = ["Northtown", "Southtown"]
[windows]
before = { from = 2022-02-01, to = 2022-12-31 }
during = { from = 2023-02-01, to = 2023-12-31 }
[service_window]
from = "14:00"
to = "20:00"
[methods]
before-after = "before-after"
"""
SAME = {"file_name": "plan.toml", "actor": "test"}


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A database of its own: programme NEW without crimes, SEEN with some of the later window."""
    engine = new_database(tmp_path / "plans.sqlite3")
    windows = {
        "before": {"from": "2022-02-01", "to": "2022-12-31", "label": "before"},
        "during": {"from": "2023-02-01", "to": "2023-12-31", "label": "during"},
    }
    with writing(engine).begin() as conn:
        for code in ("NEW", "SEEN"):
            maker = Maker(conn, code=code, evaluation=windows)
            maker.areas()
            if code == "SEEN":
                day = date(2023, 3, 1)
                maker.crimes([{"day": day, "spot": "HS1", "minute": 900}], period=(date(2022, 1, 1), day))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'plans.sqlite3'}")
    yield engine
    engine.dispose()


@pytest.mark.parametrize(("code", "timing"), [("NEW", plan.PROSPECTIVE), ("SEEN", plan.RETROSPECTIVE)])
def test_a_plan_is_prospective_only_before_any_crime_of_the_later_window(own, server, code, timing):
    made = plan.register(own, code, PLAN.encode(), **SAME)
    assert (made.timing, made.version, made.new) == (timing, 1, True)
    held = plan.current_plan(server, code)
    assert (held.timing, held.sha256, held.text) == (timing, made.sha256, PLAN)


def test_a_later_window_in_the_plan_does_not_make_seen_crimes_unseen(own):
    moved = PLAN.replace("from = 2023-02-01, to = 2023-12-31", "from = 2030-02-01, to = 2030-12-31")
    assert plan.register(own, "SEEN", moved.encode(), **SAME).timing == plan.RETROSPECTIVE


def test_the_same_file_again_keeps_its_first_date_and_another_is_another_version(own, server):
    plan.register(own, "NEW", PLAN.encode(), **SAME)
    first = plan.current_plan(server, "NEW")
    again = plan.register(own, "NEW", PLAN.encode(), **SAME)
    assert (again.new, again.version) == (False, 1)
    assert plan.plans(server, "NEW") == (first,)
    changed = PLAN.replace('"Northtown", ', "")
    assert plan.register(own, "NEW", changed.encode(), **SAME).version == 2
    assert plan.plans(server, "NEW")[0] == first
    revised = plan.deviations(server, "NEW").revised
    assert [(d.setting, d.planned, d.instead, d.found) for d in revised] == [
        ("Comparators", "Northtown; Southtown", "Southtown", "plan 2")
    ]
    with own.connect() as conn:
        event = schema.audit.c.event
        assert conn.execute(select(func.count()).where(event == "plan registered")).scalar() == 2


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("primary_outcome", "primary_outcom", "did you mean primary_outcome?"),
        ('"crimes"', '"arrests"', "“arrests” is not one of crimes, harm"),
        ('"before-after"', '"before-afer"', "did you mean before-after?"),
        ('"before-after"', '"naive-change"', "for comparison with other studies only"),
        ('["Northtown", "Southtown"]', "3", "comparators: a list of names"),
        ("from = 2023-02-01", "from = 2022-12-01", "“during” begins before “before” has ended"),
        ('from = "14:00"', "", "service_window.from: a time is needed"),
        ("[methods]", "[methods", "not TOML"),
        ("primary_outcome", "looks = 0\nprimary_outcome", "looks: a whole number of 1 or more"),
        ("primary_outcome", "harm_cap_days = inf\nprimary_outcome", "harm_cap_days: a number of days"),
    ],
)
def test_what_is_wrong_is_said(before, after, said):
    with pytest.raises(PlanError) as problem:
        read_plan(PLAN.replace(before, after, 1).encode())
    assert said in str(problem.value)


def test_bytes_that_are_no_text_and_unknown_programmes_are_refused(own):
    with pytest.raises(PlanError, match="UTF-8"):
        plan.register(own, "NEW", b"\xff\xfe", **SAME)
    with pytest.raises(UnknownProgramme):
        plan.register(own, "NOWHERE", PLAN.encode(), **SAME)


def test_what_runs_otherwise_than_planned_is_found(database, server):
    planned = PLAN.replace('to = "20:00"', 'to = "22:00"').replace('"Southtown"', '"Westtown"')
    plan.register(make_engine(database), "TEST", planned.encode(), **SAME)
    found = {d.setting: (d.planned, d.instead) for d in plan.deviations(server, "TEST").now}
    assert found == {
        "Comparators": ("Northtown; Westtown", "Northtown; Southtown"),
        "Hours of the service": ("14:00 to 22:00", "14:00 to 20:00"),
    }


def test_deviations_are_kept_with_date_and_reason(own, server):
    given = {"what": " Two cities left out. ", "reason": "They changed their recording.", "actor": "test"}
    with pytest.raises(PlanError, match="no analysis plan"):
        plan.record_deviation(own, "NEW", decided_on=date(2024, 1, 5), **given)
    plan.register(own, "NEW", PLAN.encode(), **SAME)
    plan.record_deviation(own, "NEW", decided_on=date(2024, 1, 5), **given)
    found = plan.deviations(server, "NEW").recorded
    assert found == (plan.Recorded(1, date(2024, 1, 5), "Two cities left out.", "They changed their recording."),)
    for wrong in ({"reason": " "}, {"what": "x" * 5000}, {"decided_on": utc_now().date() + timedelta(days=2)}):
        with pytest.raises(PlanError):
            plan.record_deviation(own, "NEW", **{"decided_on": date(2024, 1, 5), **given, **wrong})
    assert plan.deviations(server, "NEW").recorded == found


def test_funders_do_not_read_plans(funder):
    with pytest.raises(OutOfScope):
        plan.plans(funder, "TEST")
