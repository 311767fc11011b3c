"""A page is bounded by the data that it shows: trackers of a month without recorded crime are not "not loaded"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest
from sqlalchemy import select

from data_access import schema
from data_access.engine import writing
from domain.roles import Role
from tests.factories import Maker
from tests.portal import Portal, text_of


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Recorded crime to December 2023, trackers in December and January, a plan in February."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        made = Portal(tmp_path_factory.mktemp("portal"), monkeypatch)
        with writing().begin() as conn:
            maker = object.__new__(Maker)
            maker.conn, maker.code, maker._row = conn, "TEST", 900
            maker.programme_id = conn.execute(
                select(schema.programme.c.id).where(schema.programme.c.code == "TEST")
            ).scalar_one()
            areas = conn.execute(
                select(schema.area.c.code, schema.area.c.id).where(schema.area.c.programme_id == maker.programme_id)
            )
            maker.area_ids = {row.code: row.id for row in areas}
            maker.pings_load(date(2023, 12, 1), date(2024, 1, 31))
            for month, minutes in ((date(2023, 12, 10), 50), (date(2024, 1, 10), 77)):
                maker.visit("HS1", datetime(month.year, month.month, month.day, 14, 0), minutes)
                maker.dose_day("HS1", month, minutes - 5, minutes)
            maker.load("plan", date(2024, 2, 1), date(2024, 2, 29))
            maker.costs([("2024-01", "outreach", "partner provider", "spend", 154.0)])
        yield made


def page(portal: Portal, path: str, search: str) -> str:
    answer = portal.signed_in(Role.MANAGER).page(path, search)
    assert answer.status_code == 200
    return text_of(answer.get_json()["response"]["_pages_content"]["children"])


JAN = "?programme=TEST&from=2024-01&to=2024-01"


@pytest.mark.parametrize(("path", "figure"), [("/patrols", "77"), ("/patrols/counting", "77"), ("/costs", "£2.00")])
def test_a_month_with_trackers_and_without_crime_is_shown(portal: Portal, path: str, figure: str) -> None:
    shown = page(portal, path, JAN)
    assert figure in shown
    assert "recorded crime is loaded" not in shown.lower()


def test_a_page_of_crime_says_that_crime_is_not_loaded(portal: Portal) -> None:
    assert "recorded crime is loaded for Jan 2022 to Dec 2023" in page(portal, "/trends", JAN)


@pytest.mark.parametrize("path", ["/patrols", "/patrols/counting", "/costs"])
def test_months_beyond_trackers_and_plans_are_named_by_what_is_loaded(portal: Portal, path: str) -> None:
    shown = page(portal, path, "?programme=TEST&from=2024-05&to=2024-06")
    assert "tracker positions and plans are loaded for Dec 2023 to Feb 2024" in shown
    clipped = page(portal, path, "?programme=TEST&from=2023-06&to=2024-01")
    assert "so Dec 2023 to Jan 2024 is shown" in clipped


def test_the_months_to_choose_from_are_those_of_the_page(portal: Portal) -> None:
    def offered(path: str, slug: str) -> set[str]:
        answer = portal.signed_in(Role.MANAGER).page(path, "?programme=TEST&from=2023-12&to=2023-12").get_json()
        found: set[str] = set()

        def walk(node: object) -> None:
            if isinstance(node, dict):
                if node.get("id") == f"{slug}-from":
                    found.update(one["value"] for one in node["options"])
                for inner in node.values():
                    walk(inner)
            elif isinstance(node, list):
                for inner in node:
                    walk(inner)

        walk(answer)
        return found

    assert offered("/patrols", "patrols") == {"2023-12", "2024-01", "2024-02"}
    assert {"2022-01", "2023-12"} <= offered("/trends", "trends")
    assert "2024-01" not in offered("/trends", "trends")


def test_the_csv_of_such_a_month_holds_the_figures_of_the_page(portal: Portal) -> None:
    found = portal.signed_in(Role.MANAGER).get(f"/download/minutes-by-method.csv{JAN}")
    assert "Jan 2024" in found.text.splitlines()[1]
    assert "77" in found.text
    both = portal.signed_in(Role.MANAGER).get("/download/minutes-by-method.csv?programme=TEST&from=2023-12&to=2024-01")
    assert "Dec 2023 to Jan 2024" in both.text.splitlines()[1]
    assert "127" in both.text
