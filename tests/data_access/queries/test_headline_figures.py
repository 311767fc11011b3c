"""The headline: numbers from known rows, each with unit and window, and the command that prints them."""

from __future__ import annotations

import json
from datetime import date, datetime

import pytest
from flask import Flask

from commands import headline as command
from data_access.headline import headline
from domain.scope import OutOfScope


@pytest.fixture
def told(programme):
    with programme() as m:
        before = [{"day": date(2022, 5, 1 + i % 28), "spot": "HS1", "harm": 100.0} for i in range(40)]
        during = [{"day": date(2023, 5, 1 + i % 28), "spot": "HS2", "harm": 130.0} for i in range(20)]
        during += [{"day": date(2023, 5, 1), "spot": "HS2"}, {"day": date(2023, 5, 1), "spot": "HS2", "asb": True}]
        m.crimes(before + during, period=(date(2022, 1, 1), date(2024, 1, 31)))
        m.pings_load(date(2023, 2, 1), date(2023, 12, 31))
        m.visit("HS1", datetime(2023, 5, 1, 14, 0), 100)
        m.visit("HS2", datetime(2023, 5, 2, 21, 0), 50, provider="police-overtime")
        m.plan([{"spot": "HS1", "day": date(2023, 5, 1), "planned_minutes": 125.0}])
        m.costs([
            ("2023-05", "outreach", "partner provider", "spend", 228.0),
            ("2023-05", "police-overtime", "police overtime", "spend", 169.0),
        ])  # fmt: skip
        m.weights("2026")


@pytest.mark.usefixtures("told")
def test_every_figure_comes_from_the_rows(server):
    found = headline(server, "TEST")
    values = {f.key: f.value for f in found.figures}
    assert (values["crimes_before"], values["crimes_during"], values["not_scored_during"]) == (40, 21, 1)
    assert (values["harm_days_before"], values["harm_days_during"]) == (4000, 2600)
    assert (values["harm_per_crime_before"], values["harm_per_crime_during"]) == (100, 130)
    assert values["crimes_change_percent"] == pytest.approx(-47.5)
    assert values["harm_per_crime_change_percent"] == pytest.approx(30)
    assert found.figure("cost_per_patrol_minute_gbp:outreach").rounded == 2.28
    assert found.figure("cost_per_patrol_minute_gbp:police-overtime").rounded == 3.38
    assert found.figure("percent_cheaper:outreach").rounded == 32.5
    assert values["dose_delivered_percent:outreach"] == 80
    assert values["dose_delivered_percent"] == 80
    assert values["coverage_percent"] == pytest.approx(100 * 2 / (334 * 3))
    assert values["baseline_overlap_days"] == 92
    assert any("already live on 92 days" in note for note in found.notes)


@pytest.mark.usefixtures("told")
def test_every_figure_has_a_unit_and_a_window(server):
    for key, figure in headline(server, "TEST").as_dict()["figures"].items():
        assert figure["unit"], key
        assert figure["window"]["from"] < figure["window"]["to"], key


@pytest.mark.usefixtures("told")
def test_the_command_prints_the_same_numbers(engine):
    server = Flask("test")
    command.register(server)
    result = server.test_cli_runner().invoke(args=["headline", "--programme", "TEST", "--json"])
    assert result.exit_code == 0, result.output
    printed = json.loads(result.output)
    assert printed["figures"]["crimes_before"]["value"] == 40
    assert printed["figures"]["cost_per_patrol_minute_gbp:outreach"]["rounded"] == 2.28
    assert printed["windows"]["during"] == {"label": "during", "from": "2023-02-01", "to": "2023-12-31", "days": 334}
    assert len(printed["data_sha256"]) == 64
    text = server.test_cli_runner().invoke(args=["headline", "--programme", "TEST"]).output
    assert "Recorded crimes before: 40 crimes, Mar 2022 to Dec 2022" in text
    missing = server.test_cli_runner().invoke(args=["headline", "--programme", "NOWHERE"])
    assert missing.exit_code == 1
    assert "No programme has the code “NOWHERE”" in missing.output


def test_a_programme_without_windows_says_so_instead_of_failing(programme, server):
    with programme(evaluation={}):
        pass
    found = headline(server, "TEST")
    assert "sets no before and during windows" in found.notes[0]
    json.dumps(found.as_dict())


def test_an_empty_programme_has_no_figures_rather_than_zeros(programme, server):
    with programme():
        pass
    found = headline(server, "TEST")
    assert all(f.value is None for f in found.figures if f.key not in ("baseline_overlap_days",))
    json.dumps(found.as_dict(), allow_nan=False)


@pytest.mark.usefixtures("told")
def test_scope_and_small_counts(stranger, funder):
    with pytest.raises(OutOfScope):
        headline(stranger, "TEST")
    assert headline(funder, "TEST").figure("crimes_during").value == 21
