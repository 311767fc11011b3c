"""The same files in PostgreSQL and in SQLite give the same answers to every question the portal asks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from commands.demo import _approve, _register_plan
from data_access import (
    areas,
    case_studies,
    comparators,
    costs,
    crimes,
    delivery,
    engagements,
    finance,
    headline,
    loads,
    migrate,
    overview,
    patrols,
    programmes,
    trends,
)  # fmt: skip
from data_access.engine import get_engine, make_engine
from data_access.evaluation import plan, sections, tried
from data_access.evaluation import summary as evaluation
from data_access.evaluation import tables as evaluation_tables
from data_access.loading import LoadOptions, load_file
from data_access.schema import metadata
from demo.generate import write_extracts
from domain.filters import Filters
from domain.periods import Period
from domain.roles import Role
from domain.scope import Scope, scope_for, server_scope
from tests.conftest import ROOT, portal_environment
from tests.portal import OURS, Portal, email_of, heading

CODE = "DEMO"
PING_MONTHS = ("2023-06", "2023-07")
YEAR = Period(date(2023, 2, 1), date(2023, 12, 31))
SUMMER = Period(date(2023, 6, 1), date(2023, 7, 31))


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Path, dict[str, Any]]]:
    """The demonstration's files, of its tracker files two months (a third of the time, and the same code)."""
    files = write_extracts(tmp_path_factory.mktemp("extracts"))
    return [f for f in files if f[0] != "pings" or any(month in f[1].name for month in PING_MONTHS)]


@pytest.fixture(scope="module")
def urls(postgresql, extracts, tmp_path_factory) -> Iterator[dict[str, str]]:
    """Both databases, brought up and filled as the portal does it."""
    found = {
        "sqlite": f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'portal.sqlite3'}",
        "postgresql": postgresql.url("demonstration"),
    }
    # For as long as the module runs: positions do not lie in the database.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PING_STORE", str(tmp_path_factory.mktemp("pings")))
        _fill(found, extracts)
        yield found


def _fill(found: dict[str, str], extracts: list[tuple[str, Path, dict[str, Any]]]) -> None:
    for url in found.values():
        engine = make_engine(url)
        assert migrate.upgrade(engine) is True
        for kind, path, options in extracts:
            code = None if kind == "programme" else CODE
            load_file(engine, kind, path, programme_code=code, actor="test", options=LoadOptions(**options))
        _approve(engine)
        _register_plan(engine)
        engine.dispose()


@pytest.fixture
def both(urls, monkeypatch, tmp_path) -> Callable[[Callable[[], Any]], tuple[Any, Any]]:
    """Ask the same of both databases: (SQLite's answer, PostgreSQL's)."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    def ask(question: Callable[[], Any]) -> tuple[Any, Any]:
        answers = []
        for url in urls.values():
            monkeypatch.setenv("DATABASE_URL", url)
            assert str(get_engine().dialect.name) == url.split(":")[0].split("+")[0]
            answers.append(question())
        return answers[0], answers[1]

    return ask


def same(one: Any, other: Any, where: str = "answer") -> None:
    """Equal, figures to twelve digits: the two add up in different orders."""
    assert type(one) is type(other), where
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, rtol=1e-12, obj=where)
        same(dict(one.attrs), dict(other.attrs), f"{where}.attrs")
    elif is_dataclass(one):
        same(asdict(one), asdict(other), where)
    elif isinstance(one, dict):
        assert list(one) == list(other), where
        for key in one:
            same(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            same(a, b, f"{where}[{i}]")
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-12, nan_ok=True), where
    else:
        assert one == other, where


FILTERS = Filters(CODE, YEAR)
TWO_PLACES = Filters(CODE, SUMMER, ("HS2", "HS5"))
CRIME_BY = [
    (), ("month",), ("hot_spot",), ("offence_group",), ("hour",), ("weekday",), ("local_date",), ("week",),
    ("month", "hot_spot"), ("weekday", "hour"), ("month", "offence_group"), ("hot_spot", "local_date"),
]  # fmt: skip
PATROL_BY = [(), ("month", "provider"), ("hot_spot",), ("local_date", "provider"), ("weekday", "hour"), ("week",)]
PLAN_BY = [(), ("month", "provider"), ("hot_spot", "local_date"), ("weekday",), ("week",)]


def _questions() -> dict[str, Callable[[Scope], Any]]:
    found: dict[str, Callable[[Scope], Any]] = {
        f"crimes by {by}": lambda s, by=by: crimes.crime_table(s, FILTERS, by) for by in CRIME_BY
    }
    found |= {f"patrols by {by}": lambda s, by=by: patrols.patrol_table(s, FILTERS, by) for by in PATROL_BY}
    found |= {f"plan by {by}": lambda s, by=by: patrols.plan_table(s, FILTERS, by) for by in PLAN_BY}
    found |= {
        "crimes in the evening": lambda s: crimes.crime_table(s, FILTERS, ("hour",), minutes_of_day=(900, 1200)),
        "crimes of two places": lambda s: crimes.crime_table(s, TWO_PLACES, ("month", "hot_spot")),
        "patrols of two places": lambda s: patrols.patrol_table(s, TWO_PLACES, ("local_date",), provider="outreach"),
        "placement": lambda s: crimes.crime_placement(s, CODE, YEAR),
        "abstractions": lambda s: patrols.abstractions(s, FILTERS),
        "tracker quality": lambda s: patrols.tracker_quality(s, FILTERS),
        "days since the last patrol": lambda s: patrols.days_since_last_patrol(s, CODE, date(2023, 8, 3)),
        "longest gaps": lambda s: patrols.longest_gaps(s, Filters(CODE, SUMMER)),
        "coverage": lambda s: patrols.coverage(s, FILTERS),
        "overlap of providers": lambda s: patrols.provider_overlap(s, FILTERS),
        "delivery": lambda s: delivery.delivery_table(s, FILTERS, ("month", "hot_spot")),
        "the map": lambda s: delivery.hot_spot_measures(s, FILTERS, YEAR.year_before()),
        "cost by provider": lambda s: costs.cost_by_provider(s, FILTERS),
        "rates compared": lambda s: costs.rate_comparison(s, FILTERS),
        "finance": lambda s: costs.finance(s, CODE, "2023-11"),
        "finance table": lambda s: finance.finance_table(s, CODE, "2023-11"),
        "engagements": lambda s: engagements.engagement_table(s, FILTERS, ("month", "measure")),
        "engagements of two places": lambda s: engagements.engagement_table(s, TWO_PLACES, ("provider", "measure")),
        "headline": lambda s: headline.headline(s, CODE).as_dict()["figures"],
        "overview": lambda s: overview.overview_table(s, FILTERS),
        "trends": lambda s: trends.monthly(s, FILTERS),
        "offence groups": lambda s: trends.by_offence_group(s, FILTERS, YEAR.year_before()),
        "hot spots": lambda s: areas.hot_spots(s, CODE),
        "comparators": lambda s: comparators.comparator_months(s, CODE),
        "case studies": lambda s: [(c.reference, c.text_sha256, c.status) for c in case_studies.approved(s, CODE)],
        "quality": lambda s: loads.quality(s, CODE),
        "under-supplied months": lambda s: loads.undersupplied_months(s, CODE),
        "reconciliation": lambda s: loads.reconciliation(s, CODE),
        "loads": lambda s: loads.list_loads(s, CODE).drop(columns="loaded_at"),
        "hash of the data": lambda s: programmes.data_as_at(s, CODE).data_sha256,
        "how far the data reach": lambda s: programmes.data_as_at(s, CODE).crimes_to,
        "defaults": lambda s: programmes.filter_defaults(s, CODE),
        "analysis plans": lambda s: [(p.sha256, p.timing, dict(p.settings)) for p in plan.plans(s, CODE)],
        "deviations": lambda s: plan.deviations(s, CODE),
        "analyses tried": _tried,
    }
    return found


def _tried(scope: Scope) -> tuple[int, ...]:
    """Logged, then asked for by a worker that does not know: still one row."""
    for _ in range(2):
        tried._noted.clear()
        sections.section(scope, CODE, "comparators", baseline="12")
    found = tried.tried_count(scope, CODE).by_section.set_index("section").loc["comparators"]
    assert found["analyses"] > 0
    return tuple(int(n) for n in found)


QUESTIONS = _questions()
FUNDER_MAY_ASK = [
    "crimes by ('month', 'hot_spot')", "crimes by ('offence_group',)", "patrols by ('month', 'provider')", "cost by provider", "headline", "overview", "trends",
]  # fmt: skip


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_same_answer(both, name):
    one, other = both(lambda: QUESTIONS[name](server_scope()))
    assert not isinstance(one, pd.DataFrame) or len(one), "an empty table proves nothing"
    same(one, other)


@pytest.mark.parametrize("name", FUNDER_MAY_ASK)
def test_the_same_small_counts_are_hidden(both, name):
    funder = scope_for("funder@example.org", Role.FUNDER, frozenset({CODE}))
    same(*both(lambda: QUESTIONS[name](funder)))


def test_the_same_evaluation(both):
    one, other = both(lambda: evaluation.evaluation_summary(server_scope(), CODE))
    for table in ("estimates", "years", "harm_split", "patrol_days", "places", "checks"):
        made = [getattr(evaluation_tables, f"{table}_table")(found) for found in (one, other)]
        # Two months of trackers are too few to compare patrol days; that both say so is compared.
        assert len(made[0]) or table == "patrol_days", table
        # Estimates are found by iteration: their last digits follow those of the sums.
        pd.testing.assert_frame_equal(*made, rtol=1e-8, obj=table)


def test_the_same_rejected_rows(both):
    def rejected() -> list[dict[str, Any]]:
        held = loads.list_loads(server_scope(), CODE)
        ids = held.loc[held["rows_rejected"] > 0, "id"]
        return [loads.rejects(server_scope(), CODE, int(i)).to_dict("list") for i in ids]

    one, other = both(rejected)
    assert one
    same(one, other)


def test_a_load_number_beyond_any_is_not_found(both):
    def asked() -> str:
        with pytest.raises(LookupError) as said:
            loads.rejects(server_scope(), CODE, 10**12)
        return str(said.value)

    same(*both(asked))


def test_migrations_make_exactly_the_schema(urls):
    engine = make_engine(urls["postgresql"])
    assert migrate.upgrade(engine) is False
    with engine.connect() as conn:
        assert compare_metadata(MigrationContext.configure(conn), metadata) == []
    engine.dispose()


def _flask(url: str, data_dir: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "app", *words],
        cwd=ROOT, env=portal_environment(data_dir, DATABASE_URL=url), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def test_two_commands_at_once_bring_up_an_empty_database(postgresql, tmp_path):
    url = postgresql.url("two-at-once")
    started = [_flask(url, tmp_path, "init-db") for _ in range(2)]
    said = [process.communicate(timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0], said
    assert all(f"ready at revision {migrate.HEAD}" in text for text in said)


def test_commands_load_once_and_tell_the_headline(urls, extracts, tmp_path):
    url = urls["postgresql"]
    plan = next(path for kind, path, _ in extracts if kind == "plan")
    started = _flask(url, tmp_path, "load", "plan", str(plan), "--programme", CODE)
    told = _flask(url, tmp_path, "headline", "--programme", CODE, "--json")
    said, figures = started.communicate(timeout=60)[0], told.communicate(timeout=60)[0]
    assert started.returncode == 0, said
    assert "already" in said.casefold()
    assert json.loads(figures)["figures"]["crimes_during"]["value"] > 0


def test_the_portal_serves_from_postgresql(postgresql, tmp_path, monkeypatch):
    portal = Portal(tmp_path, monkeypatch, DATABASE_URL=postgresql.url("portal"))
    for role in (Role.FUNDER, Role.MANAGER):
        person = portal.signed_in(role)
        for path in ("/", "/crime", "/patrols"):
            answer = person.page(path)
            assert answer.status_code == 200
            assert heading(answer) not in (None, "Something went wrong"), path
    refused = portal.visitor().sign_in(f"{email_of(Role.MANAGER)}\0", "not the password")
    assert refused.status_code == 401
    # Whatever comes in the form: PostgreSQL takes no NUL, not even to look for.
    form = {"email": "who\0ever@example.org", "password": "x", "csrf_token": "none"}
    assert portal.visitor().client.post("/sign-in", data=form, headers=OURS).status_code in (400, 401)
