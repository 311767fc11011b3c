"""By what providers are compared does not hang on which part of a sparse tracker's month a window holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from data_access import costs, headline, overview
from domain.filters import Filters
from domain.periods import Period
from domain.scope import server_scope

TODAY = date(2026, 11, 1)
JANUARY = Period(date(2024, 1, 1), date(2024, 1, 31))
WINDOW = Period(
    date(2023, 2, 13), date(2024, 1, 7)
)  # holds only days with a dense tracker of the team beside the sparse


def track(device: str, day: date, interval_s: int, minutes: int, provider: str = "police-overtime") -> list[str]:
    """Inside HS1 from 14:00 for so long, as lines of an extract."""
    start = datetime(day.year, day.month, day.day, 14, tzinfo=UTC)
    times = [start + timedelta(seconds=s) for s in range(0, minutes * 60 + 1, interval_s)]
    return [f"{device},{t:%Y-%m-%dT%H:%M:%SZ},52.630,-1.130,{provider},Crew" for t in times]


@pytest.fixture
def loaded(door, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(door.folder))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{door.folder / 'portal.sqlite3'}")
    lines = ["device,time,latitude,longitude,provider,team"]
    for day in range(1, 8):
        lines += track("DENSE", date(2024, 1, day), 10, 60)
    for day in range(5, 20):
        lines += track("SPARSE", date(2024, 1, day), 300, 90)
    lines += track("DENSE", date(2023, 2, 20), 10, 60) + track("OUT", date(2023, 2, 20), 30, 60, "outreach")
    lines += track("OUT", date(2024, 1, 6), 30, 60, "outreach")
    door.load("pings", "\n".join(lines) + "\n", "pings.csv", today=TODAY)
    money = ["month,provider,category,flow,amount_gbp"]
    for month in [f"2023-{m:02d}" for m in range(2, 13)] + ["2024-01"]:
        money += [f"{month},outreach,staff,spend,100", f"{month},police-overtime,staff,spend,300"]
    door.load("costs", "\n".join(money) + "\n", "costs.csv", today=TODAY)
    return door


@pytest.mark.parametrize(("period", "days"), [(JANUARY, "15 of 19"), (WINDOW, "3 of 8")])
def test_a_window_with_sparse_trackers_says_so_and_is_compared_like_for_like(loaded, period, days):
    scope, filters = server_scope("test"), Filters("TEST", period)
    frame = costs.cost_by_provider(scope, filters)
    (said,) = [note for note in frame.attrs["notes"] if "too seldom for the rules" in note]
    assert f"Police overtime on {days} days with trackers out" in said
    assert costs.has_estimates(scope, filters)
    assert said in overview.overview_table(scope, filters).attrs["notes"]


def test_only_days_without_a_dense_tracker_are_estimated(loaded):
    scope = server_scope("test")
    estimated = {
        period: costs.cost_by_provider(scope, Filters("TEST", period)).set_index("provider")["estimated"]
        for period in (JANUARY, WINDOW)
    }
    assert estimated[JANUARY]["police-overtime"]
    assert not estimated[WINDOW]["police-overtime"]
    assert not estimated[JANUARY]["outreach"]


def test_a_window_without_sparse_trackers_says_nothing(loaded):
    filters = Filters("TEST", Period(date(2023, 2, 13), date(2023, 12, 31)))
    scope = server_scope("test")
    assert not any("seldom" in n for n in costs.cost_by_provider(scope, filters).attrs["notes"])
    assert not costs.has_estimates(scope, filters)


def test_the_headline_figures_carry_the_note(loaded):
    text = (loaded.folder / "programme.toml").read_text()
    windows = "\n[evaluation]\nbefore = { from = 2022-02-01, to = 2022-12-31 }\nduring = { from = 2023-02-13, to = 2024-01-07 }\n"
    loaded.load("programme", text.replace("[service]", windows + "[service]"), "programme2.toml")
    found = headline.headline(server_scope("test"), "TEST")
    assert any("3 of 8 days" in note for note in found.notes)
