"""The briefing page: for those who plan patrols, the same numbers on screen, in CSV and in the PDF, plain refusals."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from domain.roles import PERMISSIONS, Permission, Role
from tests.briefings import DEVICE, MONDAY, SUNDAY, TEAM, gathering, week
from tests.factories import Maker, audit_events
from tests.portal import Portal, heading, text_of

ASK = f"?programme=TEST&team=outreach/{TEAM}&from={MONDAY}&to={SUNDAY}"
BLOCKS = ("briefing-lines", "briefing-short", "briefing-times", "briefing-heat")
LEAD = "Pair A delivered 161 of 320 planned minutes (50%) in 7 visits, 322 person-minutes, GPS-verified."


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        made = Portal(tmp_path_factory.mktemp("portal"), monkeypatch)
        _fill()
        yield made


def _fill() -> None:
    from data_access import schema
    from data_access.engine import writing

    with writing().begin() as conn:
        maker = Maker.__new__(Maker)
        maker.conn, maker.code, maker._row = conn, "TEST", 100
        maker.programme_id = conn.execute(
            select(schema.programme.c.id).where(schema.programme.c.code == "TEST")
        ).scalar_one()
        areas = conn.execute(
            select(schema.area.c.code, schema.area.c.id).where(schema.area.c.programme_id == maker.programme_id)
        )
        maker.area_ids = dict(tuple(row) for row in areas)
        week(maker)
        gathering(maker, "HS1", 40)


def words_on(answer: Any) -> str:
    return text_of(answer.get_json()["response"]["_pages_content"]["children"])


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_a_manager_reads_the_week(portal: Portal) -> None:
    answer = portal.signed_in(Role.MANAGER).page("/briefing", ASK)
    said = words_on(answer)
    assert heading(answer).endswith("when does crime gather?")
    assert LEAD in said
    assert "6 of 8 planned visits fell short of the dose, 2 of them without a visit" in said
    for reason in ("Called away: emergency call (20 of 20 min)", "Stood just outside the boundary (25 of 30 min)",
                   "Tracker silent (20 of 25 min)", "No tracker data that day", "Passed through, under the minimum stay"):  # fmt: skip
        assert reason in said
    assert "OFFICIAL-SENSITIVE" in said
    assert "Demonstration data" in said
    assert DEVICE not in answer.text


def test_without_a_choice_the_first_teams_last_whole_week_is_shown(portal: Portal) -> None:
    assert LEAD in words_on(portal.signed_in(Role.MANAGER).page("/briefing", "?programme=TEST"))


@pytest.mark.parametrize("role", list(Role), ids=[r.value for r in Role])
def test_only_the_operational_roles_see_page_pdf_and_csv(portal: Portal, role: Role) -> None:
    visitor = portal.signed_in(role)
    may = Permission.SEE_DAYS in PERMISSIONS[role]
    shown = visitor.page("/briefing", ASK)
    assert (LEAD in shown.text) == may
    assert (heading(shown) == "You do not have access") == (not may)
    statuses = [visitor.get(f"/download/{block}.csv{ASK}").status_code for block in BLOCKS]
    assert statuses == [200 if may else 403] * 4
    if not may:
        assert visitor.get(f"/briefings/TEST.pdf{ASK}").status_code == 403
    patrols = visitor.page("/patrols", "?programme=TEST&from=2023-10&to=2023-10")
    assert ("/briefing?programme=TEST" in json.dumps(patrols.get_json())) == may


def _footer_marking(layout: Any) -> str:
    """What the footer of a layout, or the footer alone, calls the marking."""
    said = text_of(layout)
    return said[said.rindex("Marking") :].removeprefix("Marking").split("Version")[0].strip()


def test_page_and_footer_say_one_marking(portal: Portal) -> None:
    visitor = portal.signed_in(Role.MANAGER)

    def after_moving(path: str) -> str:
        inputs = [("_pages_location", "pathname", path), ("_pages_location", "search", ASK)]
        answer = visitor.callback("shell-footer.children", inputs, outputs=[("shell-footer", "children")])
        return _footer_marking(answer.get_json()["response"]["shell-footer"]["children"])

    def on_opening(path: str) -> str:
        address = f"http://localhost{path}{ASK}"
        return _footer_marking(visitor.get("/_dash-layout", headers={"Referer": address}).get_json())

    shown = on_opening("/briefing")
    assert shown.startswith("OFFICIAL-SENSITIVE – Operational")
    assert shown in words_on(visitor.page("/briefing", ASK))
    assert after_moving("/briefing") == shown
    assert on_opening("/briefing/") == shown
    for other in ("/patrols", "/"):
        assert on_opening(other) == after_moving(other) == "OFFICIAL", "the programme's own"


def test_csv_and_pdf_hold_the_pages_numbers(portal: Portal) -> None:
    visitor = portal.signed_in(Role.MANAGER)
    rows = rows_of(visitor.get(f"/download/briefing-lines.csv{ASK}").text)
    assert "Pair A (Street outreach), 2 to 8 Oct 2023; OFFICIAL-SENSITIVE" in rows[1][0]
    assert rows[-1][0] == "All hot spots"
    assert [float(v) for v in rows[-1][1:6]] == [8, 7, 2, 320, 161]
    answer = visitor.get(f"/briefings/TEST.pdf{ASK}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    text = " ".join(PdfReader(BytesIO(answer.data)).pages[0].extract_text().split())
    assert LEAD in text
    assert "All hot spots 8 7 2 320 161 50% 322 20" in text
    short = rows_of(visitor.get(f"/download/briefing-short.csv{ASK}").text)
    assert sum("Oct 2023" in row[0] and len(row) == 8 for row in short) == 6


def test_the_pages_links_lead_to_its_own_team_and_week(portal: Portal) -> None:
    visitor = portal.signed_in(Role.MANAGER)
    text = json.dumps(visitor.page("/briefing", ASK).get_json())
    pdf = next(part for part in text.split('"') if part.startswith("/briefings/TEST.pdf"))
    download = next(part for part in text.split('"') if part.startswith("/download/briefing-lines.csv"))
    assert "team=outreach" in pdf
    assert "team=outreach" in download
    assert rows_of(visitor.get(download).text)[-1][0] == "All hot spots"
    assert visitor.get(pdf).status_code == 200


def test_a_pdf_taken_is_in_the_log(portal: Portal) -> None:
    from data_access.engine import get_engine

    before = audit_events(get_engine()).count("downloaded")
    portal.signed_in(Role.MANAGER).get(f"/briefings/TEST.pdf{ASK}")
    assert audit_events(get_engine()).count("downloaded") == before + 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("team=Nobody", "No team is called “Nobody”. Teams with tracker data: “Pair A”"),
        ("from=2090-01-01&to=2090-01-07", "lies in the future"),
        ("from=2023-06-05&to=2023-06-11", "No tracker data of Pair A are held for 5 to 11 Jun 2023"),
        ("from=2021-01-01&to=2023-10-08", "A briefing covers at most a year (366 days)"),
        ("from=2023-10-08&to=2023-10-02", "ends (2023-10-02) before it starts (2023-10-08)"),
        ("from=last-week", "“last-week” is not a day; write it as YYYY-MM-DD"),
        ("team=%3Cscript%3E&from=%00", "No team is called “<script>”"),
    ],
)
def test_what_cannot_be_shown_is_said_on_page_and_pdf(portal: Portal, query: str, said: str) -> None:
    visitor = portal.signed_in(Role.MANAGER)
    page = visitor.page("/briefing", f"?programme=TEST&{query}")
    assert said in words_on(page)
    assert heading(page).endswith("when does crime gather?")
    pdf = visitor.get(f"/briefings/TEST.pdf?{query}")
    assert pdf.status_code == 404
    assert said in pdf.text
    assert "Traceback" not in pdf.text
    csv_answer = visitor.get(f"/download/briefing-lines.csv?programme=TEST&{query}")
    assert csv_answer.status_code == 200, "a file that says why it is empty"
    assert said in " ".join(cell for row in rows_of(csv_answer.text) for cell in row)


def test_another_programme_is_refused(portal: Portal) -> None:
    visitor = portal.signed_in(Role.MANAGER)
    assert visitor.get("/briefings/OTHER.pdf").status_code == 403
    assert visitor.get("/briefings/NONE.pdf").status_code == 403
    assert heading(visitor.page("/briefing", "?programme=OTHER")) == "You do not have access"


def _changed(portal: Portal, changed: str, *values: Any) -> dict[str, Any]:
    """What the page gets when ``changed`` of (team, week, from, to) takes its value."""
    names = ("team", "week", "from", "to")
    inputs = [(f"briefing-{n}", "value", v) for n, v in zip(names, values, strict=True)]
    outputs = [
        ("briefing-content", "children"), ("briefing-week", "options"), ("briefing-week", "value"), ("briefing-from", "value"),
        ("briefing-to", "value"), ("briefing-days", "className"), ("briefing-query", "data"),
    ]  # fmt: skip
    key = f"..{'...'.join(f'{i}.{p}' for i, p in outputs)}.."
    visitor = portal.signed_in(Role.MANAGER)
    body = {
        "output": key, "outputs": [{"id": i, "property": p} for i, p in outputs],
        "inputs": [{"id": i, "property": p, "value": v} for i, p, v in inputs],
        "state": [{"id": "briefing-where", "property": "data", "value": "TEST"}],
        "changedPropIds": [f"briefing-{changed}.value"],
    }  # fmt: skip
    answer = visitor.client.post("/_dash-update-component", json=body, headers={"Origin": "http://localhost"})
    assert answer.status_code == 200, answer.text
    return answer.get_json()["response"]


def test_choosing_a_week_writes_the_address_and_the_days(portal: Portal) -> None:
    got = _changed(portal, "week", f"outreach/{TEAM}", str(MONDAY), "2023-09-01", "2023-09-02")
    assert LEAD in text_of(got["briefing-content"]["children"])
    assert (got["briefing-from"]["value"], got["briefing-to"]["value"]) == (str(MONDAY), str(SUNDAY))
    assert f"from={MONDAY}&to={SUNDAY}" in got["briefing-query"]["data"]
    assert got["briefing-days"]["className"].endswith("hidden")


def test_days_by_hand_stay_open_and_a_week_without_data_says_so(portal: Portal) -> None:
    got = _changed(portal, "to", f"outreach/{TEAM}", "custom", str(MONDAY), str(MONDAY))
    assert "in 2 visits" in text_of(got["briefing-content"]["children"])
    assert not got["briefing-days"]["className"].endswith("hidden")
    none = _changed(portal, "week", f"outreach/{TEAM}", "2023-06-05", str(MONDAY), str(SUNDAY))
    assert "No tracker data of Pair A are held" in text_of(none["briefing-content"]["children"])
