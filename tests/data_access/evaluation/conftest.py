"""A programme of three hot spots with five years of crime, patrols on known days and two comparison places."""

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from data_access.engine import writing
from domain.roles import Permission, Role
from domain.scope import scope_for, server_scope
from tests.factories import PROGRAMME, SPOTS, Maker, new_database

PROVIDERS = [{**PROGRAMME["providers"][0], "shift_from": "14:00", "shift_to": "20:00"}, PROGRAMME["providers"][1]]
WINDOWS = {
    "before": {"from": "2022-02-01", "to": "2022-12-31", "label": "before"},
    "during": {"from": "2023-02-01", "to": "2023-12-31", "label": "during"},
}
FIRST, LAST = date(2019, 1, 1), date(2023, 12, 31)


def crime_rows(seed=1, last=LAST):
    rng = np.random.default_rng(seed)
    rows = []
    for offset in range((last - FIRST).days + 1):
        day = FIRST + timedelta(days=offset)
        rate = 0.16 if day >= date(2023, 2, 1) else 0.28
        for spot, _ in SPOTS:
            for _ in range(rng.poisson(rate)):
                rows.append(
                    {
                        "day": day,
                        "spot": spot,
                        "minute": int(rng.integers(0, 1440)),
                        "harm": float(rng.choice([10, 19, 365])),
                    }
                )
    return rows


def patrolled(day, spot):
    """Known in advance: two days in three, another third left out in each hot spot."""
    return (day.toordinal() + [code for code, _ in SPOTS].index(spot)) % 3 != 0


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """One day-level programme TEST and one month-only programme MONTHS in a real SQLite file."""
    path = tmp_path_factory.mktemp("evaluation") / "portal.sqlite3"
    engine = new_database(path)
    with writing(engine).begin() as conn:
        maker = Maker(conn, providers=PROVIDERS, evaluation=WINDOWS)
        maker.areas()
        maker.crimes(
            [*crime_rows(), {"day": date(2023, 3, 1), "spot": None, "minute": 900, "harm": 9000.0}],
            period=(FIRST, LAST),
        )
        maker.crimes([{"day": date(2023, 4, 1), "spot": "HS1", "minute": 900, "asb": True}], period=(FIRST, LAST))
        maker.pings_load(date(2023, 2, 1), LAST)
        for offset in range((LAST - date(2023, 2, 1)).days + 1):
            day = date(2023, 2, 1) + timedelta(days=offset)
            for spot, _ in SPOTS:
                if patrolled(day, spot):
                    maker.visit(spot, datetime(day.year, day.month, day.day, 15, 0), 40)
        # Begun after the service window closed, or only passed through: neither makes a patrol day.
        maker.visit("HS1", datetime(2023, 2, 2, 21, 0), 15)
        maker.visit("HS1", datetime(2023, 2, 2, 15, 0), 1, counts=False)
        months = [f"{y}-{m:02d}" for y in (2022, 2023) for m in range(1, 13)]
        maker.comparators(
            [(place, month, n) for place, n in (("Northtown", 50), ("Southtown", 80)) for month in months]
        )
        monthly = Maker(conn, code="MONTHS", resolution="month", evaluation=WINDOWS)
        monthly.areas()
        monthly.crimes(
            [{"month": f"2022-{m:02d}", "spot": s} for m in range(1, 13) for s, _ in SPOTS for _ in range(20)]
            + [{"month": f"2023-{m:02d}", "spot": s} for m in range(1, 13) for s, _ in SPOTS for _ in range(15)],
            kind="police-uk",
            period=(date(2022, 1, 1), LAST),
        )
        bare = Maker(conn, code="BARE", evaluation={})
        bare.areas()
    return f"sqlite:///{path}"


@pytest.fixture(autouse=True)
def configured(database, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))


@pytest.fixture
def server():
    return server_scope()


@pytest.fixture
def funder():
    return scope_for("funder@example.org", Role.FUNDER, frozenset({"TEST", "MONTHS", "BARE"}))


@pytest.fixture
def administrator():
    scope = scope_for("admin@example.org", Role.ADMINISTRATOR, frozenset({"TEST"}))
    assert not scope.may(Permission.VIEW_EVALUATION)
    return scope
